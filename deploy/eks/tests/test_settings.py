"""A setting that is wrong is named, before AWS is asked for anything."""

import json

import pytest
from conftest import ONE, THREE

from parley_eks.settings import SettingsError, read_settings


def region(**changed):
    return [{**ONE["parley:regions"][0], **changed}]


@pytest.mark.parametrize("context", [ONE, THREE])
def test_the_examples_are_settings(context: dict) -> None:
    assert read_settings(context).account == "111122223333"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("account", "1234", "parley:account: "),
        ("acount", "111122223333", "parley:acount: "),
        ("installation", "Parley", "parley:installation: "),
        # What it names has to be short: the chart takes no longer one, and a load balancer's name is of two such.
        ("installation", "p" * 23, "parley:installation: "),
        ("regions", [], "parley:regions: "),
        ("regions", region(host="interviews.example.org"), "parley:regions: interviews.example.org is not in"),
        ("regions", region(apiHost="interviews.example.com"), "parley:regions.0: apiHost: "),
        ("regions", region(region="mars-1"), "parley:regions.0.region: "),
        ("regions", region(region="eu-central-1"), "parley:regions.0: zones: "),
        (
            "regions",
            region(region="eu-central-1", zones=["eu-central-1a", "eu-central-1b", "eu-central-1c"]),
            "parley:regions.0: modelRegion: Nova Sonic does not answer in eu-central-1",
        ),
        ("regions", region(zones=["us-east-1a", "us-east-1a", "us-east-1b"]), "parley:regions.0: zones: "),
        ("regions", region(dailyGeo="eu-north-1"), "parley:regions.0: dailyGeo: "),
        ("regions", region(cidr="10.0.0.0/24"), "parley:regions.0.cidr: "),
        ("regions", region(cidr="52.0.0.0/16"), "parley:regions.0.cidr: "),
        ("regions", region(hosts="x"), "parley:regions.0.hosts: "),
        ("admins", [], "parley:admins: "),
        ("admins", ["arn:aws:iam::111122223333:user/me"], "parley:admins.0: "),
        ("apiServerCidrs", ["0.0.0.0/0"], "parley:apiServerCidrs: 0.0.0.0/0 is most of the Internet"),
        ("webhookNetworks", ["10.64.7.0/24"], "parley:webhookNetworks: 10.64.7.0/24 is in us-east-1's own network"),
        ("webhookNetworks", ["10.0.0.0/8"], "parley:webhookNetworks: 10.0.0.0/8 is in us-east-1's own network"),
        ("webhookNetworks", ["52.94.0.0/16"], "parley:webhookNetworks: 52.94.0.0/16 is no private network"),
        ("webhookNetworks", ["169.254.169.254/32"], "parley:webhookNetworks: 169.254.169.254/32 is no private network"),
        ("webhookNetworks", ["10.2.0.7"] * 9, "parley:webhookNetworks: "),
        ("models", ["amazon.*"], "parley:models: "),
        ("systemNamespaces", ["external-dns"], "parley:systemNamespaces: kube-system"),
        ("systemNamespaces", ["kube-system", *(f"more-{n}" for n in range(16))], "parley:systemNamespaces: "),
        ("keda", True, "parley:keda: add its namespace"),
        ("botsNamespace", "parley", "parley:namespaces: parley is used twice"),
        ("interviewNamespaces", ["kube-system"], "parley:namespaces: kube-system is used twice"),
        ("retentionDays", 0, "parley:retentionDays: "),
        ("retentionDays", "ninety", "parley:retentionDays: "),
        ("logDays", 42, "parley:logDays: "),
        ("natGateways", 4, "parley:natGateways: "),
        ("budget", {"monthlyUsd": 10}, "parley:budget.emails: is missing"),
        ("kubernetesVersion", "1.29", "parley:kubernetesVersion: "),
        ("daily", "perhaps", "parley:daily: "),
        ("dailyDomain", "acme", "parley:dailyDomain: "),
        ("regions", region(dailyDomain="acme.daily.co", recordingsDays=30), "parley:regions.0.dailyDomain: "),
        ("regions", region(dailyDomain="acme", recordingsDays=0), "parley:regions.0.recordingsDays: "),
        ("regions", region(dailyDomain="acme"), "parley:regions.0: dailyDomain, recordingsDays: "),
        ("regions", region(recordingsDays=30), "parley:regions.0: dailyDomain, recordingsDays: "),
        (
            "regions",
            region(dailyDomain="acme", recordingsDays=30),
            "parley:regions: us-east-1 has a dailyDomain, and parley:daily is not true",
        ),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: object, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({**ONE, f"parley:{name}": value})
    assert any(line.startswith(told) for line in str(raised.value).splitlines()), raised.value


@pytest.mark.parametrize("name", ["account", "regions", "hostedZone", "admins"])
def test_what_has_no_default_is_missed_by_its_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^parley:{name}: is missing$"):
        read_settings({key: value for key, value in ONE.items() if key != f"parley:{name}"})


def test_a_name_of_two_clusters_is_refused() -> None:
    """A link is known to one cluster alone."""
    second = {"region": "us-west-2", "host": "interviews.example.com", "apiHost": "west-api.example.com"}
    with pytest.raises(SettingsError, match=r"interviews\.example\.com is the host of two"):
        read_settings({**ONE, "parley:regions": [*ONE["parley:regions"], second]})


def test_a_daily_domain_has_one_bucket() -> None:
    """Its setting at Daily is the domain's: of two regions one would record into the other's."""
    bucket = {"dailyDomain": "acme", "recordingsDays": 30}
    second = {"region": "us-west-2", "host": "b.example.com", "apiHost": "b-api.example.com", **bucket}
    context = {**ONE, "parley:daily": True}
    with pytest.raises(SettingsError, match=r"^parley:regions: dailyDomain acme is of two; "):
        read_settings({**context, "parley:regions": [*region(**bucket), second]})
    apart = read_settings({**context, "parley:regions": [*region(**bucket), {**second, "dailyDomain": "acme-west"}]})
    assert [each.daily_domain for each in apart.regions] == ["acme", "acme-west"]


def test_daily_needs_no_bucket() -> None:
    settings = read_settings({**ONE, "parley:daily": "true"})
    assert (settings.daily, [each.daily_domain for each in settings.regions]) == (True, [None])


def test_a_region_stands_once() -> None:
    second = {"region": "us-east-1", "host": "b.example.com", "apiHost": "b-api.example.com"}
    with pytest.raises(SettingsError, match="parley:regions: a region stands there twice"):
        read_settings({**ONE, "parley:regions": [*ONE["parley:regions"], second]})


def test_the_command_line_says_numbers_and_lists_as_text() -> None:
    settings = read_settings(
        {**ONE, "parley:retentionDays": "90", "parley:models": json.dumps(["amazon.nova-2-sonic-v1:0"])}
    )
    assert (settings.retention_days, settings.models) == (90, ("amazon.nova-2-sonic-v1:0",))


def test_other_context_is_the_cdks_own() -> None:
    assert read_settings({**ONE, "@aws-cdk/core:something": True}) == read_settings(ONE)
