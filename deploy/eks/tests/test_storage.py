"""The buckets: versions, keys, TLS, no public access, an end to everything."""

import re

import pytest
from aws_cdk.assertions import Match
from conftest import HOME
from policies import Request, allowed
from site_of import Site
from test_identities import bucket_policy

BUCKETS = ("StorageArtifacts", "Recordings", "StorageAccessLogs")
INTERVIEWS = BUCKETS[:2]


@pytest.mark.parametrize("part", BUCKETS)
def test_nothing_in_a_bucket_is_public(three: Site, part: str) -> None:
    bucket = three.first.of("AWS::S3::Bucket")[three.first.named("AWS::S3::Bucket", part)]
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize("part", BUCKETS)
def test_a_bucket_answers_by_tls_alone(three: Site, part: str) -> None:
    stack = three.first
    name = stack.named("AWS::S3::Bucket", part)
    policy = bucket_policy(stack, name)
    everything = [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
    wanted = {("true", "1.3"): True, ("true", "1.2"): True, ("true", "1.1"): False, ("false", "1.3"): False}
    requests = [
        Request(
            f"arn:aws:iam::{stack.account}:role/administrator",
            "s3:GetObject",
            f"arn:aws:s3:::{name.lower()}/key",
            {"aws:SecureTransport": secure, "s3:TlsVersion": version},
            resource_policy=policy,
        )
        for secure, version in wanted
    ]
    assert dict(zip(wanted, allowed(stack, requests, everything), strict=True)) == wanted


@pytest.mark.parametrize(("part", "days", "versions"), [("StorageArtifacts", 400, 14), ("Recordings", 60, 1)])
def test_interviews_are_versioned_under_their_own_key_and_end(three: Site, part: str, days: int, versions: int) -> None:
    stack = three.first
    bucket = stack.of("AWS::S3::Bucket")[stack.named("AWS::S3::Bucket", part)]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    ((encryption),) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    default = encryption["ServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == "aws:kms"
    assert default["KMSMasterKeyID"]["Fn::GetAtt"][0] in stack.of("AWS::KMS::Key")
    retention, markers = bucket["LifecycleConfiguration"]["Rules"]
    assert (retention["Status"], retention["ExpirationInDays"]) == ("Enabled", days)
    assert retention["NoncurrentVersionExpiration"] == {"NoncurrentDays": versions}
    assert retention["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert markers["ExpiredObjectDeleteMarker"] is True
    assert bucket["LoggingConfiguration"]["DestinationBucketName"] == {
        "Ref": stack.named("AWS::S3::Bucket", "StorageAccessLogs")
    }


def test_access_logs_are_encrypted_and_end(three: Site) -> None:
    stack = three.first
    bucket = stack.of("AWS::S3::Bucket")[stack.named("AWS::S3::Bucket", "StorageAccessLogs")]
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    # The only one that load balancers write with.
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    (end,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (end["Status"], end["ExpirationInDays"]) == ("Enabled", three.settings.access_log_days)
    assert end["NoncurrentVersionExpiration"] == {"NoncurrentDays": 14}
    assert end["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_recordings_and_transcripts_have_a_key_each(three: Site) -> None:
    keys = {
        bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"][
            "KMSMasterKeyID"
        ]["Fn::GetAtt"][0]
        for name, bucket in three.first.of("AWS::S3::Bucket").items()
        if name.startswith(INTERVIEWS)
    }
    assert len(keys) == 2


def test_what_was_kept_outlives_the_stack(three: Site) -> None:
    kept = {"AWS::S3::Bucket", "AWS::Logs::LogGroup", "AWS::ECR::Repository"}
    for name, resource in three.first.json["Resources"].items():
        key = resource["Type"] == "AWS::KMS::Key" and not name.startswith("Alarms")
        if resource["Type"] in kept or key:
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain", name


def _references(what: object) -> set[str]:
    """The logical ids that a property refers to."""
    if isinstance(what, dict):
        if {*what} == {"Ref"}:
            return {what["Ref"]}
        if {*what} == {"Fn::GetAtt"}:
            return {what["Fn::GetAtt"][0]}
        return set().union(*map(_references, what.values()))
    return set().union(*map(_references, what)) if isinstance(what, list) else set()


def test_what_outlived_a_stack_can_be_taken_in_again_by_one_import(three: Site) -> None:
    """A template of it alone is whole, and docs/operations/backup.md says by which property each kind is imported."""
    resources = three.first.json["Resources"]
    kept = {name for name, resource in resources.items() if resource.get("DeletionPolicy") == "Retain"}
    for name in kept:
        references = {each for each in _references(resources[name]["Properties"]) if not each.startswith("AWS::")}
        assert references <= kept, name
        assert "DependsOn" not in resources[name]
    page = (HOME.parents[1] / "docs/operations/backup.md").read_text()
    assert {resources[name]["Type"] for name in kept} == {*re.findall(r'"(AWS::\w+::\w+)": "', page)}


def test_log_groups_and_repositories_that_are_deleted_in_place_of_it_are_named_as_the_page_says(three: Site) -> None:
    page = (HOME.parents[1] / "docs/operations/backup.md").read_text()
    (pattern,) = re.findall(r"grep -xE '(.+)'", page)
    groups = [entry["LogGroupName"] for entry in three.first.of("AWS::Logs::LogGroup").values()]
    assert all(re.fullmatch(pattern.replace("INSTALLATION", "talks"), name) for name in groups), groups
    (images,) = re.findall(r"for image in (.+); do\n  aws ecr", page)
    assert {f"talks/{image}" for image in images.split()} == {
        entry["RepositoryName"] for entry in three.first.of("AWS::ECR::Repository").values()
    }


def test_a_bucket_for_recordings_is_of_one_daily_domain(three: Site) -> None:
    """Daily is told the domain's name by who asks, so that nobody else's domain writes here."""
    domains = {}
    for region, stack in three.stacks.items():
        trusted = [
            statement["Condition"]["StringEquals"]["sts:ExternalId"]
            for name, role in stack.of("AWS::IAM::Role").items()
            if name.startswith("Recordings")
            for statement in role["AssumeRolePolicyDocument"]["Statement"]
        ]
        buckets = [name for name in stack.of("AWS::S3::Bucket") if name.startswith("Recordings")]
        assert len(buckets) == len(trusted)
        domains[region] = trusted
    assert domains == {"us-east-1": ["acme-us"], "eu-north-1": ["acme-eu"], "ap-south-1": []}


def test_without_a_daily_domain_there_is_no_bucket_for_it(one: Site) -> None:
    assert not [name for name in one.first.of("AWS::S3::Bucket") if name.startswith("Recordings")]


def test_daily_gets_sessions_as_long_as_it_asks_for(three: Site) -> None:
    three.first.template.has_resource_properties(
        "AWS::IAM::Role", {"MaxSessionDuration": 43200, "Description": Match.string_like_regexp("recordings")}
    )


@pytest.mark.parametrize(
    ("path", "source", "answer"),
    [
        ("load-balancers/AWSLogs/111122223333/elasticloadbalancing/x", "111122223333", True),
        ("load-balancers/AWSLogs/111122223333/elasticloadbalancing/x", "999988887777", False),
        ("buckets/artifacts/x", "111122223333", False),
    ],
)
def test_load_balancers_of_this_account_write_their_logs(three: Site, path: str, source: str, answer: bool) -> None:
    stack = three.first
    name = stack.named("AWS::S3::Bucket", "StorageAccessLogs")
    request = Request(
        "logdelivery.elasticloadbalancing.amazonaws.com",
        "s3:PutObject",
        f"arn:aws:s3:::{name.lower()}/{path}",
        {
            "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.3",
            "aws:SourceArn": f"arn:aws:elasticloadbalancing:us-east-1:{source}:loadbalancer/app/talks-api/0123",
        },
        resource_policy=bucket_policy(stack, name),
    )
    assert allowed(stack, [request], []) == [answer]
