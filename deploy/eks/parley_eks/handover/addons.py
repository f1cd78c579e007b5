"""Values of the charts that the cluster's own programs come by.

What Fargate asks of each: a region and a VPC that are told (there is no metadata service), ports other than 10250
(the kubelet's at the pod's own address), load balancers that send to pods' addresses.
"""

from parley_eks.handover.chart import Values
from parley_eks.handover.told import Told
from parley_eks.names import EXTERNAL_DNS, LOAD_BALANCERS_ACCOUNT, OWNER_PREFIX, Output
from parley_eks.settings import Region, Settings

_ROLE = "eks.amazonaws.com/role-arn"
# With Fargate's own 256 MiB it comes to the smallest size, a quarter of a vCPU and half a GiB.
_SMALLEST = {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "250m", "memory": "256Mi"}}


def addon_values(settings: Settings, region: Region, told: Told) -> dict[str, Values]:
    """Each chart's values, by its name."""
    return {
        **({"keda": _keda(region, told)} if settings.keda else {}),
        "aws-load-balancer-controller": _load_balancers(settings, region, told),
        "external-dns": _external_dns(settings, region, told),
        "external-secrets": _external_secrets(),
        "metrics-server": _metrics_server(),
    }


def _load_balancers(settings: Settings, region: Region, told: Told) -> Values:
    return {
        "clusterName": settings.installation,
        "region": region.region,
        "vpcId": told[Output.VPC],
        "serviceAccount": {
            "create": True,
            "name": LOAD_BALANCERS_ACCOUNT,
            "annotations": {_ROLE: told[Output.LOAD_BALANCERS_ROLE]},
        },
        "replicaCount": 2,
        "defaultTargetType": "ip",
        "defaultSSLPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        # Its role may neither make nor open security groups: the stack has them.
        "enableBackendSecurityGroup": False,
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": True,
        # It would take every Service of type LoadBalancer for its own.
        "enableServiceMutatorWebhook": False,
        "resources": _SMALLEST,
    }


def _external_dns(settings: Settings, region: Region, told: Told) -> Values:
    return {
        "provider": {"name": "aws"},
        "env": [{"name": "AWS_DEFAULT_REGION", "value": region.region}],
        "serviceAccount": {
            "create": True,
            "name": EXTERNAL_DNS,
            "annotations": {_ROLE: told[Output.EXTERNAL_DNS_ROLE]},
        },
        "sources": ["ingress"],
        "policy": "sync",
        "registry": "txt",
        # Regions share the zone: each knows its own records by this.
        "txtOwnerId": f"{settings.installation}-{region.region}",
        "txtPrefix": OWNER_PREFIX,
        "domainFilters": [region.host, region.api_host],
        "extraArgs": [
            f"--zone-id-filter={settings.hosted_zone.id}",
            "--aws-zone-type=public",
            # The filters are the hosts; without it a zone that is none of them, but has them in it, is passed over.
            "--aws-zone-match-parent",
        ],
        "resources": _SMALLEST,
    }


def _external_secrets() -> Values:
    return {
        "replicaCount": 2,
        "leaderElect": True,
        "webhook": {"port": 9443, "replicaCount": 2, "resources": _SMALLEST},
        "certController": {"resources": _SMALLEST},
        # The installation has a store and Secrets of its own namespace alone.
        "processClusterExternalSecret": False,
        "processClusterStore": False,
        "processClusterPushSecret": False,
        "processPushSecret": False,
        "crds": {
            "createClusterExternalSecret": False,
            "createClusterSecretStore": False,
            "createClusterPushSecret": False,
            "createPushSecret": False,
        },
        "resources": _SMALLEST,
    }


def _keda(region: Region, told: Told) -> Values:
    return {
        "podIdentity": {"aws": {"irsa": {"enabled": True, "roleArn": told[Output.KEDA_ROLE]}}},
        "env": [{"name": "AWS_REGION", "value": region.region}],
        "resources": {"operator": _SMALLEST, "metricServer": _SMALLEST, "webhooks": _SMALLEST},
    }


def _metrics_server() -> Values:
    return {"containerPort": 4443, "replicas": 2, "resources": _SMALLEST}
