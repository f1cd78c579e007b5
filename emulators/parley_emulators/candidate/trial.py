"""`python -m parley_emulators.candidate.trial`: what `helm test` runs.

It creates an Interview by the API, as a person would, holds it by its link, and reads the transcript.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from parley_emulators.candidate.errors import CandidateError
from parley_emulators.candidate.interview import Options, hold_interview
from parley_emulators.candidate.script import Script

_TIMEOUT_SECONDS = 15.0
_LOOK_SECONDS = 1.0
_BUSY = frozenset({429, 502, 503, 504})
_KEPT_SECONDS = 600


class Settings(BaseSettings):
    """Where the installation is, and what is to be said: PARLEY_TRIAL_ and the field's name."""

    model_config = SettingsConfigDict(env_prefix="PARLEY_TRIAL_", frozen=True)

    api_url: str = Field(pattern=r"^https?://[^/]+$", description="The API's public port, as this pod reaches it.")
    token_file: Path = Field(description="A token of audience parley whose account may create Interviews.")
    namespace: str = Field(min_length=1, description="Where the Interview is created.")
    template: str = Field(min_length=1, description="Its InterviewTemplate, which is there already.")
    answers: list[str] = Field(min_length=1, description="What the candidate says, turn by turn; a JSON list.")
    limit_seconds: float = Field(300.0, gt=0, description="How long each of start, conversation and end may take.")


class People:
    """The API's side for people, about one Interview."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._path = f"/v1/namespaces/{settings.namespace}/interviews"

    async def create(self) -> str:
        """Create the Interview, which is erased some minutes after its end; the answer is its name."""
        spec = {
            "templateRef": {"name": self._settings.template},
            "candidate": {"name": "Ada"},
            "start": "Immediate",
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            "deletionPolicy": "Erase",
        }
        answer = await self._send("POST", "", {"generateName": f"{self._settings.template}-", "spec": spec})
        return str(answer.json()["name"])

    async def read(self, name: str, part: str = "") -> dict[str, Any]:
        """The Interview's summary, or a part of it."""
        found: dict[str, Any] = (await self._send("GET", f"/{name}{part}")).json()
        return found

    async def once(self, name: str, condition: str) -> None:
        """Wait until the condition is true.

        Raises:
            CandidateError: It failed, or took too long.
        """
        deadline = asyncio.get_running_loop().time() + self._settings.limit_seconds
        while True:
            view = await self.read(name)
            true = {each["type"]: each for each in view["conditions"] if each["status"] == "True"}
            if condition in true:
                return
            if "Failed" in true:
                raise CandidateError(f"{name} failed: {true['Failed']['reason']}: {true['Failed'].get('message', '')}")
            if asyncio.get_running_loop().time() > deadline:
                raise CandidateError(f"{name} is {view['phase']}, and not {condition} in time")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _send(self, method: str, rest: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """A request, tried again while the API is busy. Raises CandidateError with the API's own words."""
        url = f"{self._settings.api_url}{self._path}{rest}"
        deadline = asyncio.get_running_loop().time() + self._settings.limit_seconds
        while True:
            headers = {"Authorization": f"Bearer {self._settings.token_file.read_text().strip()}"}
            try:
                answer = await self._client.request(method, url, headers=headers, json=body)
                problem = f"answered {answer.status_code}: {answer.text[:500]}"
                if answer.is_success:
                    return answer
                # A POST that was not answered may have been done: only what says that it was not is tried again.
                again = answer.status_code in _BUSY
            except httpx.TransportError as error:
                problem, again = f"can't be reached: {type(error).__name__}", method == "GET"
            if not again or asyncio.get_running_loop().time() > deadline:
                raise CandidateError(f"{method} {url} {problem}")
            await asyncio.sleep(_LOOK_SECONDS)


async def run(settings: Settings) -> None:
    """Hold the interview and check what is written of it.

    Raises:
        CandidateError: Something did not go as it has to.
    """
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
        people = People(settings, client)
        name = await people.create()
        print(f"created {settings.namespace}/{name}")
        await people.once(name, "Joinable")
        link = (await people.read(name, "/link"))["url"]
        script = Script(answers=settings.answers)
        limit = settings.limit_seconds
        held = await hold_interview(Options(link, script, settings.api_url, limit, limit))
        if held.error:
            raise CandidateError(held.error)
        await people.once(name, "Complete")
        require_conversation(await people.read(name, "/transcript"))
    print("the interview is complete, and its transcript has what was said")


def require_conversation(transcript: dict[str, Any]) -> None:
    """Each question was asked, and answered by words.

    Raises:
        CandidateError: One was not.
    """
    questions = transcript["questions"]
    silent = [each["id"] for each in questions if not (each["asked"] and each["answerTurns"])]
    if silent or not questions:
        raise CandidateError(f"the transcript has no answer to: {', '.join(silent) or 'anything'}")


def main() -> int:
    """Exit 0 when an interview was held, 2 for a bad setting, 1 else, with one line that says why."""
    try:
        asyncio.run(run(Settings()))
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        print(f"PARLEY_TRIAL_{str(fault['loc'][0]).upper()}: {fault['msg']}", file=sys.stderr)
        return 2
    except (CandidateError, OSError) as error:
        print(f"trial: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
