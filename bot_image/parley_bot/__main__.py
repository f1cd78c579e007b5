import time

_STARTED = time.monotonic()

# The clock of the start is read before anything is imported: every E402 below is excused for that alone.
import asyncio  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from loguru import logger  # noqa: E402
from pydantic import ValidationError  # noqa: E402

from parley_bot.bot import Bot  # noqa: E402
from parley_bot.logs import configure_logs  # noqa: E402
from parley_bot.settings import Settings  # noqa: E402


async def _run(settings: Settings) -> int:
    return await Bot(settings, _STARTED).run()


def main() -> int:
    """Hold the interview that this pod was made for; the answer is the exit code."""
    try:
        settings = Settings()
    except ValidationError as error:
        faults = (f"PARLEY_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        print(f"cannot start: {'; '.join(faults)}", file=sys.stderr)
        return 2
    configure_logs(settings.log_level)
    try:
        return asyncio.run(_run(settings))
    except Exception:  # noqa: BLE001 - told and answered with a crash's exit code, whatever it is
        logger.exception("the bot crashed")
        return 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Native threads of awscrt and daily-python can outlive a cancelled stream; nothing is left to be saved here.
    os._exit(code)
