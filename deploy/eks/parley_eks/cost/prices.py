"""List prices in US dollars, of us-east-1 where AWS's differ by region.

They are noted down by hand, and each says how it came to be known; nothing here asks a price list. Check them before
you decide anything by them. A region may cost a quarter more, and an account less (Savings Plans, agreements).
"""

from dataclasses import dataclass
from enum import StrEnum


class Known(StrEnum):
    """How a price came to be known."""

    READ = "read at AWS, 2026-11-22"
    SECOND_HAND = "second hand, 2026"
    UNREAD = "not read anew"


@dataclass(frozen=True)
class Price:
    """What one unit costs, where that is published, and how it is known here."""

    usd: float
    unit: str
    source: str
    known: Known


_FARGATE = "https://aws.amazon.com/fargate/pricing/"
_VPC = "https://aws.amazon.com/vpc/pricing/"
_PRIVATE_LINK = "https://aws.amazon.com/privatelink/pricing/"
_BALANCING = "https://aws.amazon.com/elasticloadbalancing/pricing/"
_WAF = "https://aws.amazon.com/waf/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_S3 = "https://aws.amazon.com/s3/pricing/"
_BEDROCK = "https://aws.amazon.com/bedrock/pricing/"

FARGATE_VCPU = Price(0.04048, "Fargate: vCPU and hour", _FARGATE, Known.READ)
FARGATE_GB = Price(0.004445, "Fargate: GB and hour", _FARGATE, Known.READ)
EKS = Price(0.10, "EKS: cluster and hour, standard support", "https://aws.amazon.com/eks/pricing/", Known.UNREAD)
NAT_GATEWAY = Price(0.045, "NAT gateway: hour", _VPC, Known.SECOND_HAND)
NAT_GB = Price(0.045, "NAT gateway: GB, either way", _VPC, Known.SECOND_HAND)
PUBLIC_ADDRESS = Price(0.005, "public IPv4 address: hour", _VPC, Known.SECOND_HAND)
INTERNET_GB = Price(
    0.09, "to the Internet: GB, first 10 TB", "https://aws.amazon.com/ec2/pricing/on-demand/", Known.SECOND_HAND
)
ENDPOINT = Price(0.01, "interface endpoint: zone and hour", _PRIVATE_LINK, Known.SECOND_HAND)
ENDPOINT_GB = Price(0.01, "interface endpoint: GB", _PRIVATE_LINK, Known.SECOND_HAND)
LOAD_BALANCER = Price(0.0225, "load balancer: hour", _BALANCING, Known.UNREAD)
LCU = Price(0.008, "load balancer: LCU and hour (1 GB)", _BALANCING, Known.UNREAD)
WEB_ACL = Price(5.00, "web ACL: month", _WAF, Known.UNREAD)
WEB_ACL_RULE = Price(1.00, "web ACL: rule and month", _WAF, Known.UNREAD)
KMS_KEY = Price(1.00, "KMS: key and month", "https://aws.amazon.com/kms/pricing/", Known.UNREAD)
LOGS_GB = Price(0.50, "logs: GB taken in", _CLOUDWATCH, Known.UNREAD)
ALARM = Price(0.10, "alarm: metric and month", _CLOUDWATCH, Known.UNREAD)
LOG_METRIC = Price(0.30, "metric of one's own: month", _CLOUDWATCH, Known.UNREAD)
S3_PUT = Price(0.005, "S3: 1,000 writes", _S3, Known.UNREAD)
S3_GB = Price(0.023, "S3: GB and month", _S3, Known.UNREAD)
# Of Nova 2 Sonic; Nova 2.5 Sonic is taken to cost the same.
SPEECH_IN = Price(3.00, "Nova Sonic: million tokens heard", _BEDROCK, Known.UNREAD)
SPEECH_OUT = Price(12.00, "Nova Sonic: million tokens spoken", _BEDROCK, Known.UNREAD)
TEXT_IN = Price(0.33, "Nova Sonic: million tokens read", _BEDROCK, Known.SECOND_HAND)
TEXT_OUT = Price(2.75, "Nova Sonic: million tokens written", _BEDROCK, Known.SECOND_HAND)
DAILY_MINUTE = Price(
    0.00099, "Daily: participant and minute, sound alone", "https://www.daily.co/pricing/", Known.UNREAD
)

PRICES = {name: price for name, price in globals().items() if isinstance(price, Price)}
"""Each by its name."""
