"""Whether a replica of the operator acts, by the Lease that it holds and renews. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from parley_cli.doctor.facts import LEASE, OPERATOR, Document, Facts, State
from parley_cli.doctor.finding import Finding, Level, unknown

_DEFAULT_SECONDS = 15


def holder(lease: Document) -> str:
    """Who holds it; empty: nobody."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def renewed(lease: Document) -> str:
    """When it was last renewed, by its holder's clock."""
    return str((lease.get("spec") or {}).get("renewTime") or "")


def duration(lease: Document) -> int:
    """For how many seconds a renewal counts."""
    return int((lease.get("spec") or {}).get("leaseDurationSeconds") or _DEFAULT_SECONDS)


def fresh(lease: Document, now: datetime) -> bool:
    """Whether the last renewal still counts, as far as two clocks can say: one from the future is as little so."""
    if not holder(lease) or not renewed(lease):
        return False
    at = datetime.fromisoformat(renewed(lease))
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return abs((now - at).total_seconds()) <= duration(lease)


def lease_findings(facts: Facts) -> Iterator[Finding]:
    """Who acts, or that nobody does; nothing where there is no operator at all, which is told already."""
    if facts.deployments[OPERATOR].state is State.ABSENT:
        return
    check, reading = f"Lease {facts.installation}/{LEASE}", facts.lease
    remedy = (
        f"look why no replica acts: `kubectl -n {facts.installation} get pods -l app.kubernetes.io/name={OPERATOR}` and"
        f" `kubectl -n {facts.installation} logs deployment/{OPERATOR} --all-pods` (a refusal of the Lease names the"
        " right that is missing, which `helm upgrade` puts back)"
    )
    if reading.state is State.UNKNOWN:
        yield unknown(check, reading)
    elif reading.state is State.ABSENT:
        yield Finding(Level.ERROR, check, "is not there: no operator has acted yet", remedy)
    elif not holder(reading.document):
        yield Finding(Level.ERROR, check, "is held by nobody: no interview is begun or ended", remedy)
    elif not facts.lease_moves:
        words = f"{holder(reading.document)} has not renewed it since {renewed(reading.document) or 'it was made'}"
        yield Finding(Level.ERROR, check, f"{words}: no interview is begun or ended", remedy)
    else:
        yield Finding(Level.OK, check, f"is held by {holder(reading.document)}, and renewed")
