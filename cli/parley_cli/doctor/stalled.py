"""The Interviews and InterviewTemplates that wait for somebody to mend something, and what. Pure."""

from collections import Counter
from collections.abc import Iterator

from parley_crds import INTERVIEW_KIND, TEMPLATE_KIND
from parley_crds.names import LABEL_READABLE

from parley_cli.doctor.facts import Document, Facts, Reading, State
from parley_cli.doctor.finding import Finding, Level, unknown
from parley_cli.shown.interviews import condition

SHOWN = 10
"""How many of a kind are told one by one; a fault of the installation's stalls them all."""

_TEMPLATE = "mend the InterviewTemplate; `parley validate` tells what is wrong with a file before it is applied"
_REFERRED = "make the Secret or ConfigMap that it names, with that key"
_READABLE = f"label it: `kubectl -n {{namespace}} label KIND NAME {LABEL_READABLE}=true`"
_REFUSED = "look at its words: a quota, an admission webhook or a missing right where bots run"
_IMAGE = "mend image.registry, image.pullSecrets or bots.image in the chart's values, and `helm upgrade`"

REMEDIES = {
    "TemplateNotFound": "apply the InterviewTemplate that it names, or name another by spec.templateRef",
    "TemplateNotValid": _TEMPLATE,
    "TemplateNotAllowed": "mend the InterviewTemplate's spec.bot, or widen its bounds: bots.* in the chart's values",
    "RoomProviderNotConfigured": "name Daily's Secret by rooms.daily.existingSecret in the chart's values, or another"
    " provider by the template's spec.room.provider",
    "InterviewNotValid": "mend the field of the Interview that it names, or delete it and create it anew",
    "OverridesNotValid": "mend the Interview's spec.overrides",
    "ContextNotFound": _REFERRED,
    "ContextNotReadable": _READABLE,
    "ContextTooLong": "shorten the text that the Interview's spec.context names",
    "ToolKeyNotFound": _REFERRED,
    "ToolKeyNotReadable": _READABLE,
    "ToolKeyNotValid": "put a key into the Secret that it names: one line of text",
    "InputsTooLong": "shorten the InterviewTemplate, or the text that the Interview's spec.context names",
    "SnapshotLost": "what has begun goes on; create any other anew by another name",
    "RoomKeyRefused": "put a key that Daily takes into the Secret that it names, as DAILY_API_KEY; it is used within a"
    " minute or two",
    "RoomNotMade": "look at its words, and at the status page of the rooms' provider",
    "PodNotCreated": _REFUSED,
    "InputsNotCreated": _REFUSED,
    "ImagePullFailed": _IMAGE,
    "ImageNotValid": _IMAGE,
    "ContainerNotCreated": "make what it names where bots run; `helm upgrade` puts back what the chart makes",
}
"""What to do, by the condition's reason; it goes on by itself then."""

_SHORT = {INTERVIEW_KIND: "itv", TEMPLATE_KIND: "itpl"}


def stalled_findings(facts: Facts) -> Iterator[Finding]:
    """Templates first: they stall the interviews that name them."""
    yield from _of_kind(TEMPLATE_KIND, facts.templates, facts)
    yield from _of_kind(INTERVIEW_KIND, facts.interviews, facts)


def _of_kind(kind: str, reading: Reading, facts: Facts) -> Iterator[Finding]:
    check = f"{kind}s in {'every namespace' if facts.everywhere else f'namespace {facts.namespace}'}"
    if reading.state is State.UNKNOWN:
        yield unknown(check, reading)
        return
    if reading.state is State.ABSENT:
        return
    items = reading.document.get("items") or []
    found = [(item, told) for item in items if (told := condition(item, "Stalled")) and told.get("status") == "True"]
    if not found:
        yield Finding(Level.OK, check, f"none of {len(items)} is stalled")
        return
    for item, told in found[:SHOWN]:
        yield _told(kind, item, told)
    if rest := found[SHOWN:]:
        reasons = Counter(str(told.get("reason")) for _, told in rest).most_common()
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons)
        where = "-A" if facts.everywhere else f"-n {facts.namespace}"
        yield Finding(Level.WARNING, check, f"{len(rest)} more are stalled: {counts}", _listing(kind, where))


def _told(kind: str, item: Document, told: Document) -> Finding:
    metadata, reason = item["metadata"], str(told.get("reason"))
    name, namespace = metadata["name"], metadata.get("namespace")
    remedy = REMEDIES.get(reason, "mend what it names: `kubectl -n {namespace} describe {kind} {name}`")
    words = f"{reason}: {told['message']}" if told.get("message") else reason
    filled = remedy.format(namespace=namespace, kind=_SHORT[kind], name=name)
    return Finding(Level.WARNING, f"{kind} {namespace}/{name}", f"is stalled: {words}", filled)


def _listing(kind: str, where: str) -> str:
    if kind == INTERVIEW_KIND:
        return f"mend these first; all of them: `parley list {where} -o wide`"
    return f"mend these first; all of them: `kubectl get itpl {where}`"
