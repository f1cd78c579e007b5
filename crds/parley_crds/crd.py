"""The CustomResourceDefinitions: the models' schemas with names, printer columns and subresources around them."""

from typing import Any

from parley_crds.group import GROUP, INTERVIEW_KIND, INTERVIEW_PLURAL, TEMPLATE_KIND, TEMPLATE_PLURAL, VERSION
from parley_crds.interview import Interview
from parley_crds.schema import Schema, root_schema
from parley_crds.template import InterviewTemplate

CATEGORY = "parley"
JOINABLE_REASON = '.status.conditions[?(@.type=="Joinable")].reason'
"""Every end has its reason there, those of an interview that nobody came to as well; and what keeps a bot."""
ACCEPTED_STATUS = '.status.conditions[?(@.type=="Accepted")].status'
STALLED_REASON = '.status.conditions[?(@.type=="Stalled")].reason'
LATEST_POD = ".status.attempts.history[-1:].podName"


def interview_crd() -> Schema:
    """The CRD of `Interview`.

    No column shows the candidate's name: lists are pasted into tickets and chats, and stand in the logs of pipelines.
    Who is on call needs none, and who has to know reads `spec.candidate`.
    """
    version = {
        "subresources": {"status": {}},
        "selectableFields": [{"jsonPath": ".spec.templateRef.name"}, {"jsonPath": ".status.phase"}],
        "additionalPrinterColumns": [
            _column("Phase", ".status.phase", "Where the interview is."),
            _column(
                "Reason",
                JOINABLE_REASON,
                "Why it can be joined or not, or what keeps its bot from starting; once over, why it ended.",
            ),
            _column("Stalled", STALLED_REASON, "What somebody has to mend; empty: nothing."),
            _column("Template", ".spec.templateRef.name", "The template."),
            _column("Opens", ".spec.window.notBefore", "When the link begins to work; empty: at once."),
            _column("Expires", ".spec.window.expiresAt", "When the link stops working; empty: never.", wide=True),
            _column("Candidate", ".spec.candidate.externalId", "The candidate in your own system.", wide=True),
            _column("Attempt", ".status.attempts.current", "The number of the bot.", kind="integer", wide=True),
            _column("Room", ".status.room.provider", "Who serves the room.", wide=True),
            _column("Pod", LATEST_POD, "The bot's pod, in the bots' namespace.", wide=True),
            _column("Revision", ".status.template.revision", "The snapshot of the template.", wide=True),
            _column("Joined", ".status.session.startedAt", "Since when they talk.", kind="date", wide=True),
            _column("Finished", ".status.finishedAt", "How long it has been over.", kind="date", wide=True),
            _age(),
        ],
        "schema": {"openAPIV3Schema": root_schema(Interview)},
    }
    return _crd(INTERVIEW_KIND, INTERVIEW_PLURAL, "itv", version)


def template_crd() -> Schema:
    """The CRD of `InterviewTemplate`."""
    version = {
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            _column("Title", ".spec.title", "What the interview is for."),
            _column("Language", ".spec.language", "The language of the interview."),
            _column("Start", ".spec.start", "When the bot is started."),
            _column("Accepted", ACCEPTED_STATUS, "Whether interviews can be had by it here."),
            _column("Active", ".status.activeInterviews", "How many interviews are not over.", kind="integer"),
            _column("Voice", ".spec.interviewer.voice", "The interviewer's voice.", wide=True),
            _column("Model", ".spec.model.id", "Which model speaks.", wide=True),
            _column("Room", ".spec.room.provider", "Who serves the room.", wide=True),
            _column("Revision", ".status.revision", "The ControllerRevision of this content.", wide=True),
            _age(),
        ],
        "schema": {"openAPIV3Schema": root_schema(InterviewTemplate)},
    }
    return _crd(TEMPLATE_KIND, TEMPLATE_PLURAL, "itpl", version)


def all_crds() -> dict[str, Schema]:
    """Every CRD by its name."""
    return {crd["metadata"]["name"]: crd for crd in (interview_crd(), template_crd())}


def _crd(kind: str, plural: str, short: str, version: dict[str, Any]) -> Schema:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": [short],
                "categories": [CATEGORY],
            },
            "versions": [{"name": VERSION, "served": True, "storage": True, **version}],
        },
    }


def _column(name: str, path: str, description: str, *, kind: str = "string", wide: bool = False) -> dict[str, Any]:
    column = {"name": name, "type": kind, "jsonPath": path, "description": description}
    return {**column, "priority": 1} if wide else column


def _age() -> dict[str, Any]:
    return _column("Age", ".metadata.creationTimestamp", "How long it has been there.", kind="date")
