"""The candidate's right: the token of the join link, and nothing else."""

from typing import Annotated

from fastapi import Depends
from parley_crds import Interview
from parley_rooms.links import Link, LinkForged, LinkRevoked, claimed_uid, verify_link

from parley_api.auth import BearerToken
from parley_api.interviews import read_again, read_interview
from parley_api.kube import Document
from parley_api.problems import ProblemError
from parley_api.services import Services, ServicesOf

RETRY_SECONDS = 2


def link_of(token: BearerToken, services: ServicesOf) -> Link:
    """The link that the request carries, true but perhaps revoked.

    Raises:
        ProblemError: 401 `link-invalid`; 429 after ten forged ones for the same interview within a minute.
    """
    try:
        return verify_link(services.settings.link_keys, token)
    except LinkForged:
        wait = services.link_failures.failed(claimed_uid(token) or "malformed")
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
    """The link's Interview as the cache has it: for reading. Raises the problems of `_cached` and `_checked`."""
    return _checked(link, _cached(link, services))


async def fresh_interview(link: LinkOf, services: ServicesOf) -> Interview:
    """The link's Interview as the API server has it: for what changes or opens something. Raises as the other."""
    document = await read_again(services.kube, _cached(link, services))
    if document is None:
        raise _gone()
    return _checked(link, document)


def _cached(link: Link, services: Services) -> Document:
    """The Interview that a link names.

    Raises:
        ProblemError: 410 `interview-over`, it is gone; 503 while this process does not know what is there.
    """
    document = services.interviews.by_uid(link.uid)
    if document is not None:
        return document
    if services.interviews.fresh:
        raise _gone()
    # The page takes a 410 for the end, for good: it is not said of an Interview that nobody has told us of yet.
    raise ProblemError(
        503,
        "unavailable",
        "The interview can't be looked up now; try again in a moment.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _gone() -> ProblemError:
    return ProblemError(410, "interview-over", "This interview is no longer there.", members={"state": "finished"})


def _checked(link: Link, document: Document) -> Interview:
    """The Interview, unless the link is of a former epoch: ProblemError, 410 `link-revoked`."""
    interview = read_interview(document)
    try:
        link.require_epoch(interview.spec.link_epoch)
    except LinkRevoked:
        raise ProblemError(
            410, "link-revoked", "This link was replaced by a newer one; open the one you received last."
        ) from None
    return interview


SeenInterview = Annotated[Interview, Depends(seen_interview)]
FreshInterview = Annotated[Interview, Depends(fresh_interview)]
