"""The bot's pod: the chart's defaults, the template's wishes within their bounds, and what security fixes."""

from datetime import datetime
from typing import Any

from parley_crds import BotSettings
from parley_crds.names import LABEL_IN_INTERVIEW, child_name, interview_annotations, pod_labels, pod_name
from parley_protocol import BotInputs
from parley_protocol.socket import BOT_PORT

from parley_operator.installation import BotDefaults, Installation, merged_resources

type Json = dict[str, Any]

CONTAINER = "bot"
USER = 10001
TOKEN_AUDIENCE = "parley-api"  # noqa: S105 - an audience, not a secret
TOKEN_SECONDS = 3600
TOKEN_FOLDER = "/var/run/secrets/parley"  # noqa: S105 - a path, not a secret
CA_FOLDER = "/etc/parley/ca"
LAST_RESORT_SECONDS = 900
"""Added to all that an interview can take: a pod that lives longer than that hangs, and the operator with it."""


def bot_pod(
    installation: Installation,
    bot: BotSettings,
    inputs: BotInputs,
    inputs_uid: str,
    *,
    now: datetime,
    not_before: datetime | None,
    no_show_seconds: int,
    deadline: datetime | None = None,
    in_interview: bool = False,
) -> Json:
    """The manifest of the current attempt's pod, controlled by the inputs Secret.

    `deadline` is the interview's; `in_interview`: the conversation goes on with this bot.
    """
    ref, defaults = inputs.interview, installation.bot
    child = child_name(ref.name, ref.uid)
    ahead = 0 if not_before is None else max(0, int((not_before - now).total_seconds()))
    longest = ahead + 2 * no_show_seconds + inputs.plan.limits.duration_seconds
    if deadline is not None:
        longest = min(longest, max(0, int((deadline - now).total_seconds())))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(child, inputs.attempt),
            "namespace": installation.bots_namespace,
            "labels": pod_labels(installation.name, ref.uid, inputs.attempt)
            | {"app.kubernetes.io/name": "parley-bot", "app.kubernetes.io/component": "bot"}
            | ({LABEL_IN_INTERVIEW: "true"} if in_interview else {}),
            "annotations": interview_annotations(ref.namespace, ref.name),
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "name": child,
                    "uid": inputs_uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": longest + LAST_RESORT_SECONDS,
            "terminationGracePeriodSeconds": defaults.termination_grace_period_seconds,
            "serviceAccountName": defaults.service_account_name,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": name} for name in defaults.image_pull_secrets],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [_container(installation, merged_resources(bot, defaults))],
            "volumes": _volumes(defaults),
        }
        | _placement(bot, defaults),
    }


def _container(installation: Installation, resources: Json) -> Json:
    return {
        "name": CONTAINER,
        "image": installation.bot.image,
        "imagePullPolicy": installation.bot.image_pull_policy,
        "resources": {kind: amounts for kind, amounts in resources.items() if amounts},
        "env": _environment(installation),
        "ports": [{"name": "http", "containerPort": BOT_PORT}],
        "readinessProbe": {
            "httpGet": {"path": "/readyz", "port": "http"},
            "periodSeconds": 1,
            "timeoutSeconds": 1,
            "failureThreshold": 3,
        },
        # A bot that hangs is ended and replaced; until its start is over, the operator's own deadline watches it.
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": "http"},
            "initialDelaySeconds": installation.start_deadline_seconds,
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        # The last lines of the log become the end's message where the bot wrote none itself.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the pod's own emptyDir
            {"name": "token", "mountPath": TOKEN_FOLDER, "readOnly": True},
            {"name": "ca", "mountPath": CA_FOLDER, "readOnly": True},
        ],
    }


def _environment(installation: Installation) -> list[Json]:
    """The bot's variables; the chart's go before the operator's, and each name is there once."""
    own = {
        "PARLEY_API_URL": installation.api_url,
        "PARLEY_CA_FILE": f"{CA_FOLDER}/ca.crt",
        "PARLEY_TOKEN_FILE": f"{TOKEN_FOLDER}/token",
    }
    taken = {entry["name"] for entry in installation.bot.env}
    return [
        *installation.bot.env,
        *({"name": name, "value": value} for name, value in own.items() if name not in taken),
    ]


def _volumes(defaults: BotDefaults) -> list[Json]:
    token = {"audience": TOKEN_AUDIENCE, "expirationSeconds": TOKEN_SECONDS, "path": "token"}
    return [
        {"name": "tmp", "emptyDir": {"sizeLimit": defaults.tmp_size_limit}},
        {"name": "token", "projected": {"defaultMode": 0o440, "sources": [{"serviceAccountToken": token}]}},
        {"name": "ca", "configMap": {"name": defaults.ca_config_map}},
    ]


def _placement(bot: BotSettings, defaults: BotDefaults) -> Json:
    placement: Json = {
        "nodeSelector": defaults.node_selector | bot.node_selector,
        "tolerations": [*defaults.tolerations, *(toleration.to_dict() for toleration in bot.tolerations)],
        "priorityClassName": bot.priority_class_name or defaults.priority_class_name,
    }
    return {key: value for key, value in placement.items() if value}
