"""`python -m parley_emulators nova|daily`: serve one of the emulated peers until told to stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from parley_emulators.serving import StartupError

_USAGE = "usage: python -m parley_emulators nova|daily   (settings: environment, PARLEY_NOVA_* and PARLEY_DAILY_*)"
_log = logging.getLogger("parley_emulators")


async def _nova(stop: asyncio.Event) -> None:
    from parley_emulators.nova.app import running
    from parley_emulators.nova.settings import NovaSettings

    async with running(NovaSettings()) as nova:
        _log.info("nova listens on %d, control on %d", nova.port, nova.control_port)
        await nova.until(stop)


async def _daily(stop: asyncio.Event) -> None:
    from parley_emulators.daily.app import running
    from parley_emulators.daily.settings import DailySettings

    async with running(DailySettings()) as daily:
        _log.info("daily listens on %d, control on %d", daily.port, daily.control_port)
        await stop.wait()


_PROGRAMS: dict[str, Callable[[asyncio.Event], Awaitable[None]]] = {"nova": _nova, "daily": _daily}


async def _run(program: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await program(stop)


def _setting_names(error: ValidationError) -> str:
    """The environment variables at fault, each with what is wrong with it."""
    settings = (each for each in BaseSettings.__subclasses__() if each.__name__ == error.title)
    prefix = next((str(each.model_config.get("env_prefix", "")) for each in settings), "")
    faults = ((".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors())
    return "; ".join(f"{prefix}{name.upper()}: {message}" for name, message in faults)


def main(arguments: list[str]) -> int:
    """Serve the peer that the arguments name; the answer is the exit code."""
    program = _PROGRAMS.get(arguments[0]) if len(arguments) == 1 else None
    if program is None:
        print(_USAGE, file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_run(program))
    except ValidationError as error:
        print(f"cannot start: {_setting_names(error)}", file=sys.stderr)
        return 2
    except StartupError as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
