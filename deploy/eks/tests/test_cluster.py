"""The cluster: who reaches it, who may, what is encrypted and kept, and where pods run."""

import json
import re
from collections.abc import Sequence

import pytest
from aws_cdk.assertions import Match
from site_of import Site, most
from test_identities import asked
from test_network import subnets

from parley_eks.placement import MOST_SELECTORS, OWN, Selector, profiles
from parley_eks.settings import Settings


def test_secrets_are_under_a_key_of_our_own_that_rotates(one: Site) -> None:
    stack = one.first
    (cluster,) = stack.of("AWS::EKS::Cluster").values()
    ((config),) = cluster["EncryptionConfig"]
    assert config["Resources"] == ["secrets"]
    key, _ = config["Provider"]["KeyArn"]["Fn::GetAtt"]
    assert stack.of("AWS::KMS::Key")[key]["EnableKeyRotation"] is True


def test_every_key_rotates(three: Site) -> None:
    keys = three.first.of("AWS::KMS::Key")
    assert len(keys) >= 6
    assert all(key["EnableKeyRotation"] is True for key in keys.values())


def test_the_api_server_is_private_unless_networks_are_named(one: Site, three: Site) -> None:
    (alone,) = one.first.of("AWS::EKS::Cluster").values()
    (named,) = three.first.of("AWS::EKS::Cluster").values()
    private, restricted = alone["ResourcesVpcConfig"], named["ResourcesVpcConfig"]
    assert (private["EndpointPrivateAccess"], private["EndpointPublicAccess"]) == (True, False)
    assert (restricted["EndpointPrivateAccess"], restricted["EndpointPublicAccess"]) == (True, True)
    assert restricted["PublicAccessCidrs"] == ["203.0.113.0/24"]


def test_the_control_plane_is_in_private_subnets(one: Site) -> None:
    (cluster,) = one.first.of("AWS::EKS::Cluster").values()
    used = {subnet["Ref"] for subnet in cluster["ResourcesVpcConfig"]["SubnetIds"]}
    assert used == {*subnets(one.first, "Private")}


def test_the_control_planes_logs_are_kept_encrypted_and_end(one: Site) -> None:
    (cluster,) = one.first.of("AWS::EKS::Cluster").values()
    assert {entry["Type"] for entry in cluster["Logging"]["ClusterLogging"]["EnabledTypes"]} == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    one.first.template.has_resource_properties(
        "AWS::Logs::LogGroup",
        {"LogGroupName": "/aws/eks/parley/cluster", "RetentionInDays": 90, "KmsKeyId": Match.any_value()},
    )


def test_the_log_group_is_there_before_the_cluster(one: Site) -> None:
    resources = one.first.json["Resources"]
    (cluster,) = [resource for resource in resources.values() if resource["Type"] == "AWS::EKS::Cluster"]
    group = one.first.named("AWS::Logs::LogGroup", "LogsControlPlane")
    assert group in cluster["DependsOn"]


def test_every_log_group_is_encrypted_and_ends(three: Site) -> None:
    groups = three.first.of("AWS::Logs::LogGroup")
    assert len(groups) == 5
    assert all("KmsKeyId" in group and group["RetentionInDays"] == 90 for group in groups.values())


def test_access_is_by_entries_alone_and_whoever_makes_the_stack_gets_none(three: Site) -> None:
    (cluster,) = three.first.of("AWS::EKS::Cluster").values()
    assert cluster["AccessConfig"] == {
        "AuthenticationMode": "API",
        "BootstrapClusterCreatorAdminPermissions": False,
    }
    told = {
        entry["PrincipalArn"]: [
            policy["PolicyArn"].rpartition("/")[2] for policy in three.first.value(entry["AccessPolicies"])
        ]
        for entry in three.first.of("AWS::EKS::AccessEntry").values()
    }
    assert told == {
        "arn:aws:iam::111122223333:role/platform-team": ["AmazonEKSClusterAdminPolicy"],
        # It shows no Secrets.
        "arn:aws:iam::111122223333:role/support": ["AmazonEKSViewPolicy"],
    }


def test_there_are_no_ec2_nodes(three: Site) -> None:
    for stack in three.stacks.values():
        (cluster,) = stack.of("AWS::EKS::Cluster").values()
        assert cluster["ComputeConfig"]["Enabled"] is False
        for kind in ("AWS::EKS::Nodegroup", "AWS::EC2::Instance", "AWS::AutoScaling::AutoScalingGroup"):
            stack.template.resource_count_is(kind, 0)


def test_no_function_and_no_custom_resource_has_rights_in_the_account(three: Site) -> None:
    for stack in three.stacks.values():
        kinds = {resource["Type"] for resource in stack.json["Resources"].values()}
        assert not [kind for kind in kinds if kind.startswith(("Custom::", "AWS::Lambda::", "AWS::CloudFormation::"))]


def test_dns_runs_on_fargate_once_there_is_a_profile_for_it(one: Site) -> None:
    stack = one.first
    (addon,) = [r for r in stack.json["Resources"].values() if r["Type"] == "AWS::EKS::Addon"]
    assert addon["Properties"]["AddonName"] == "coredns"
    assert json.loads(addon["Properties"]["ConfigurationValues"])["computeType"] == "Fargate"
    assert stack.named("AWS::EKS::FargateProfile", "Fargatekubesystem") in addon["DependsOn"]
    (cluster,) = stack.of("AWS::EKS::Cluster").values()
    assert cluster["BootstrapSelfManagedAddons"] is False


def test_pods_run_in_private_subnets(one: Site) -> None:
    private = {*subnets(one.first, "Private")}
    found = one.first.of("AWS::EKS::FargateProfile")
    assert len(found) == 4
    assert all({subnet["Ref"] for subnet in profile["Subnets"]} == private for profile in found.values())


def test_every_profile_of_the_clusters_programs_pulls_by_their_role(three: Site) -> None:
    stack = three.first
    roles = {
        profile["FargateProfileName"]: profile["PodExecutionRoleArn"]["Fn::GetAtt"][0]
        for profile in stack.of("AWS::EKS::FargateProfile").values()
    }
    system, ours = (stack.named("AWS::IAM::Role", part) for part in ("FargateSystemPods", "FargateOurPods"))
    assert {*roles.values()} == {system, ours}
    assert {name for name, role in roles.items() if role == ours} == {*OWN}


def test_profiles_select_by_namespace_and_label(three: Site) -> None:
    told = {
        profile["FargateProfileName"]: [
            (selector["Namespace"], {label["Key"]: label["Value"] for label in selector.get("Labels", [])})
            for selector in profile["Selectors"]
        ]
        for profile in three.first.of("AWS::EKS::FargateProfile").values()
    }
    one, other = (name for name in told if name.startswith("system-"))
    assert told == {
        "kube-system": [("kube-system", {})],
        one: [(name, {}) for name in ("external-secrets", "external-dns", "argocd", "flux-system", "keda")],
        other: [("monitoring", {})],
        "control-plane": [("parley", {"app.kubernetes.io/instance": "parley"})],
        "bots": [("parley-bots", {"parley.dev/installation": "talks"})],
    }


def of_namespaces(system_namespaces: Sequence[str]) -> dict[str, tuple[Selector, ...]]:
    """The profiles of an installation with these of the cluster's programs, by name."""
    made = profiles(
        installation="parley",
        release="parley",
        namespace="parley",
        bots_namespace="parley-bots",
        system_namespaces=system_namespaces,
    )
    assert len({each.name for each in made}) == len(made)
    return {each.name: each.selectors for each in made}


FIRST = ["kube-system", "external-secrets", "external-dns", "argocd", "flux-system"]
MORE = [f"more-{number}" for number in range(11)]


def test_a_profile_of_a_name_never_changes_its_selectors() -> None:
    """CloudFormation makes a new profile for new selectors, and refuses to for one that keeps its name."""
    names: dict[str, tuple[Selector, ...]] = {}
    orders = [
        *(FIRST[:1] + FIRST[1:][:count] for count in range(len(FIRST))),
        *(FIRST + MORE[:count] for count in range(len(MORE) + 1)),
        *(FIRST[:gone] + FIRST[gone + 1 :] + MORE for gone in range(1, len(FIRST))),
        [*reversed(FIRST)],
    ]
    for order in orders:
        for name, selectors in of_namespaces(order).items():
            assert names.setdefault(name, selectors) == selectors


def test_a_namespace_more_leaves_every_full_profile_and_dns_alone() -> None:
    """With a profile go its pods: those of a profile that is not full yet start anew, and no others."""
    for count in range(len(MORE)):
        before, after = of_namespaces(FIRST + MORE[:count]), of_namespaces(FIRST + MORE[: count + 1])
        gone = [name for name in before if name not in after]
        assert len(gone) <= 1
        assert all(len(before[name]) < MOST_SELECTORS for name in gone)
        assert after["kube-system"] == (Selector("kube-system"),)


def test_the_most_namespaces_are_within_eks_quota_while_all_profiles_change() -> None:
    """A new profile is there before the old one goes; a cluster has ten, if AWS is not asked for more."""
    names = [*FIRST, *MORE]
    assert len(names) == most(Settings, "system_namespaces")
    before, after = of_namespaces(names), of_namespaces([*reversed(names)])
    assert len({*before, *after}) <= 10
    assert all(len(selectors) <= MOST_SELECTORS for selectors in (*before.values(), *after.values()))


@pytest.mark.parametrize(
    ("namespace", "labels", "profile"),
    [
        ("parley", {"app.kubernetes.io/instance": "parley", "app.kubernetes.io/name": "parley-api"}, "control-plane"),
        ("parley", {"app.kubernetes.io/name": "parley-api"}, None),
        ("parley-bots", {"parley.dev/installation": "parley", "parley.dev/attempt": "1"}, "bots"),
        ("parley-bots", {"parley.dev/installation": "another"}, None),
        ("kube-system", {"k8s-app": "kube-dns"}, "kube-system"),
        ("keda", {"app": "keda-operator"}, "system"),
        ("default", {"parley.dev/installation": "parley"}, None),
    ],
)
def test_a_pod_matches_one_profile_or_none(namespace: str, labels: dict[str, str], profile: str | None) -> None:
    found = [
        name
        for name, selectors in of_namespaces([*FIRST, "keda", "monitoring"]).items()
        if any(selector.matches(namespace, labels) for selector in selectors)
    ]
    # What follows in the name of a profile that can change stands for its selectors.
    assert [re.sub("^system-.*", "system", name) for name in found] == ([] if profile is None else [profile])


def test_fargates_roles_are_taken_on_for_this_clusters_profiles_alone(one: Site) -> None:
    stack = one.first
    for part in ("FargateSystemPods", "FargateOurPods"):
        role = stack.of("AWS::IAM::Role")[stack.named("AWS::IAM::Role", part)]
        (statement,) = stack.value(role["AssumeRolePolicyDocument"])["Statement"]
        assert statement["Principal"] == {"Service": "eks-fargate-pods.amazonaws.com"}
        assert statement["Condition"] == {
            "ArnLike": {"aws:SourceArn": "arn:aws:eks:us-east-1:111122223333:fargateprofile/parley/*"}
        }


PULL = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")


def test_our_pods_images_come_from_our_repositories_alone(one: Site) -> None:
    stack = one.first
    name = stack.named("AWS::IAM::Role", "FargateOurPods")
    assert "ManagedPolicyArns" not in stack.of("AWS::IAM::Role")[name]
    root = f"arn:aws:ecr:us-east-1:{stack.account}:repository/"
    own = [f"{root}parley/{image}" for image in ("operator", "api", "web", "bot")]
    others = [f"{root}another", f"{root}parley/emulators", own[0].replace("us-east-1", "eu-north-1")]
    asked(
        stack,
        name,
        {("ecr:GetAuthorizationToken", "*"): True}
        | {(action, repository): True for action in PULL for repository in own}
        | {(action, other): False for action in PULL for other in others}
        | {(action, own[0]): False for action in ("ecr:PutImage", "ecr:BatchDeleteImage", "ecr:SetRepositoryPolicy")},
    )


@pytest.mark.parametrize("part", ["FargateSystemPods", "FargateOurPods"])
def test_fargate_writes_the_pods_logs_and_no_other(one: Site, part: str) -> None:
    """Of the system's pods what the template says: the managed policy beside it is AWS's, and for images alone."""
    stack = one.first
    write = ("logs:CreateLogStream", "logs:PutLogEvents")
    root = f"arn:aws:logs:us-east-1:{stack.account}:log-group:"
    groups = {stack.value(entry["LogGroupName"]) for entry in stack.of("AWS::Logs::LogGroup").values()}
    assert "/parley/parley/pods" in groups
    stream = "log-stream:fargate-kube.var.log"
    asked(
        stack,
        stack.named("AWS::IAM::Role", part),
        {(action, f"{root}{group}:{stream}"): group == "/parley/parley/pods" for action in write for group in groups}
        | {("logs:CreateLogGroup", f"{root}/parley/parley/more"): False}
        | {("logs:DeleteLogGroup", f"{root}/parley/parley/pods"): False}
        | {("logs:PutRetentionPolicy", f"{root}/parley/parley/pods"): False}
        | {("s3:GetObject", "arn:aws:s3:::some-bucket/key"): False},
    )


def test_repositories_are_scanned_and_their_tags_stand(one: Site) -> None:
    repositories = one.first.of("AWS::ECR::Repository")
    assert {entry["RepositoryName"] for entry in repositories.values()} == {
        f"parley/{image}" for image in ("operator", "api", "web", "bot")
    }
    for repository in repositories.values():
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert repository["ImageTagMutability"] == "IMMUTABLE"
        assert repository["EncryptionConfiguration"]["EncryptionType"] == "KMS"
        # Only tags are counted: an SBOM has none, and must not push out an image nor go before it.
        (rule,) = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
        assert (rule["selection"]["tagStatus"], rule["selection"]["tagPatternList"]) == ("tagged", ["*"])
