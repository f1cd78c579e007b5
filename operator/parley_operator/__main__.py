import asyncio
import logging
import sys

import uvloop

from parley_operator.settings import SettingsError, read_installation, read_settings
from parley_operator.shell.acting import WatchEndedError
from parley_operator.shell.run import operate
from parley_operator.shell.service.lease import LeaseLostError
from parley_operator.shell.telemetry.logs import log_to_stderr


def main() -> int:
    """Runs the operator: 0 when it was told to stop, 1 when it failed, 2 when a setting is wrong."""
    try:
        settings = read_settings()
        installation = read_installation(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    log_to_stderr(settings.log_level, settings.log_format)
    logger = logging.getLogger("parley_operator")
    try:
        asyncio.run(operate(settings, installation), loop_factory=uvloop.new_event_loop)
    except (WatchEndedError, LeaseLostError, OSError) as error:
        logger.critical("%s", error)
        return 1
    except Exception:
        logger.critical("the operator failed", exc_info=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
