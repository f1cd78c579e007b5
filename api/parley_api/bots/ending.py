"""What the end of an interview asks of others for its manifest: the consent of the cluster, recordings of Daily."""

from parley_protocol import BotInputs, InterviewRef

from parley_api import session_status
from parley_api.recordings import provider
from parley_api.services import Services
from parley_api.transcripts.archive import Beside, Elsewhere


def elsewhere(services: Services, ref: InterviewRef, inputs: BotInputs | None) -> Elsewhere:
    """Ask when it is called. That raises KubeError."""

    async def ask() -> Beside:
        consent = await session_status.consent_of(services.kube, ref)
        return Beside(consent, await provider.account(services.daily, inputs, consent))

    return ask
