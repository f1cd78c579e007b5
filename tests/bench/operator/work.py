"""What is asked of a peer: an Interview or a Job, of which a pod comes, and how to see what has become of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from bench.operator.world import BOTS, HIRING
from parley_crds.names import ANNOTATION_INTERVIEW_NAME

type Json = dict[str, Any]

INTERVIEWS = f"/apis/parley.dev/v1alpha1/namespaces/{HIRING}/interviews"
JOBS = f"/apis/batch/v1/namespaces/{BOTS}/jobs"
PODS = f"/api/v1/namespaces/{BOTS}/pods"
INPUTS = f"/api/v1/namespaces/{BOTS}/secrets"
OURS = "parley.dev/installation"
JOB_NAME = "batch.kubernetes.io/job-name"


@dataclass(frozen=True)
class Work:
    """`settled` is the end state: the pod runs and its owner's status says so. `leaves` is gone after a deletion."""

    collection: str
    manifest: Callable[[str], Json]
    owner_of_pod: Callable[[Json], str | None]
    joinable: Callable[[Json], bool]
    settled: Callable[[Json], bool]
    leaves: tuple[tuple[str, str], ...]


def _interview(name: str) -> Json:
    spec = {
        "templateRef": {"name": "backend"},
        "candidate": {"name": "Ada Lovelace", "externalId": name},
        "noShowSeconds": 7200,
    }
    metadata = {"name": name, "namespace": HIRING}
    return {"apiVersion": "parley.dev/v1alpha1", "kind": "Interview", "metadata": metadata, "spec": spec}


def _job(name: str) -> Json:
    return _job_manifest() | {"metadata": {"name": name, "namespace": BOTS}}


@cache
def _job_manifest() -> Json:
    manifest: Json = yaml.safe_load((Path(__file__).parent / "job.yaml").read_text())
    return manifest


def _is_joinable(interview: Json) -> bool:
    conditions = interview.get("status", {}).get("conditions") or []
    return any(item["type"] == "Joinable" and item["status"] == "True" for item in conditions)


INTERVIEW = Work(
    collection=INTERVIEWS,
    manifest=_interview,
    owner_of_pod=lambda pod: pod["metadata"].get("annotations", {}).get(ANNOTATION_INTERVIEW_NAME),
    joinable=_is_joinable,
    settled=lambda interview: interview.get("status", {}).get("phase") == "Ready",
    leaves=((INTERVIEWS, ""), (PODS, ""), (INPUTS, OURS)),
)
JOB = Work(
    collection=JOBS,
    manifest=_job,
    owner_of_pod=lambda pod: pod["metadata"].get("labels", {}).get(JOB_NAME),
    joinable=lambda _: False,
    settled=lambda job: job.get("status", {}).get("ready", 0) >= 1,
    leaves=((JOBS, ""), (PODS, "")),
)
