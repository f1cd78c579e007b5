"""Each role allows what its program needs and refuses the rest, by an evaluator of IAM's rules."""

import json

import pytest
from policies import Request, allowed, identity_of
from site_of import ISSUER, Site, Stack


def role_arn(stack: Stack, role: str) -> str:
    return f"arn:aws:iam::{stack.account}:role/{role.lower()}"


def asked(stack: Stack, role: str, wanted: dict[tuple[str, str], bool], **more) -> None:
    """Asks for each action on each resource, and holds the answers against the expected ones."""
    requests = [Request(role_arn(stack, role), action, resource, **more) for action, resource in wanted]
    answers = allowed(stack, requests, identity_of(stack, role))
    assert dict(zip(wanted, answers, strict=True)) == wanted


def key_policy(stack: Stack, key: str):
    return stack.value(stack.of("AWS::KMS::Key")[key]["KeyPolicy"])


def bucket_policy(stack: Stack, bucket: str):
    (policy,) = [
        policy["PolicyDocument"]
        for policy in stack.of("AWS::S3::BucketPolicy").values()
        if policy["Bucket"] == {"Ref": bucket}
    ]
    return stack.value(policy)


def test_a_bot_speaks_with_the_installations_models_and_does_nothing_else(three: Site) -> None:
    stack = three.first
    model = "arn:aws:bedrock:us-east-1::foundation-model/"
    asked(
        stack,
        stack.named("AWS::IAM::Role", "IdentitiesBot"),
        {
            ("bedrock:InvokeModel", model + "amazon.nova-2-5-sonic"): True,
            ("bedrock:InvokeModel", model + "amazon.nova-2-sonic-v1:0"): True,
            ("bedrock:InvokeModel", model + "amazon.nova-pro-v1:0"): False,
            ("bedrock:InvokeModel", model + "amazon.nova-2-5-sonic-large"): False,
            ("bedrock:InvokeModel", "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-2-5-sonic"): False,
            ("bedrock:InvokeModelWithResponseStream", model + "amazon.nova-2-5-sonic"): False,
            ("bedrock:GetFoundationModel", model + "amazon.nova-2-5-sonic"): False,
            ("s3:GetObject", f"arn:aws:s3:::{stack.told('Bucket')}/interviews/a/b/transcript.json"): False,
            ("ssm:GetParameter", f"arn:aws:ssm:us-east-1:{stack.account}:parameter/parley/talks/daily-api-key"): False,
            ("sts:AssumeRole", stack.told("ApiRole")): False,
        },
    )


def test_a_region_without_the_model_calls_it_where_it_is(three: Site) -> None:
    stack = three.stacks["ap-south-1"]
    asked(
        stack,
        stack.named("AWS::IAM::Role", "IdentitiesBot"),
        {
            ("bedrock:InvokeModel", f"arn:aws:bedrock:{region}::foundation-model/amazon.nova-2-5-sonic"): answer
            for region, answer in (("ap-northeast-1", True), ("ap-south-1", False))
        },
    )


def test_the_api_keeps_interviews_in_its_bucket_and_touches_no_other(three: Site) -> None:
    stack = three.first
    role = stack.named("AWS::IAM::Role", "IdentitiesApi")
    bucket, recordings = f"arn:aws:s3:::{stack.told('Bucket')}", f"arn:aws:s3:::{stack.told('RecordingsBucket')}"
    policy = bucket_policy(stack, stack.named("AWS::S3::Bucket", "StorageArtifacts"))
    needed = [
        (action, f"{bucket}/interviews/team/uid/transcript.json")
        for action in (
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:AbortMultipartUpload",
        )
    ] + [(action, bucket) for action in ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads")]
    secure = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
    asked(stack, role, dict.fromkeys(needed, True), context=secure, resource_policy=policy)
    plain = {"aws:SecureTransport": "false", "s3:TlsVersion": "1.3"}
    asked(stack, role, dict.fromkeys(needed, False), context=plain, resource_policy=policy)
    old = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.1"}
    asked(stack, role, dict.fromkeys(needed, False), context=old, resource_policy=policy)
    asked(
        stack,
        role,
        {
            ("s3:PutObject", f"{bucket}/elsewhere"): False,
            ("s3:GetObject", f"{recordings}/talk.mp4"): False,
            ("s3:ListBucket", recordings): False,
            ("s3:GetObject", "arn:aws:s3:::somebody-elses/interviews/a"): False,
            ("s3:DeleteBucket", bucket): False,
            ("s3:PutBucketPolicy", bucket): False,
            ("s3:PutLifecycleConfiguration", bucket): False,
            ("bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-5-sonic"): False,
        },
    )


def test_the_api_uses_its_key_and_no_other(three: Site) -> None:
    stack = three.first
    role = stack.named("AWS::IAM::Role", "IdentitiesApi")
    for part, answer in (("StorageKey", True), ("RecordingsKey", False), ("ParametersKey", False)):
        key = stack.named("AWS::KMS::Key", part)
        arn = f"arn:aws:kms:us-east-1:{stack.account}:key/{key.lower()}"
        asked(
            stack,
            role,
            {
                ("kms:GenerateDataKey", arn): answer,
                ("kms:Decrypt", arn): answer,
                ("kms:ScheduleKeyDeletion", arn): False,
                ("kms:PutKeyPolicy", arn): False,
            },
            resource_policy=key_policy(stack, key),
        )


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({}, True),
        ({"s3:x-amz-server-side-encryption": "aws:kms"}, True),
        ({"s3:x-amz-server-side-encryption": "AES256"}, False),
        ({"s3:x-amz-server-side-encryption": "aws:kms", "key": "own"}, True),
        ({"s3:x-amz-server-side-encryption": "aws:kms", "key": "arn:aws:kms:us-east-1:999988887777:key/other"}, False),
    ],
)
def test_an_object_is_kept_under_the_buckets_key_or_not_at_all(three: Site, headers: dict, answer: bool) -> None:
    stack = three.first
    context = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", **headers}
    if key := context.pop("key", None):
        own = stack.told("BucketKey")
        context["s3:x-amz-server-side-encryption-aws-kms-key-id"] = own if key == "own" else key
    asked(
        stack,
        stack.named("AWS::IAM::Role", "IdentitiesApi"),
        {("s3:PutObject", f"arn:aws:s3:::{stack.told('Bucket')}/interviews/a/b/c"): answer},
        context=context,
        resource_policy=bucket_policy(stack, stack.named("AWS::S3::Bucket", "StorageArtifacts")),
    )


def test_external_secrets_reads_the_installations_parameters_alone(three: Site) -> None:
    stack = three.first
    role = stack.named("AWS::IAM::Role", "IdentitiesExternalSecrets")
    parameters = f"arn:aws:ssm:us-east-1:{stack.account}:parameter/"
    asked(
        stack,
        role,
        {
            ("ssm:GetParameters", parameters + "parley/talks/daily-api-key"): True,
            ("ssm:GetParameters", parameters + "parley/other/daily-api-key"): False,
            ("ssm:GetParametersByPath", parameters + "parley/talks"): False,
            ("ssm:GetParameter", parameters + "parley/talks/daily-api-key"): True,
            ("ssm:GetParameter", parameters + "parley/other/daily-api-key"): False,
            ("ssm:GetParameter", parameters + "parley/talksmore"): False,
            ("ssm:PutParameter", parameters + "parley/talks/daily-api-key"): False,
            ("ssm:DeleteParameter", parameters + "parley/talks/daily-api-key"): False,
            ("ssm:DescribeParameters", "*"): False,
        },
    )


@pytest.mark.parametrize(
    ("via", "parameter", "answer"),
    [
        ("ssm.us-east-1.amazonaws.com", "parley/talks/daily-api-key", True),
        ("ssm.us-east-1.amazonaws.com", "parley/other/daily-api-key", False),
        ("s3.us-east-1.amazonaws.com", "parley/talks/daily-api-key", False),
    ],
)
def test_the_parameters_key_opens_parameters_alone(three: Site, via: str, parameter: str, answer: bool) -> None:
    stack = three.first
    key = stack.named("AWS::KMS::Key", "ParametersKey")
    asked(
        stack,
        stack.named("AWS::IAM::Role", "IdentitiesExternalSecrets"),
        {("kms:Decrypt", f"arn:aws:kms:us-east-1:{stack.account}:key/{key.lower()}"): answer},
        context={
            "kms:ViaService": via,
            "kms:EncryptionContext:PARAMETER_ARN": f"arn:aws:ssm:us-east-1:{stack.account}:parameter/{parameter}",
        },
        resource_policy=key_policy(stack, key),
    )


@pytest.mark.parametrize(
    ("zone", "name", "kind", "answer"),
    [
        ("Z0123456789ABCDEFGHIJ", "us.talks.example.com", "A", True),
        ("Z0123456789ABCDEFGHIJ", "api.us.talks.example.com", "AAAA", True),
        ("Z0123456789ABCDEFGHIJ", "a-parley.us.talks.example.com", "TXT", True),
        ("Z0123456789ABCDEFGHIJ", "cname-parley.api.us.talks.example.com", "TXT", True),
        # Whose it is, by another installation's prefix or another region's host.
        ("Z0123456789ABCDEFGHIJ", "a-another.us.talks.example.com", "TXT", False),
        ("Z0123456789ABCDEFGHIJ", "a-parley.eu.talks.example.com", "TXT", False),
        # Another region's, the company's own, and what mail is sent by.
        ("Z0123456789ABCDEFGHIJ", "eu.talks.example.com", "A", False),
        ("Z0123456789ABCDEFGHIJ", "example.com", "A", False),
        ("Z0123456789ABCDEFGHIJ", "us.talks.example.com", "MX", False),
        ("Z99999999", "us.talks.example.com", "A", False),
    ],
)
def test_external_dns_changes_its_regions_records_alone(
    three: Site, zone: str, name: str, kind: str, answer: bool
) -> None:
    stack = three.first
    asked(
        stack,
        stack.named("AWS::IAM::Role", "IdentitiesExternalDns"),
        {("route53:ChangeResourceRecordSets", f"arn:aws:route53:::hostedzone/{zone}"): answer},
        context={
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": [name],
            "route53:ChangeResourceRecordSetsRecordTypes": [kind],
        },
    )


def test_external_dns_lists_zones_and_the_records_of_its_own(three: Site) -> None:
    stack = three.first
    zone, another = (f"arn:aws:route53:::hostedzone/{id}" for id in ("Z0123456789ABCDEFGHIJ", "Z99999999"))
    asked(
        stack,
        stack.named("AWS::IAM::Role", "IdentitiesExternalDns"),
        {
            ("route53:ListHostedZones", "*"): True,
            ("route53:ListResourceRecordSets", zone): True,
            ("route53:ListTagsForResource", zone): True,
            ("route53:ListResourceRecordSets", another): False,
            ("route53:ListTagsForResource", another): False,
            ("route53:DeleteHostedZone", zone): False,
            ("route53:CreateHostedZone", "*"): False,
        },
    )


def test_keda_reads_metrics_and_does_nothing_else(three: Site) -> None:
    stack = three.first
    asked(
        stack,
        stack.named("AWS::IAM::Role", "IdentitiesKeda"),
        {
            ("cloudwatch:GetMetricData", "*"): True,
            ("cloudwatch:PutMetricData", "*"): False,
            ("cloudwatch:SetAlarmState", "*"): False,
            ("logs:FilterLogEvents", "*"): False,
        },
    )


def test_without_keda_there_is_no_role_for_it(one: Site) -> None:
    assert not [name for name in one.first.of("AWS::IAM::Role") if name.startswith("IdentitiesKeda")]


def test_daily_writes_recordings_and_can_take_none_away(three: Site) -> None:
    stack = three.first
    role = stack.named("AWS::IAM::Role", "RecordingsDaily")
    bucket = f"arn:aws:s3:::{stack.told('RecordingsBucket')}"
    asked(
        stack,
        role,
        {
            ("s3:PutObject", f"{bucket}/acme-talks/room/1.mp4"): True,
            ("s3:GetObject", f"{bucket}/acme-talks/room/1.mp4"): True,
            ("s3:ListBucket", bucket): True,
            ("s3:DeleteObject", f"{bucket}/acme-talks/room/1.mp4"): False,
            ("s3:GetObject", f"arn:aws:s3:::{stack.told('Bucket')}/interviews/a/b/transcript.json"): False,
        },
        context={"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"},
        resource_policy=bucket_policy(stack, stack.named("AWS::S3::Bucket", "Recordings")),
    )


@pytest.mark.parametrize(
    ("external_id", "answer"), [("acme-us", True), ("acme-eu", False), ("somebody-else", False), (None, False)]
)
def test_daily_takes_its_role_on_for_our_domain_alone(three: Site, external_id: str | None, answer: bool) -> None:
    stack = three.first
    role = stack.named("AWS::IAM::Role", "RecordingsDaily")
    trust = stack.value(stack.of("AWS::IAM::Role")[role]["AssumeRolePolicyDocument"])
    daily = "arn:aws:iam::291871421005:role/recorder"
    request = Request(
        daily,
        "sts:AssumeRole",
        role_arn(stack, role),
        {} if external_id is None else {"sts:ExternalId": external_id},
        resource_policy=trust,
    )
    may = [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}]
    assert allowed(stack, [request], may) == [answer]


ACCOUNTS = {
    "IdentitiesBot": ["parley-bots:parley-bot"],
    "IdentitiesApi": ["parley:parley-api", "parley:parley-retention"],
    "IdentitiesExternalSecrets": ["parley:parley-external-secrets"],
    "IdentitiesExternalDns": ["external-dns:external-dns"],
    "LoadBalancers": ["kube-system:aws-load-balancer-controller"],
    "IdentitiesKeda": ["keda:keda-operator"],
}
STRANGERS = [
    "default:default",
    "parley:default",
    "parley-bots:parley-api",
    "interviews:parley-bot",
    "parley:parley-api-x",
]


@pytest.mark.parametrize("part", ACCOUNTS)
def test_a_role_is_taken_on_by_its_service_accounts_alone(three: Site, part: str) -> None:
    stack = three.first
    role = stack.named("AWS::IAM::Role", part)
    # CloudFormation takes a policy as text where its keys are references.
    trust = json.loads(stack.value(stack.of("AWS::IAM::Role")[role]["AssumeRolePolicyDocument"]))
    wanted = {
        (account, audience): account in ACCOUNTS[part] and audience == "sts.amazonaws.com"
        for account in [name for names in ACCOUNTS.values() for name in names] + STRANGERS
        for audience in ("sts.amazonaws.com", "parley-api")
    }
    requests = [
        Request(
            f"arn:aws:iam::{stack.account}:oidc-provider/{ISSUER}",
            "sts:AssumeRoleWithWebIdentity",
            role_arn(stack, role),
            {f"{ISSUER}:sub": f"system:serviceaccount:{account}", f"{ISSUER}:aud": audience},
            resource_policy=trust,
        )
        for account, audience in wanted
    ]
    assert dict(zip(wanted, allowed(stack, requests, []), strict=True)) == wanted
