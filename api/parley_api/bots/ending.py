"""The end of an interview: its transcript, what that asks of others, and who is told."""

from parley_protocol import BotInputs, InterviewRef, Transcript
from parley_protocol.assignment import AttemptEvents

from parley_api import session_status
from parley_api.recordings import provider
from parley_api.services import Services
from parley_api.transcripts.archive import Beside, Elsewhere, publish
from parley_api.transcripts.sealing import Sealing


async def conclude(
    services: Services, ref: InterviewRef, inputs: BotInputs | None, sealing: Sealing, history: list[AttemptEvents]
) -> Transcript:
    """Store the transcript of a log that was closed before it was read, then tell the operator. Again: the same.

    Raises:
        ErasedError: the interview was erased.
        KubeError, StoreUnavailableError: call again.
    """
    transcript = await publish(
        services.store, ref, inputs, history, sealing.ending(history), _elsewhere(services, ref, inputs)
    )
    services.event_log.forget(ref.namespace, ref.uid)
    services.news.ring(ref.uid)
    await session_status.mark_finished(
        services.kube, ref, at=transcript.finished_at, reason=transcript.reason, attempt=transcript.attempts
    )
    return transcript


def _elsewhere(services: Services, ref: InterviewRef, inputs: BotInputs | None) -> Elsewhere:
    """What the manifest tells beside events and parts: the consent of the cluster, recordings of Daily.

    Asked when it is called. That raises KubeError.
    """

    async def ask() -> Beside:
        consent = await session_status.consent_of(services.kube, ref)
        return Beside(consent, await provider.account(services.daily, inputs, consent))

    return ask
