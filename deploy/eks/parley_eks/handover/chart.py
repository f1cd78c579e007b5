"""Values of Parley's own chart that only this installation has, on top of its values-eks.yaml."""

from typing import Any

from parley_eks.handover.told import Told
from parley_eks.names import BALANCER_LOGS, Output
from parley_eks.settings import Region, Settings

Values = dict[str, Any]

_ALB = "alb.ingress.kubernetes.io"
_ROLE = "eks.amazonaws.com/role-arn"
DAILY_SECRET = "parley-daily"  # noqa: S105 - a Secret's name


def chart_values(settings: Settings, region: Region, told: Told) -> Values:
    """What `helm install -f values-eks.yaml -f` this needs; the images' tag is for who delivers to say."""
    registry = f"{settings.account}.dkr.ecr.{region.region}.amazonaws.com/{settings.installation}"
    values: Values = {
        "installation": settings.installation,
        "image": {"registry": registry},
        # The key is Parameter Store's, by External Secrets (manifests.py). Whichever of them a tool delivers first,
        # nobody else makes one: pods wait for it.
        "links": {"baseUrl": f"https://{region.host}", "makeKey": False},
        "operator": {
            "image": {"repository": "operator"},
            "watchNamespaces": list(settings.interview_namespaces),
        },
        "api": {
            "image": {"repository": "api"},
            "publicUrl": f"https://{region.api_host}",
            # One page may call: this region's own.
            "corsOrigins": [f"https://{region.host}"],
            "serviceAccountAnnotations": {_ROLE: told[Output.API_ROLE]},
            **_webhooks(settings),
        },
        "web": {"image": {"repository": "web"}},
        "bots": {
            "image": {"repository": "bot"},
            "namespace": settings.bots_namespace,
            "serviceAccountAnnotations": {_ROLE: told[Output.BOT_ROLE]},
        },
        "model": {"region": region.model},
        "store": _store(region, told),
        "ingress": {
            "web": {"annotations": _balancer(settings, told, "web", Output.WEB_BALANCER_GROUP, Output.WEB_ACL)},
            "api": {"annotations": _balancer(settings, told, "api", Output.API_BALANCER_GROUP, Output.API_ACL)},
        },
        "securityGroups": _groups(settings, told),
    }
    if settings.daily:
        values["rooms"] = {"daily": {"existingSecret": DAILY_SECRET, "geo": region.geo}}
    return values


def _webhooks(settings: Settings) -> Values:
    networks = [str(network) for network in settings.webhook_networks]
    return {"webhooks": {"allowedNetworks": networks}} if networks else {}


def _store(region: Region, told: Told) -> Values:
    bucket = {"bucket": told[Output.BUCKET], "region": region.region, "kmsKeyId": told[Output.BUCKET_KEY]}
    return {"type": "s3", "s3": bucket}


def _groups(settings: Settings, told: Told) -> dict[str, list[str]]:
    # Without Daily a bot has no use for UDP.
    media = [told[Output.MEDIA_GROUP]] if settings.daily else []
    return {
        "operator": [told[Output.OPERATOR_GROUP]],
        "api": [told[Output.API_GROUP]],
        "web": [told[Output.WEB_GROUP]],
        "bots": [told[Output.BOT_GROUP], *media],
        "jobs": [told[Output.JOBS_GROUP]],
    }


def _balancer(settings: Settings, told: Told, service: str, group: Output, acl: Output) -> dict[str, str]:
    """A load balancer of the service's own: its own group, web ACL and limits; the pages' fall leaves the API be."""
    attributes = {
        # Sound flows all the time: a WebSocket without a frame for so long is one whose candidate is gone.
        "idle_timeout.timeout_seconds": "300",
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "deletion_protection.enabled": "true",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": told[Output.ACCESS_LOGS],
        "access_logs.s3.prefix": BALANCER_LOGS,
    }
    return {
        f"{_ALB}/group.name": f"{settings.installation}-{service}",
        f"{_ALB}/load-balancer-name": f"{settings.installation}-{service}",
        f"{_ALB}/security-groups": told[group],
        f"{_ALB}/certificate-arn": told[Output.CERTIFICATE],
        f"{_ALB}/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        f"{_ALB}/wafv2-acl-arn": told[acl],
        f"{_ALB}/load-balancer-attributes": ",".join(f"{name}={value}" for name, value in attributes.items()),
        f"{_ALB}/tags": f"parley:installation={settings.installation},cost-center={settings.cost_center}",
    }
