"""What Argo CD refuses of an Application by its project's lists: the rules of its 3.6, written down.

Its own library takes seven minutes to build on two cores, for these three questions. `ValidatePermissions`
(util/argo/argo.go) asks an Application for its sources and its destination, and `validateSyncPermissions`
(controller/sync.go) asks each object of it for its kind and its namespace, both by `IsSourcePermitted`,
`IsDestinationPermitted` and `IsGroupKindNamePermitted` (pkg/apis/application/v1alpha1/app_project_types.go). Entries
that deny (`!…`) are not among ours, and not known here.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

type Json = dict[str, Any]


def refused_spec(project: Json, spec: Json) -> list[str]:
    """What of an Application's spec makes it an InvalidSpecError: its sources, its destination, "" included."""
    sources = spec["sources"] if "sources" in spec else [spec["source"]]
    urls = [each["repoURL"] for each in sources]
    wrong = [url for url in urls if not _source_permitted(project, url)]
    destination = spec["destination"]
    if not _destination_permitted(project, destination["server"], destination.get("namespace", "")):
        wrong.append(f"destination {destination}")
    return wrong


def refused_objects(project: Json, spec: Json, objects: Iterable[Json], cluster_wide: Iterable[str]) -> list[str]:
    """Which of an Application's objects a sync of it fails by.

    Args:
        project: the AppProject.
        spec: the Application's, whose destination has the namespace of those that name none.
        objects: what its sources make.
        cluster_wide: the kinds without a namespace, as `KIND.GROUP`, of the API server.
    """
    destination, wide = spec["destination"], {*cluster_wide}
    wrong = []
    for each in objects:
        group, kind = group_and_kind(each)
        namespaced = f"{kind}.{group}" not in wide
        namespace = each["metadata"].get("namespace", destination.get("namespace", ""))
        if not _kind_permitted(project, group, kind, namespaced) or (
            namespaced and not _destination_permitted(project, destination["server"], namespace)
        ):
            wrong.append(f"{kind}.{group} {namespace}/{each['metadata']['name']}")
    return wrong


def group_and_kind(document: Mapping[str, Any]) -> tuple[str, str]:
    """An object's API group, empty for the core's, and its kind."""
    return document["apiVersion"].rpartition("/")[0], document["kind"]


def _source_permitted(project: Json, url: str) -> bool:
    known = project["spec"].get("sourceRepos", [])
    return any(_matches(_normal(each), _normal(url), within="[^/]") for each in known)


def _destination_permitted(project: Json, server: str, namespace: str) -> bool:
    return any(
        _matches(each.get("server", ""), server) and _matches(each.get("namespace", ""), namespace)
        for each in project["spec"].get("destinations", [])
    )


def _kind_permitted(project: Json, group: str, kind: str, namespaced: bool) -> bool:
    listed = project["spec"].get(f"{'namespace' if namespaced else 'cluster'}ResourceWhitelist")
    # Of kinds with a namespace all are let through where nothing is said; of the cluster's none is.
    if listed is None:
        return namespaced
    return any(_matches(each["group"], group) and _matches(each["kind"], kind) for each in listed)


def _normal(url: str) -> str:
    return url.lower().removesuffix(".git")


def _matches(pattern: str, value: str, within: str = ".") -> bool:
    """A glob of Argo CD's: `*` is any number of characters, none included; an empty pattern is "" alone."""
    if pattern == "*":
        return True
    return re.fullmatch(f"{within}*".join(map(re.escape, pattern.split("*"))), value) is not None
