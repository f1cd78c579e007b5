"""From the link to the room: the candidate's HTTP calls, in the order in which the page makes them."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from parley_emulators.candidate.errors import CandidateError, Unreachable

_OVER = frozenset({"finished", "expired", "cancelled", "failed"})
_TIMEOUT_SECONDS = 15.0
_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Link:
    """A join link, taken apart."""

    origin: str
    token: str

    @classmethod
    def parse(cls, url: str) -> "Link":
        """Take a link apart.

        Raises:
            CandidateError: It has no token in its fragment, or is no web address.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise CandidateError(f"{url.partition('#')[0]!r} is no web address")
        if not parts.fragment:
            raise CandidateError("the link has no token after its '#'; was it cut?")
        return cls(f"{parts.scheme}://{parts.netloc}", parts.fragment)


@dataclass(frozen=True)
class Room:
    """Where to connect."""

    url: str
    origin: str


class JoinApi:
    """The API's candidate side, for one link."""

    def __init__(self, link: Link, client: httpx.AsyncClient) -> None:
        self._link = link
        self._client = client
        self._base = ""
        self._told = False

    async def find(self, api: str | None) -> None:
        """Learn where the API is: as told, or from the page's own configuration.

        Where it was told, its rooms are reached there, too: what browsers reach it by may be out of reach from here.

        Raises:
            CandidateError: The page does not say.
        """
        if api is None:
            answer = await self._send("GET", f"{self._link.origin}/config.json")
            if answer.status_code != httpx.codes.OK:
                raise CandidateError(f"{self._link.origin}/config.json answered {answer.status_code}; give --api")
            api = _member(answer, "apiUrl")
        else:
            self._told = True
        self._base = api.rstrip("/")

    async def interview(self) -> dict[str, Any]:
        """What the link opens.

        Raises:
            CandidateError: The API refuses the link; Unreachable where it can't say.
        """
        answer = await self._call("GET", "/join/v1/interview")
        if answer.is_server_error:
            raise Unreachable(f"the API can't tell now: {_problem(answer)}")
        _require_success(answer, "the link was refused")
        view: dict[str, Any] = answer.json()
        return view

    async def consent(self, version: str) -> None:
        """Agree to this version of the consent.

        Raises:
            CandidateError: The API refuses it.
        """
        answer = await self._call("POST", "/join/v1/consent", {"version": version})
        _require_success(answer, "the consent was refused")

    async def connect(self, patience_seconds: float) -> Room:
        """Ask for the way into the room until the interviewer is there.

        Raises:
            CandidateError: It was refused, or nobody came in time.
        """
        deadline = asyncio.get_running_loop().time() + patience_seconds
        while True:
            answer = await self._call("POST", "/join/v1/connect")
            if answer.status_code not in (409, 429, 502, 503):
                break
            wait = _retry_after(answer)
            if asyncio.get_running_loop().time() + wait > deadline:
                raise CandidateError(f"no interviewer within {patience_seconds:g} s: {_problem(answer)}")
            await asyncio.sleep(wait)
        _require_success(answer, "cannot connect")
        if "room_url" in answer.json():
            raise CandidateError("the room is Daily's; this candidate talks over WebSocket rooms only")
        url, token = self._reached(_member(answer, "wsUrl")), _member(answer, "token")
        return Room(f"{url}{'&' if '?' in url else '?'}token={quote(token, safe='')}", self._link.origin)

    def _reached(self, room: str) -> str:
        """The room's address from here."""
        if not self._told:
            return room
        api = urlsplit(self._base)
        return urlunsplit(urlsplit(room)._replace(scheme="wss" if api.scheme == "https" else "ws", netloc=api.netloc))

    async def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._link.token}", "Origin": self._link.origin}
        return await self._send(method, self._base + path, headers, body)

    async def _send(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: dict[str, str] | None = None
    ) -> httpx.Response:
        try:
            return await self._client.request(method, url, headers=headers, json=body, timeout=_TIMEOUT_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{method} {url}: {type(error).__name__} {error}".strip()) from error


def is_over(view: dict[str, Any]) -> bool:
    """Whether nobody can join the interview any more."""
    return view.get("state") in _OVER


def _require_success(answer: httpx.Response, what: str) -> None:
    if not answer.is_success:
        raise CandidateError(f"{what}: {_problem(answer)}")


def _problem(answer: httpx.Response) -> str:
    """One line of what the API said: problem details (RFC 9457), else the start of the body."""
    try:
        problem = answer.json()
        text = problem.get("detail") or problem.get("title") or ""
        slug = str(problem.get("type", "")).rpartition("/")[2]
    except (ValueError, AttributeError):
        text, slug = " ".join(answer.text.split())[:200], ""
    return " ".join(part for part in (str(answer.status_code), slug, text) if part)


def _member(answer: httpx.Response, name: str) -> str:
    try:
        value = answer.json()[name]
    except (ValueError, KeyError, TypeError) as error:
        raise CandidateError(f"{answer.request.url.copy_with(query=None)} answered without {name}") from error
    return str(value)


def _retry_after(answer: httpx.Response) -> float:
    try:
        return max(0.1, float(answer.headers.get("retry-after", _RETRY_SECONDS)))
    except ValueError:
        return _RETRY_SECONDS
