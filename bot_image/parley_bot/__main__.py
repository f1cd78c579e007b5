import time

_STARTED = time.monotonic()

# The clock of the start is read before anything is imported: every E402 below is excused for that alone.
import asyncio  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from loguru import logger  # noqa: E402
from pydantic import ValidationError  # noqa: E402

from parley_bot.bot import Bot  # noqa: E402
from parley_bot.leftovers import log_leftovers  # noqa: E402
from parley_bot.logs import configure_logs  # noqa: E402
from parley_bot.settings import Settings, faults_of  # noqa: E402


async def _run(settings: Settings) -> None:
    log_leftovers()
    code = 1
    try:
        code = int(await Bot(settings, _STARTED).run())
    except Exception:  # noqa: BLE001 - told and answered with a crash's exit code, whatever it is
        logger.exception("the bot crashed")
    sys.stdout.flush()
    # From inside the loop, which would wait for every task and thread that is left: of awscrt, daily-python and DNS
    # some do not end. Nothing is left to be saved here.
    os._exit(code)


def main() -> int:
    """Hold the interview that this pod was made for; returns only where the settings are wrong, with the exit code."""
    try:
        settings = Settings()
    except ValidationError as error:
        print(f"cannot start: {'; '.join(faults_of(error))}", file=sys.stderr)
        return 2
    configure_logs(settings.log_level)
    asyncio.run(_run(settings))
    return 1


if __name__ == "__main__":
    sys.exit(main())
