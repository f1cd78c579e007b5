"""Acceptance: is everything there that the interview names, and may it be had? Then its template is pinned."""

from parley_crds import ConditionType, InterviewTemplateSpec, Phase, PinnedTemplate

from parley_operator.actions import PinTemplate
from parley_operator.bot_plan import overrides_problem
from parley_operator.installation import bounds_problem
from parley_operator.manifests import content_hash, pin, revision_manifest
from parley_operator.plan.draft import Draft
from parley_operator.snapshot import ContextProblem, Revision

CONTEXT_RETRY_SECONDS = 15
"""Secrets and ConfigMaps are not watched (the right to list them is not asked for), so a missing one is polled."""


def accept(draft: Draft) -> InterviewTemplateSpec | None:
    """The pinned content, when the interview is accepted; None when it has to wait, with the reason in the draft.

    Once the bot has its inputs, nothing that is named can be missing any more.
    """
    revision = _pinned(draft)
    if revision is None:
        return None
    problem = None if draft.children.inputs is not None else _problem(draft, revision.content)
    if problem is not None:
        _refuse(draft, *problem)
        return None
    if draft.template is None:
        observed = draft.observed
        name = observed.interview.spec.template_ref.name
        draft.act(PinTemplate(revision_manifest(observed.installation, observed.namespace, name, revision)))
        draft.template = PinnedTemplate(name=name, revision=revision.name, hash=content_hash(revision.content))
        draft.accepted_at = draft.second
    draft.condition(ConditionType.ACCEPTED, True, "Accepted", f"The template is pinned as {draft.template.revision}")
    return revision.content


def provider_of(draft: Draft, content: InterviewTemplateSpec) -> str:
    """The room provider: the template's, else the installation's default."""
    return content.room.provider or draft.observed.installation.default_room_provider


def _pinned(draft: Draft) -> Revision | None:
    """The content to go by: the snapshot's, or the template's while none is pinned."""
    observed, pinned = draft.observed, draft.template
    name = observed.interview.spec.template_ref.name
    if observed.template_problem is not None:
        draft.awaits_template = name
        _refuse(draft, "TemplateNotValid", observed.template_problem)
        return None
    if pinned is None:
        if observed.template is None:
            draft.awaits_template = name
            _refuse(draft, "TemplateNotFound", f"There is no InterviewTemplate {name} in this namespace")
            return None
        return pin(name, observed.template)
    if observed.revision is not None:
        return observed.revision
    if observed.template is not None and content_hash(observed.template) == pinned.hash:
        revision = pin(name, observed.template)
        draft.act(PinTemplate(revision_manifest(observed.installation, observed.namespace, name, revision)))
        return revision
    draft.awaits_template = name
    message = f"The snapshot {pinned.revision} was deleted, and the template is another now: create the Interview anew"
    _refuse(draft, "SnapshotLost", message)
    return None


def _problem(draft: Draft, content: InterviewTemplateSpec) -> tuple[str, str] | None:
    """Why this content can't be used for this interview here: reason and message."""
    installation, spec = draft.observed.installation, draft.observed.interview.spec
    provider = provider_of(draft, content)
    if provider not in installation.room_providers:
        return "RoomProviderNotConfigured", f"This installation has no account for {provider} rooms"
    if (outside := bounds_problem(content.bot, installation.bot)) is not None:
        return "TemplateNotAllowed", outside
    if (mismatch := overrides_problem(content, spec)) is not None:
        return "OverridesNotValid", mismatch
    if isinstance(draft.observed.context, ContextProblem):
        draft.look_again_in(CONTEXT_RETRY_SECONDS)
        return draft.observed.context.reason, draft.observed.context.message
    return None


def _refuse(draft: Draft, reason: str, message: str) -> None:
    draft.phase = Phase.PENDING
    draft.condition(ConditionType.ACCEPTED, False, reason, message)
    draft.condition(ConditionType.JOINABLE, False, "NotAccepted", message)
    draft.condition(ConditionType.STALLED, True, reason, message)
