"""What the programs show where no Prometheus is: counted in the pods' logs and the API server's audit log.

Not everything that is well is logged by a program: an operator with nothing to do logs nothing, nor does a Job for
certificates that finds all as it should be. The API server tells of both. EKS's audit policy
(https://docs.aws.amazon.com/eks/latest/best-practices/auditing-and-logging.html) has Leases among "all other requests",
by their metadata, and Jobs with what was asked.
"""

from dataclasses import dataclass

from aws_cdk import aws_logs as logs
from constructs import Construct

from parley_eks.settings import Settings

NAMESPACE = "Parley"
"""Of the metrics that are counted."""
LEASE = "parley-operator"
"""The acting operator renews it every two seconds, whether there is work or not; one that hangs does not."""
FAILED = "the interview failed: *"
"""What the operator logs of one that ended as Failed."""


@dataclass(frozen=True)
class Logged:
    """Where it is logged."""

    pods: logs.LogGroup
    control_plane: logs.LogGroup


class Signs(Construct):
    """The counts, a metric each."""

    def __init__(self, scope: Construct, id: str, settings: Settings, groups: Logged) -> None:
        super().__init__(scope, id)
        self._settings, self._groups = settings, groups
        # Fluent Bit merges a log that is JSON into its record (handover/manifests.py).
        operator = _is("$.kubernetes.container_name", "operator")
        self.operator_errors = self._in_pods("operator-errors", operator, _is("$.level", "ERROR"))
        self.interviews_failed = self._in_pods("interviews-failed", operator, _is("$.message", FAILED))
        self.renewals = self._asked(
            "lease-renewals", "leases", LEASE, _is("$.verb", "update"), _number("$.responseStatus.code", "=", 200)
        )
        self.retention, self.certificates = (self._done(name) for name in ("retention", "certificates"))

    def _done(self, job: str) -> logs.MetricFilter:
        """Jobs of a CronJob that came to a good end: the job controller writes down that a pod of theirs did."""
        return self._asked(
            f"{job}-done",
            "jobs",
            f"parley-{job}-*",
            _is("$.objectRef.subresource", "status"),
            _number("$.requestObject.status.succeeded", ">", 0),
        )

    def _asked(self, name: str, resource: str, of: str, *more: logs.JsonPattern) -> logs.MetricFilter:
        """Requests to the API server about one object of the release's namespace, or those whose names begin alike."""
        about = (
            _is("$.objectRef.resource", resource),
            _is("$.objectRef.namespace", self._settings.namespace),
            _is("$.objectRef.name", of),
        )
        return self._counted(name, self._groups.control_plane, *about, *more)

    def _in_pods(self, name: str, *patterns: logs.JsonPattern) -> logs.MetricFilter:
        return self._counted(name, self._groups.pods, *patterns)

    def _counted(self, name: str, group: logs.LogGroup, *patterns: logs.JsonPattern) -> logs.MetricFilter:
        return logs.MetricFilter(
            self,
            "".join(word.title() for word in name.split("-")),
            log_group=group,
            filter_pattern=logs.FilterPattern.all(*patterns),
            metric_namespace=NAMESPACE,
            metric_name=f"{self._settings.installation}-{name}",
            # Nought is told where other lines come, so that what stops is seen at once and not as data that is late.
            default_value=0,
        )


def _is(field: str, value: str) -> logs.JsonPattern:
    return logs.FilterPattern.string_value(field, "=", value)


def _number(field: str, comparison: str, value: int) -> logs.JsonPattern:
    return logs.FilterPattern.number_value(field, comparison, value)
