"""The candidate's right: the token of the join link, and nothing else."""

from typing import Annotated

from fastapi import Depends
from parley_crds import Interview
from parley_rooms.links import Link, LinkForged, LinkRevoked, verify_link

from parley_api.auth import BearerToken
from parley_api.interviews import read_again
from parley_api.kube import Document
from parley_api.problems import ProblemError
from parley_api.services import ServicesOf


def link_of(token: BearerToken, services: ServicesOf) -> Link:
    """The link that the request carries, true but perhaps revoked.

    Raises:
        ProblemError: 401 `link-invalid`; 429 after ten forged ones for the same interview within a minute.
    """
    try:
        return verify_link(services.settings.link_key_bytes, token)
    except LinkForged:
        parts = token.split(".")
        wait = services.link_failures.failed(parts[1] if len(parts) == 4 else "malformed")
        if wait is not None:
            raise ProblemError(
                429,
                "too-many-requests",
                f"Too many wrong links; try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            ) from None
        raise ProblemError(
            401,
            "link-invalid",
            "This link is not valid. Open it as you received it, whole: a mail program may have cut it.",
            headers={"WWW-Authenticate": 'Bearer realm="parley-join", error="invalid_token"'},
        ) from None


LinkOf = Annotated[Link, Depends(link_of)]


def seen_interview(link: LinkOf, services: ServicesOf) -> Interview:
    """The link's Interview as the cache has it: for reading. Raises the problems of `_checked`."""
    return _checked(link, services.interviews.by_uid(link.uid))


async def fresh_interview(link: LinkOf, services: ServicesOf) -> Interview:
    """The link's Interview as the API server has it: for what changes or opens something."""
    document = services.interviews.by_uid(link.uid)
    if document is not None:
        document = await read_again(services.kube, document)
    return _checked(link, document)


def _checked(link: Link, document: Document | None) -> Interview:
    """The Interview that a true link opens.

    Raises:
        ProblemError: 410 `interview-over` (it is gone) or 410 `link-revoked`.
    """
    if document is None:
        raise ProblemError(410, "interview-over", "This interview is no longer there.", members={"state": "finished"})
    interview = Interview.model_validate(document)
    try:
        link.require_epoch(interview.spec.link_epoch)
    except LinkRevoked:
        raise ProblemError(
            410, "link-revoked", "This link was replaced by a newer one; open the one you received last."
        ) from None
    return interview


SeenInterview = Annotated[Interview, Depends(seen_interview)]
FreshInterview = Annotated[Interview, Depends(fresh_interview)]
