"""Manifests of the cluster that are no chart's: namespaces, Fargate's logging, and the Secrets of Parameter Store."""

from collections.abc import Mapping
from typing import Any

from parley_eks.handover.chart import DAILY_SECRET
from parley_eks.handover.told import Told
from parley_eks.names import (
    DAILY_API_KEY,
    EXTERNAL_DNS,
    EXTERNAL_SECRETS_NAMESPACE,
    KEDA,
    LINK_KEY,
    SECRETS_ACCOUNT,
    Output,
    parameter_path,
)
from parley_eks.settings import Region, Settings

Manifest = dict[str, Any]

MOST_LOGGING_CHARACTERS = 5300
"""Of the ConfigMap's data (https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html)."""

_LOGGING_NAMESPACE = "aws-observability"

_PARSERS = """\
[PARSER]
    Name crio
    Format Regex
    Regex ^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>P|F) (?<log>.*)$
    Time_Key time
    Time_Format %Y-%m-%dT%H:%M:%S.%L%z
"""
# A log that is JSON becomes fields of its record, which CloudWatch can ask for.
_FILTERS = """\
[FILTER]
    Name parser
    Match *
    Key_name log
    Parser crio
[FILTER]
    Name kubernetes
    Match kube.*
    Merge_Log On
    Keep_Log Off
    Buffer_Size 0
    Kube_Meta_Cache_TTL 300s
"""
_OUTPUT = """\
[OUTPUT]
    Name cloudwatch_logs
    Match kube.*
    region {region}
    log_group_name {group}
    log_stream_prefix fargate-
    auto_create_group false
"""


_RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
# Nothing that reaches a node; what of `restricted` is not kept is told where the pod is made, and in the audit log.
_BASELINE = {**_RESTRICTED, "pod-security.kubernetes.io/enforce": "baseline"}

_OWN_PROGRAMS = frozenset({EXTERNAL_SECRETS_NAMESPACE, EXTERNAL_DNS, KEDA})
"""System namespaces that hold one program alone, by values from here."""
DELIVERERS = frozenset({"argocd", "flux-system"})
"""Namespaces that the tool in them makes and keeps itself: of two owners each would undo the other's labels."""


def namespaces(settings: Settings) -> list[Manifest]:
    """All but the bots', which is the chart's, and the deliverers'.

    They come before any chart: no pod starts in one without a level.
    """
    # The load balancer controller tells when a new pod is among its targets, and a rollout waits for it.
    release = _namespace(settings.namespace, _RESTRICTED | {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"})
    return [
        release,
        *map(_namespace, settings.interview_namespaces),
        *map(_system_namespace, (name for name in settings.system_namespaces if name not in DELIVERERS)),
        _namespace(_LOGGING_NAMESPACE, _RESTRICTED | {"aws-observability": "enabled"}),
    ]


def pod_logging(region: Region, told: Told) -> list[Manifest]:
    """Where Fargate sends the pods' logs.

    It comes with the namespaces: Fargate reads it as a pod starts, and one that is there before has no log in
    CloudWatch for as long as it lives.
    """
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "aws-logging", "namespace": _LOGGING_NAMESPACE},
            "data": {
                # Fluent Bit's own log, which nobody reads and everybody pays.
                "flb_log_cw": "false",
                "parsers.conf": _PARSERS,
                "filters.conf": _FILTERS,
                "output.conf": _OUTPUT.format(region=region.region, group=told[Output.POD_LOGS]),
            },
        },
    ]


def _system_namespace(name: str) -> Manifest:
    """One of the cluster's programs; kube-system, which is there before, is given its level.

    CoreDNS comes as AWS makes it, which says neither a seccomp profile nor that it is no root; what further ones bring
    nobody here has looked at.
    """
    return _namespace(name, _RESTRICTED if name in _OWN_PROGRAMS else _BASELINE)


def _namespace(name: str, labels: Mapping[str, str] = _RESTRICTED) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": dict(labels),
            # No tool takes one away because a file went: with it would go whatever is in it, interviews and keys.
            "annotations": {
                "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
                "kustomize.toolkit.fluxcd.io/prune": "disabled",
            },
        },
    }


def secrets(settings: Settings, region: Region, told: Told) -> list[Manifest]:
    """The Secrets' way from Parameter Store. It needs those namespaces, and External Secrets' kinds and webhook."""
    wanted = [("parley-link-key", "key", LINK_KEY)]
    if settings.daily:
        wanted.append((DAILY_SECRET, "DAILY_API_KEY", DAILY_API_KEY))
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": SECRETS_ACCOUNT,
                "namespace": settings.namespace,
                "annotations": {"eks.amazonaws.com/role-arn": told[Output.EXTERNAL_SECRETS_ROLE]},
            },
            # No pod runs as it: External Secrets asks for its token.
            "automountServiceAccountToken": False,
        },
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "SecretStore",
            "metadata": {"name": "parley-parameters", "namespace": settings.namespace},
            "spec": {
                "provider": {
                    "aws": {
                        "service": "ParameterStore",
                        "region": region.region,
                        "auth": {"jwt": {"serviceAccountRef": {"name": SECRETS_ACCOUNT}}},
                    }
                }
            },
        },
        *(_external_secret(settings, secret, key, parameter) for secret, key, parameter in wanted),
    ]


def _external_secret(settings: Settings, secret: str, key: str, parameter: str) -> Manifest:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": secret, "namespace": settings.namespace},
        "spec": {
            # A key that is changed in Parameter Store is used within so long.
            "refreshInterval": "5m",
            "secretStoreRef": {"kind": "SecretStore", "name": "parley-parameters"},
            # What is there stays when the parameter is gone: links and rooms go on working.
            "target": {"name": secret, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": [
                {
                    "secretKey": key,
                    # The CRD's defaults, too: added to this list, which is one value, they would be drift for ever.
                    "remoteRef": {
                        "key": f"{parameter_path(settings.installation)}/{parameter}",
                        "conversionStrategy": "Default",
                        "decodingStrategy": "None",
                        "metadataPolicy": "None",
                    },
                }
            ],
        },
    }
