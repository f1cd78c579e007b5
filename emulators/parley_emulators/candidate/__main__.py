"""`python -m parley_emulators.candidate`: hold an interview; with `mic`, render the answers for a fake microphone."""

import argparse
import asyncio
import sys
from pathlib import Path

from parley_emulators.candidate.errors import CandidateError
from parley_emulators.candidate.interview import Options, hold_interview, synthesise
from parley_emulators.candidate.script import read_script
from parley_emulators.candidate.sound import EAR_RATE
from parley_emulators.speech.audio import silence, write_wav

_FAKE_MICROPHONE_RATE = 48_000
_FIRST_PAUSE_SECONDS = 0.3
_LATER_PAUSE_SECONDS = 4.0
_LAST_PAUSE_SECONDS = 0.5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parley_emulators.candidate", description="Hold an interview by its link.")
    parser.add_argument("--link", required=True, help="the join link")
    parser.add_argument("--script", required=True, type=Path, help="YAML file with the answers")
    parser.add_argument("--api", help="the API's address; default: as the page's /config.json says")
    parser.add_argument("--record", type=Path, help="WAV file for what reached the candidate's ear")
    parser.add_argument("--summary", type=Path, help="JSON file for the times taken")
    parser.add_argument("--wait", type=float, default=120, help="seconds to wait for an interviewer (120)")
    parser.add_argument("--limit", type=float, default=1800, help="seconds that the whole may take (1800)")
    parser.add_argument("--quiet", action="store_true", help="do not print the conversation")
    return parser


def _mic_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="parley_emulators.candidate mic",
        description="Render the answers, each after its pause, as a WAV file for Chromium's fake microphone.",
    )
    parser.add_argument("--script", required=True, type=Path, help="YAML file with the answers")
    parser.add_argument("--out", required=True, type=Path, help="WAV file, 48 kHz mono")
    return parser


async def _hold(arguments: argparse.Namespace) -> int:
    options = Options(
        link=arguments.link,
        script=read_script(arguments.script),
        api=arguments.api,
        patience_seconds=arguments.wait,
        limit_seconds=arguments.limit,
        show=not arguments.quiet,
    )
    held = await hold_interview(options)
    if arguments.record:
        await asyncio.to_thread(write_wav, arguments.record, held.recording, EAR_RATE)
    if arguments.summary:
        arguments.summary.parent.mkdir(parents=True, exist_ok=True)
        arguments.summary.write_text(held.summary.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if held.error:
        raise CandidateError(held.error)
    return 0


async def _render(arguments: argparse.Namespace) -> int:
    script = read_script(arguments.script)
    voices = await synthesise([answer.say for answer in script.answers], _FAKE_MICROPHONE_RATE)
    sound = bytearray()
    for number, voice in enumerate(voices):
        pause = script.pause(number, _LATER_PAUSE_SECONDS if number else _FIRST_PAUSE_SECONDS)
        sound += silence(pause, _FAKE_MICROPHONE_RATE) + voice
    sound += silence(_LAST_PAUSE_SECONDS, _FAKE_MICROPHONE_RATE)
    await asyncio.to_thread(write_wav, arguments.out, bytes(sound), _FAKE_MICROPHONE_RATE)
    return 0


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the answer is the exit code: 0 when the interview ended normally."""
    try:
        if arguments[:1] == ["mic"]:
            return asyncio.run(_render(_mic_parser().parse_args(arguments[1:])))
        return asyncio.run(_hold(_parser().parse_args(arguments)))
    except CandidateError as error:
        print(f"candidate: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"candidate: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
