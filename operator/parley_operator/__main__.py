import asyncio
import logging
import sys

from parley_operator.settings import SettingsError, read_installation, read_settings
from parley_operator.shell.lease import LeaseLostError
from parley_operator.shell.run import WatchEndedError, operate


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # kopf tells of every event at INFO, and at each start that a thread gets no signals, which is intended.
    logging.getLogger("kopf").setLevel(logging.WARNING)
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def main() -> int:
    """Runs the operator: 0 when it was told to stop, 1 when it failed, 2 when a setting is wrong."""
    try:
        settings = read_settings()
        installation = read_installation(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    _log_to_stderr(settings.log_level)
    try:
        asyncio.run(operate(settings, installation))
    except (WatchEndedError, LeaseLostError, OSError) as error:
        logging.getLogger("parley_operator").critical("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
