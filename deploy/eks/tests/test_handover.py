"""What Git gets: Helm values and manifests that name what AWS made, and agree with what its policies name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import HOME, THREE
from jsonschema import Draft202012Validator
from site_of import Site
from test_identities import ACCOUNTS

from parley_eks.handover.__main__ import files
from parley_eks.handover.manifests import DELIVERERS, MOST_LOGGING_CHARACTERS
from parley_eks.handover.told import OutputsError
from parley_eks.identities import record_names

CHART = HOME.parents[1] / "charts/parley"


def outputs(site: Site) -> dict:
    """What `cdk deploy --outputs-file` would write."""
    return {
        f"parley-{site.settings.installation}-{region}": {name: stack.told(name) for name in stack.json["Outputs"]}
        for region, stack in site.stacks.items()
    }


@pytest.fixture(scope="module")
def written(three: Site) -> dict[str, list]:
    return {path: [*yaml.safe_load_all(text)] for path, text in files(three.settings, outputs(three)).items()}


@pytest.fixture(scope="module")
def values(written: dict) -> dict:
    (found,) = written["us-east-1/parley.yaml"]
    return found


def test_every_region_gets_its_files(written: dict, three: Site) -> None:
    for region in three.stacks:
        names = {path.removeprefix(f"{region}/") for path in written if path.startswith(f"{region}/")}
        assert names == {"parley.yaml", "cluster.yaml", "namespaces.yaml"} | {
            f"addons/{chart}.yaml"
            for chart in ("aws-load-balancer-controller", "external-dns", "external-secrets", "keda", "metrics-server")
        }


def test_the_chart_takes_the_values(written: dict, three: Site) -> None:
    validator = Draft202012Validator(json.loads((CHART / "values.schema.json").read_text()))
    for region in three.stacks:
        merged = _merged(_merged(_yaml("values.yaml"), _yaml("values-eks.yaml")), written[f"{region}/parley.yaml"][0])
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(merged)] == []


def _yaml(name: str) -> dict:
    return yaml.safe_load((CHART / name).read_text())


def _merged(below: dict, above: dict) -> dict:
    """As Helm does: maps are merged, everything else is replaced."""
    both = {**below}
    for key, value in above.items():
        old = below.get(key)
        both[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def test_the_links_key_has_one_owner(written: dict, values: dict) -> None:
    """Parameter Store, by External Secrets: one of the chart's Job's would be replaced under links that are out."""
    assert values["links"]["makeKey"] is False
    assert "parley-link-key" in {m["metadata"]["name"] for m in written["us-east-1/cluster.yaml"]}


def test_links_carry_their_regions_own_host(written: dict, three: Site) -> None:
    for region in three.settings.regions:
        (found,) = written[f"{region.region}/parley.yaml"]
        assert found["links"]["baseUrl"] == f"https://{region.host}"
        assert found["api"]["publicUrl"] == f"https://{region.api_host}"
        assert found["api"]["corsOrigins"] == [f"https://{region.host}"]
        assert found["model"]["region"] == region.model
        assert found["image"]["registry"].startswith(f"111122223333.dkr.ecr.{region.region}.")


def test_webhooks_may_be_where_the_apis_group_reaches(values: dict, one: Site) -> None:
    """Of one setting: a network that only one of the two knew would be refused by the other."""
    assert values["api"]["webhooks"] == {"allowedNetworks": ["10.200.0.0/16"]}
    (without,) = yaml.safe_load_all(files(one.settings, outputs(one))["us-east-1/parley.yaml"])
    assert "webhooks" not in without["api"]


def test_each_regions_rooms_are_near_it(written: dict) -> None:
    for region, geo in (("us-east-1", "us-east-1"), ("eu-north-1", "eu-central-1"), ("ap-south-1", "ap-south-1")):
        (found,) = written[f"{region}/parley.yaml"]
        assert found["rooms"]["daily"]["geo"] == geo


def test_pages_and_api_have_a_load_balancer_each(values: dict, three: Site) -> None:
    stack = three.first
    web, api = (values["ingress"][service]["annotations"] for service in ("web", "api"))
    prefix = "alb.ingress.kubernetes.io"
    for key in ("group.name", "load-balancer-name", "security-groups", "wafv2-acl-arn"):
        assert web[f"{prefix}/{key}"] != api[f"{prefix}/{key}"]
    assert web[f"{prefix}/load-balancer-name"] == "talks-web"
    assert web[f"{prefix}/security-groups"] == stack.told("WebBalancerGroup")
    assert api[f"{prefix}/security-groups"] == stack.told("ApiBalancerGroup")
    for annotations in (web, api):
        assert annotations[f"{prefix}/certificate-arn"] == stack.told("Certificate")
        assert annotations[f"{prefix}/ssl-policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
        attributes = dict(pair.split("=") for pair in annotations[f"{prefix}/load-balancer-attributes"].split(","))
        assert attributes["access_logs.s3.bucket"] == stack.told("AccessLogs")
        assert int(attributes["idle_timeout.timeout_seconds"]) >= 60
        assert attributes["deletion_protection.enabled"] == "true"


def test_each_kind_of_pod_has_its_group(values: dict, three: Site) -> None:
    told = three.first.told
    assert values["securityGroups"] == {
        "operator": [told("OperatorGroup")],
        "api": [told("ApiGroup")],
        "web": [told("WebGroup")],
        "bots": [told("BotGroup"), told("MediaGroup")],
        "jobs": [told("JobsGroup")],
    }


def test_accounts_have_the_roles_that_trust_them(written: dict, values: dict, three: Site) -> None:
    told, role = three.first.told, "eks.amazonaws.com/role-arn"
    assert values["bots"]["serviceAccountAnnotations"] == {role: told("BotRole")}
    assert values["api"]["serviceAccountAnnotations"] == {role: told("ApiRole")}
    (controller,) = written["us-east-1/addons/aws-load-balancer-controller.yaml"]
    (dns,) = written["us-east-1/addons/external-dns.yaml"]
    (account,) = [m for m in written["us-east-1/cluster.yaml"] if m["kind"] == "ServiceAccount"]
    assert controller["serviceAccount"]["annotations"] == {role: told("LoadBalancersRole")}
    assert [f"kube-system:{controller['serviceAccount']['name']}"] == ACCOUNTS["LoadBalancers"]
    assert dns["serviceAccount"]["annotations"] == {role: told("ExternalDnsRole")}
    assert [f"external-dns:{dns['serviceAccount']['name']}"] == ACCOUNTS["IdentitiesExternalDns"]
    (keda,) = written["us-east-1/addons/keda.yaml"]
    assert keda["podIdentity"]["aws"]["irsa"] == {"enabled": True, "roleArn": told("KedaRole")}
    metadata = account["metadata"]
    assert metadata["annotations"] == {role: told("ExternalSecretsRole")}
    assert [f"{metadata['namespace']}:{metadata['name']}"] == ACCOUNTS["IdentitiesExternalSecrets"]


def test_the_controller_is_told_where_it_is(written: dict, three: Site) -> None:
    """On Fargate there is no metadata service to ask."""
    for region in three.stacks:
        (controller,) = written[f"{region}/addons/aws-load-balancer-controller.yaml"]
        assert controller["region"] == region
        assert controller["vpcId"] == three.stacks[region].told("VpcId")
        assert controller["clusterName"] == "talks"
        assert controller["defaultTargetType"] == "ip"
        assert controller["enableBackendSecurityGroup"] is False


def test_nothing_listens_where_the_kubelet_does(written: dict) -> None:
    (secrets,) = written["us-east-1/addons/external-secrets.yaml"]
    (metrics,) = written["us-east-1/addons/metrics-server.yaml"]
    assert 10250 not in (secrets["webhook"]["port"], metrics["containerPort"])


def test_external_dns_names_records_as_its_role_may(written: dict, three: Site) -> None:
    (dns,) = written["us-east-1/addons/external-dns.yaml"]
    patterns = record_names(three.settings.regions[0])
    # The filters are hosts, and a zone is none of them: without this flag it is passed over, and no record is made.
    assert "--aws-zone-match-parent" in dns["extraArgs"]
    for host in dns["domainFilters"]:
        assert host in patterns
        for kind in ("a", "aaaa", "cname"):
            owner = dns["txtPrefix"].replace("%{record_type}", kind) + host
            assert any(owner.endswith(pattern.removeprefix("*")) for pattern in patterns if pattern.startswith("*"))


def test_regions_know_their_own_records(written: dict, three: Site) -> None:
    owners = {written[f"{region}/addons/external-dns.yaml"][0]["txtOwnerId"] for region in three.stacks}
    assert len(owners) == 3


def test_pods_logs_go_to_the_group_that_fargate_may_write(written: dict, three: Site) -> None:
    (config,) = [m for m in written["us-east-1/namespaces.yaml"] if m["kind"] == "ConfigMap"]
    assert (config["metadata"]["namespace"], config["metadata"]["name"]) == ("aws-observability", "aws-logging")
    assert "log_group_name /parley/talks/pods\n" in config["data"]["output.conf"]
    assert "region us-east-1\n" in config["data"]["output.conf"]
    assert sum(map(len, config["data"].values())) <= MOST_LOGGING_CHARACTERS
    three.first.template.has_resource_properties("AWS::Logs::LogGroup", {"LogGroupName": "/parley/talks/pods"})


def test_fargates_logging_takes_the_configuration(written: dict) -> None:
    """Its rules: no [SERVICE] and no [INPUT], and of filters and outputs those that it knows."""
    (config,) = [m for m in written["us-east-1/namespaces.yaml"] if m["kind"] == "ConfigMap"]
    assert {*config["data"]} == {"flb_log_cw", "parsers.conf", "filters.conf", "output.conf"}
    for name, section, known in (
        ("filters.conf", "[FILTER]", {"parser", "kubernetes", "grep", "record_modifier", "modify", "nest"}),
        ("output.conf", "[OUTPUT]", {"cloudwatch_logs", "kinesis_firehose", "es", "cloudwatch", "kinesis"}),
    ):
        lines = [line.strip() for line in config["data"][name].splitlines()]
        assert {line for line in lines if line.startswith("[")} == {section}
        assert {line.split()[1] for line in lines if line.startswith("Name ")} <= known


def test_secrets_come_from_the_installations_parameters(written: dict) -> None:
    found = {
        m["metadata"]["name"]: [(each["secretKey"], each["remoteRef"]["key"]) for each in m["spec"]["data"]]
        for m in written["us-east-1/cluster.yaml"]
        if m["kind"] == "ExternalSecret"
    }
    assert found == {
        "parley-link-key": [("key", "/parley/talks/link-key")],
        "parley-daily": [("DAILY_API_KEY", "/parley/talks/daily-api-key")],
    }


def test_the_daily_secret_is_the_one_that_the_chart_mounts(values: dict) -> None:
    assert values["rooms"]["daily"]["existingSecret"] == "parley-daily"


def test_without_keda_there_is_none(one: Site) -> None:
    assert "keda" not in "".join(text for path, text in files(one.settings, outputs(one)).items() if "addons" in path)


def test_without_daily_no_key_is_asked_for_and_no_bot_sends_media(one: Site) -> None:
    texts = files(one.settings, outputs(one))
    assert "parley-daily" not in "".join(texts.values())
    found = yaml.safe_load(texts["us-east-1/parley.yaml"])
    assert found["securityGroups"]["bots"] == [one.first.told("BotGroup")]
    assert "rooms" not in found


def test_daily_is_used_without_a_bucket_of_ones_own(one: Site) -> None:
    """Where Daily keeps recordings itself, an erasure reaches them: who needs that does not go without Daily."""
    settings = one.settings.model_copy(update={"daily": True})
    texts = files(settings, outputs(one))
    found = yaml.safe_load(texts["us-east-1/parley.yaml"])
    assert found["rooms"]["daily"] == {"existingSecret": "parley-daily", "geo": "us-east-1"}
    assert found["securityGroups"]["bots"] == [one.first.told("BotGroup"), one.first.told("MediaGroup")]
    assert "/parley/parley/daily-api-key" in texts["us-east-1/cluster.yaml"]
    assert not [name for name in one.first.json["Outputs"] if name.startswith("Recordings")]


def test_the_operator_serves_the_namespaces_that_are_named_alone(written: dict, values: dict) -> None:
    assert values["operator"]["watchNamespaces"] == ["hiring-engineering", "hiring-sales"]


@pytest.fixture(scope="module")
def labels(written: dict) -> dict[str, dict]:
    documents = written["us-east-1/namespaces.yaml"]
    return {m["metadata"]["name"]: m["metadata"]["labels"] for m in documents if m["kind"] == "Namespace"}


def test_pod_security_is_on_every_namespace_before_a_pod_is(labels: dict, three: Site) -> None:
    # The bots' is the chart's; the deliverers' are their own.
    interviews = {"hiring-engineering", "hiring-sales"}
    programs = {*three.settings.system_namespaces} - DELIVERERS
    assert {*labels} == {"parley", "aws-observability"} | interviews | programs
    mixed = {"kube-system", "monitoring"}
    for name, found in labels.items():
        levels = {mode: found[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")}
        enforced = "baseline" if name in mixed else "restricted"
        assert levels == {"enforce": enforced, "audit": "restricted", "warn": "restricted"}, name


def test_the_page_names_the_namespaces_that_are_not_restricted(labels: dict) -> None:
    page = (HOME.parents[1] / "docs/deployment.md").read_text()
    section = page.partition("### Pod Security")[2].partition("\n### ")[0]
    level = "pod-security.kubernetes.io/enforce"
    for name in {name for name, found in labels.items() if found[level] != "restricted"} | DELIVERERS:
        assert f"`{name}`" in section, name


def test_no_namespace_is_made_beside_those(written: dict) -> None:
    others = [m for path, documents in written.items() if not path.endswith("/namespaces.yaml") for m in documents]
    assert "Namespace" not in {m.get("kind") for m in others}


def test_no_tool_takes_a_namespace_away(written: dict) -> None:
    for namespace in (m for m in written["us-east-1/namespaces.yaml"] if m["kind"] == "Namespace"):
        assert namespace["metadata"]["annotations"] == {
            "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
            "kustomize.toolkit.fluxcd.io/prune": "disabled",
        }


def test_a_rollout_waits_until_its_pods_are_targets(labels: dict) -> None:
    gate = "elbv2.k8s.aws/pod-readiness-gate-inject"
    assert {name for name, found in labels.items() if found.get(gate) == "enabled"} == {"parley"}


def test_fargate_looks_for_its_logging_where_the_label_is(labels: dict) -> None:
    assert {name for name, found in labels.items() if "aws-observability" in found} == {"aws-observability"}
    assert labels["aws-observability"]["aws-observability"] == "enabled"


def test_no_secret_is_in_any_file(written: dict) -> None:
    kinds = {manifest.get("kind") for documents in written.values() for manifest in documents}
    assert "Secret" not in kinds


def test_an_output_that_is_missing_is_named(three: Site) -> None:
    told = outputs(three)
    del told["parley-talks-eu-north-1"]["BotRole"]
    with pytest.raises(OutputsError, match=r"^parley-talks-eu-north-1\.BotRole: "):
        files(three.settings, told)
    del told["parley-talks-eu-north-1"]
    with pytest.raises(OutputsError, match=r"^parley-talks-eu-north-1: no such stack"):
        files(three.settings, told)


def test_the_command_writes_the_files(three: Site, tmp_path: Path) -> None:
    told = tmp_path / "outputs.json"
    told.write_text(json.dumps(outputs(three)))
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"context": THREE}))
    command = [sys.executable, "-m", "parley_eks.handover", str(told), str(tmp_path / "git")]
    environment = {"PARLEY_EKS_SETTINGS": str(settings), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(HOME)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "git/eu-north-1/addons/external-dns.yaml").exists()
    told.write_text("{}")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (
        2,
        "parley-talks-us-east-1: no such stack in the outputs; deploy it with --outputs-file\n",
    )
