"""`python -m parley_api.certificates`: what the Job at an installation and the weekly CronJob run."""

import asyncio
import logging
import sys
from datetime import UTC, datetime

from kubernetes.aio.config import ConfigException
from pydantic import ValidationError
from pydantic_settings import SettingsError

from parley_api.certificates.job import UnusableSecretError, ensure_all
from parley_api.certificates.settings import Settings
from parley_api.kube import Kube, KubeError


async def _run(settings: Settings) -> None:
    kube = await Kube.connect()
    try:
        await ensure_all(kube, settings, datetime.now(UTC))
    finally:
        await kube.close()


def main() -> int:
    """Exit 0 when all is as it should be, 2 for a bad setting, 1 else, with one line that says why."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        print(f"PARLEY_{name.upper()}: {first['msg']}", file=sys.stderr)
        return 2
    except SettingsError as error:
        print(f"PARLEY_*: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(_run(settings))
    except ConfigException as error:
        print(f"no way to the Kubernetes API: {error}", file=sys.stderr)
        return 2
    except (UnusableSecretError, KubeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
