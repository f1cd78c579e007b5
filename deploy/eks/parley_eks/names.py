"""Names that AWS and Kubernetes agree on: a policy names the accounts and Secrets that Helm's values make."""

from enum import StrEnum

SYSTEM_NAMESPACE = "kube-system"
LOAD_BALANCERS_ACCOUNT = "aws-load-balancer-controller"
EXTERNAL_DNS = "external-dns"
"""Namespace and account alike."""
KEDA = "keda"
"""Its namespace."""
KEDA_ACCOUNT = "keda-operator"
EXTERNAL_SECRETS_NAMESPACE = "external-secrets"
SECRETS_ACCOUNT = "parley-external-secrets"
"""In the release's namespace; External Secrets reads the installation's parameters as it."""
OWNER_PREFIX = "%{record_type}-parley."
"""Before a record's name, the name of the TXT record by which external-dns knows its own (`--txt-prefix`)."""

DAILY_API_KEY = "daily-api-key"
LINK_KEY = "link-key"

BALANCER_LOGS = "load-balancers"
"""Prefix of the load balancers' access logs in their bucket."""


class Output(StrEnum):
    """The names of a region's outputs."""

    VPC = "VpcId"
    NAT_ADDRESSES = "NatAddresses"
    BOT_ROLE = "BotRole"
    API_ROLE = "ApiRole"
    EXTERNAL_SECRETS_ROLE = "ExternalSecretsRole"
    EXTERNAL_DNS_ROLE = "ExternalDnsRole"
    LOAD_BALANCERS_ROLE = "LoadBalancersRole"
    KEDA_ROLE = "KedaRole"
    BUCKET = "Bucket"
    BUCKET_KEY = "BucketKey"
    ACCESS_LOGS = "AccessLogs"
    CERTIFICATE = "Certificate"
    WEB_ACL = "WebAcl"
    API_ACL = "ApiAcl"
    WEB_BALANCER_GROUP = "WebBalancerGroup"
    API_BALANCER_GROUP = "ApiBalancerGroup"
    WEB_GROUP = "WebGroup"
    API_GROUP = "ApiGroup"
    OPERATOR_GROUP = "OperatorGroup"
    BOT_GROUP = "BotGroup"
    JOBS_GROUP = "JobsGroup"
    MEDIA_GROUP = "MediaGroup"
    POD_LOGS = "PodLogs"
    RECORDINGS_BUCKET = "RecordingsBucket"
    RECORDINGS_ROLE = "RecordingsRole"


def parameter_path(installation: str) -> str:
    """Where the installation's secrets are in Parameter Store."""
    return f"/parley/{installation}"


def parameter_key_alias(installation: str) -> str:
    """What they are encrypted by."""
    return f"alias/{installation}-parameters"


def stack_name(installation: str, part: str) -> str:
    """The name of a region's stack, or of another part's."""
    return f"parley-{installation}-{part}"
