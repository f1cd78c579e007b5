"""What is known of AWS regions: where Nova Sonic answers, which zones EKS takes, where Daily's media is near.

Figures as of November 2026; a region that is not here needs its `zones` and `modelRegion` in the settings.
"""

NOVA_SONIC_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-north-1", "ap-northeast-1"})
"""Regions with Nova Sonic, by pipecat 1.14's own list (`AWSNovaSonicLLMService`)."""

ZONES = {
    "us-east-1": ("us-east-1a", "us-east-1b", "us-east-1c"),
    "us-west-2": ("us-west-2a", "us-west-2b", "us-west-2c"),
    "eu-north-1": ("eu-north-1a", "eu-north-1b", "eu-north-1c"),
    "ap-northeast-1": ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"),
}
"""Three zones of each region that new accounts are given; us-east-1e has no EKS control plane."""

DAILY_GEO = {
    "us-east-1": "us-east-1",
    "us-west-2": "us-west-2",
    "eu-north-1": "eu-central-1",
    "ap-northeast-1": "ap-northeast-2",
}
"""The nearest of Daily's media regions (https://docs.daily.co/reference/rest-api/rooms/config, `geo`)."""

DAILY_GEOS = frozenset(
    {
        "af-south-1",
        "ap-northeast-2",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-central-1",
        "eu-west-2",
        "sa-east-1",
        "us-east-1",
        "us-west-2",
    }
)
"""Every value of `geo`, as in the templates' own schema (`parley_crds.template.DailyRegion`)."""
