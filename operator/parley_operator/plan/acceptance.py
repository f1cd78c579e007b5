"""Acceptance: is everything there that the interview names, and may it be had? Then its template is pinned."""

from parley_crds import ConditionType, InterviewTemplateSpec, Phase, PinnedTemplate

from parley_operator.actions import PinTemplate
from parley_operator.bot_plan import overrides_problem
from parley_operator.manifests import content_hash, pin, revision_manifest
from parley_operator.plan.draft import Draft
from parley_operator.snapshot import ReferenceProblem, Revision
from parley_operator.templates import Problem, length_problem, room_provider, template_problem
from parley_operator.tombstones import remembered

REFERENCE_RETRY_SECONDS = 15
"""Secrets and ConfigMaps are not watched (the right to list them is not asked for), so a missing one is polled."""


def accept(draft: Draft) -> InterviewTemplateSpec | None:
    """The pinned content, when the interview is accepted; None when it has to wait, with the reason in the draft."""
    found = _content(draft)
    if isinstance(found, Revision):
        problem = _problem(draft, found.content)
        if problem is None:
            _accepted(draft, found)
            return found.content
        found = problem
    _refuse(draft, found)
    return None


def stay_accepted(draft: Draft) -> InterviewTemplateSpec | None:
    """The pinned content, where the bot has its inputs: nothing that is named can be missing any more.

    A content that is lost (None) is told and ends nothing: bot and successors go by what they were given.
    """
    found = _content(draft)
    if isinstance(found, Revision):
        _accepted(draft, found)
        return found.content
    draft.awaits_template = draft.observed.interview.spec.template_ref.name
    message = f"{found.message}. The interview goes on with what its bot was given"
    draft.condition(ConditionType.STALLED, True, found.reason, message)
    return None


def provider_of(draft: Draft, content: InterviewTemplateSpec) -> str:
    """The room provider: the template's, else the installation's default."""
    return room_provider(content, draft.observed.installation)


def _content(draft: Draft) -> Revision | Problem:
    """The content to go by: the snapshot's, or the template's while none is pinned or its snapshot is lost."""
    observed, pinned = draft.observed, draft.template
    name = observed.interview.spec.template_ref.name
    if observed.template_problem is not None:
        return Problem("TemplateNotValid", observed.template_problem)
    if pinned is None:
        if observed.template is None:
            return Problem("TemplateNotFound", f"There is no InterviewTemplate {name} in this namespace")
        return pin(name, observed.template)
    if observed.revision is not None:
        return observed.revision
    if observed.template is not None and content_hash(observed.template) == pinned.hash:
        revision = pin(name, observed.template)
        draft.act(PinTemplate(revision_manifest(observed.installation, observed.namespace, name, revision)))
        return revision
    message = f"The snapshot {pinned.revision} was deleted, and the template is another now: create the Interview anew"
    return Problem("SnapshotLost", message)


def _problem(draft: Draft, content: InterviewTemplateSpec) -> Problem | None:
    """Why this content can't be used for this interview here."""
    installation, interview = draft.observed.installation, draft.observed.interview
    if (problem := template_problem(content, installation)) is not None:
        return problem
    if (mismatch := overrides_problem(content, interview.spec)) is not None:
        return Problem("OverridesNotValid", mismatch)
    context = draft.observed.context
    for referred in (context, draft.observed.tool_keys):
        if isinstance(referred, ReferenceProblem):
            draft.look_again_in(REFERENCE_RETRY_SECONDS)
            return Problem(referred.reason, referred.message)
    return length_problem(content, installation, interview, context if isinstance(context, str) else None)


def _accepted(draft: Draft, revision: Revision) -> None:
    observed, spec = draft.observed, draft.observed.interview.spec
    if draft.template is None or draft.accepted_spec_hashes is not None:
        # An interview that an older operator accepted has none, and is not written to for that.
        draft.accepted_spec_hashes = remembered(draft.accepted_spec_hashes, spec)
    if draft.template is None:
        name = spec.template_ref.name
        draft.act(PinTemplate(revision_manifest(observed.installation, observed.namespace, name, revision)))
        draft.template = PinnedTemplate(name=name, revision=revision.name, hash=content_hash(revision.content))
        draft.accepted_at = draft.second
    draft.condition(ConditionType.ACCEPTED, True, "Accepted", f"The template is pinned as {draft.template.revision}")


def _refuse(draft: Draft, problem: Problem) -> None:
    # Whatever is wrong, an edit of the template may mend it, as one of the Interview may, which is watched anyway.
    draft.awaits_template = draft.observed.interview.spec.template_ref.name
    draft.phase = Phase.PENDING
    draft.condition(ConditionType.ACCEPTED, False, problem.reason, problem.message)
    draft.condition(ConditionType.JOINABLE, False, "NotAccepted", problem.message)
    draft.condition(ConditionType.STALLED, True, problem.reason, problem.message)
