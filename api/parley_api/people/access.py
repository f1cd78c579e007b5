"""Who may do what: each of the people's paths begins with the caller's token and one question to RBAC."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Path
from parley_crds import Interview

from parley_api.auth import PEOPLE_AUDIENCE, BearerToken, Identity
from parley_api.interviews import read_interview
from parley_api.kube import KubeError, interviews_path
from parley_api.problems import ProblemError, refused_by_cluster
from parley_api.services import Services, ServicesOf

Namespace = Annotated[str, Path(max_length=63, description="The Interviews' namespace.")]
Name = Annotated[str, Path(max_length=253, description="The Interview's name.")]


async def caller(token: BearerToken, services: ServicesOf) -> Identity:
    """Who calls: a token of the audience `parley`. Raises the 401 problem."""
    return await services.authenticator.identify(token, PEOPLE_AUDIENCE)


Caller = Annotated[Identity, Depends(caller)]


async def permit(
    services: Services, who: Identity, verb: str, namespace: str, name: str = "", subresource: str = ""
) -> None:
    """Let pass who has the right, in a namespace that this installation serves.

    Raises:
        ProblemError: 403 `forbidden`, 404 `not-served`.
    """
    await services.authenticator.require(who, verb, namespace, name, subresource)
    served = services.settings.watch_namespaces
    if served and namespace not in served:
        raise ProblemError(404, "not-served", f"This installation serves no interviews in namespace {namespace}.")


@contextmanager
def writing() -> Iterator[None]:
    """Around a write that the caller has the right to: what the cluster's quota or policy refuses is theirs to know."""
    try:
        yield
    except KubeError as error:
        problem = refused_by_cluster(error)
        if problem is None:
            raise
        raise problem from error


async def read(services: Services, namespace: str, name: str) -> Interview:
    """The Interview as the API server has it now. Raises KubeError (404: there is none) and as `read_interview`."""
    return read_interview(await services.kube.get(interviews_path(namespace, name)))
