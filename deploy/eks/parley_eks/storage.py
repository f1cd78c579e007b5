"""Buckets: the interviews' artifacts, Daily's recordings, and access logs."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from parley_eks.exceptions import accept, accept_objects
from parley_eks.names import BALANCER_LOGS
from parley_eks.settings import Settings

# A version that was overwritten or deleted is of use to nobody: the API takes all versions when it erases, and an
# accident is noticed within days.
_OLD_VERSIONS = Duration.days(14)
# What ends in the recordings' bucket has waited for it: there nothing is overwritten, and nobody but its owner deletes.
_ENDED_RECORDINGS = Duration.days(1)
_BUCKET_LOGS = "buckets"


class Storage(Construct):
    """The buckets of one region; what is in them stays when the stack goes."""

    def __init__(self, scope: Construct, id: str, settings: Settings) -> None:
        super().__init__(scope, id)
        self.access_logs = _access_logs(self, settings)
        self.key = _key(self, settings, "interviews")
        self.artifacts = private_bucket(
            self, "Artifacts", self.key, self.access_logs, Duration.days(settings.retention_days), _OLD_VERSIONS
        )


class Recordings(Construct):
    """A bucket for a Daily domain's recordings, and the role by which Daily writes there and nowhere else.

    Whoever erases an interview reaches none of them: Daily may not delete here, and Parley is told no file's name.

    https://docs.daily.co/docs/guides/features/recording/custom-s3-storage
    """

    DAILY_ACCOUNT = "291871421005"
    """Daily's AWS account, of the page above."""

    def __init__(self, scope: Construct, id: str, settings: Settings, storage: Storage, domain: str, days: int) -> None:
        super().__init__(scope, id)
        self.key = _key(self, settings, "recordings")
        self.bucket = private_bucket(
            self, "Recordings", self.key, storage.access_logs, Duration.days(days), _ENDED_RECORDINGS
        )
        self.role = iam.Role(
            self,
            "Daily",
            description="By which Daily writes recordings",
            assumed_by=iam.AccountPrincipal(self.DAILY_ACCOUNT),
            external_ids=[domain],
            # Daily asks for sessions of twelve hours, and is refused by a role that ends sooner.
            max_session_duration=Duration.hours(12),
        )
        for sid, actions, resource in (
            ("Bucket", _LIST, self.bucket.bucket_arn),
            (
                "Recordings",
                [*_WRITE, "s3:GetObjectVersion", "s3:ListMultipartUploadParts"],
                self.bucket.arn_for_objects("*"),
            ),
            ("Key", _KEY, self.key.key_arn),
        ):
            self.role.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=[resource]))
        accept_objects(self.role, self.bucket, "*", "the bucket holds Daily's recordings and nothing else")


def grant_artifacts(role: iam.Role, storage: Storage) -> None:
    """Lets a role keep interviews: every version of them (an erasure takes them all), and their key."""
    for sid, actions, resource in (
        ("Bucket", _LIST, storage.artifacts.bucket_arn),
        (
            "Interviews",
            [*_WRITE, "s3:DeleteObject", "s3:DeleteObjectVersion"],
            storage.artifacts.arn_for_objects("interviews/*"),
        ),
        ("Key", _KEY, storage.key.key_arn),
    ):
        role.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=[resource]))


_LIST = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
_WRITE = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
_KEY = ["kms:Decrypt", "kms:GenerateDataKey"]


def private_bucket(
    scope: Construct, id: str, key: kms.Key, access_logs: s3.Bucket, kept: Duration, versions_kept: Duration
) -> s3.Bucket:
    """A bucket of interviews' data: versioned, under the key alone, by TLS alone, with an end to everything in it.

    An object ends `kept` after it was written, and a version `versions_kept` after it ended or was overwritten.
    """
    bucket = s3.Bucket(
        scope,
        id,
        versioned=True,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        server_access_logs_bucket=access_logs,
        server_access_logs_prefix=f"{_BUCKET_LOGS}/{id.lower()}/",
        lifecycle_rules=[
            s3.LifecycleRule(
                id="retention",
                expiration=kept,
                noncurrent_version_expiration=versions_kept,
                abort_incomplete_multipart_upload_after=Duration.days(1),
            ),
            s3.LifecycleRule(id="delete-markers", expired_object_delete_marker=True),
        ],
        removal_policy=RemovalPolicy.RETAIN,
    )
    for statement in _own_key_alone(bucket, key):
        bucket.add_to_resource_policy(statement)
    return bucket


def _own_key_alone(bucket: s3.Bucket, key: kms.Key) -> list[iam.PolicyStatement]:
    """Refuses an object under another key, or under S3's own; one that names none gets the bucket's."""
    header = "s3:x-amz-server-side-encryption"
    return [
        iam.PolicyStatement(
            sid=sid,
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects("*")],
            # Without the second condition an absent header would count as another one.
            conditions={"StringNotEquals": {name: wanted}, "Null": {name: "false"}},
        )
        for sid, name, wanted in (
            ("KmsAlone", header, "aws:kms"),
            ("OwnKeyAlone", f"{header}-aws-kms-key-id", key.key_arn),
        )
    ]


def _key(scope: Construct, settings: Settings, name: str) -> kms.Key:
    return kms.Key(
        scope,
        "Key",
        alias=f"alias/{settings.installation}-{name}",
        description=f"Parley's {name}",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN,
    )


def _access_logs(scope: Construct, settings: Settings) -> s3.Bucket:
    bucket = s3.Bucket(
        scope,
        "AccessLogs",
        # The only encryption that load balancers write with.
        encryption=s3.BucketEncryption.S3_MANAGED,
        versioned=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="end",
                expiration=Duration.days(settings.access_log_days),
                noncurrent_version_expiration=_OLD_VERSIONS,
                abort_incomplete_multipart_upload_after=Duration.days(1),
            )
        ],
        removal_policy=RemovalPolicy.RETAIN,
    )
    stack = Stack.of(scope)
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="LoadBalancers",
            principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"{BALANCER_LOGS}/AWSLogs/{stack.account}/*")],
            conditions={
                "ArnLike": {
                    "aws:SourceArn": f"arn:aws:elasticloadbalancing:{stack.region}:{stack.account}:loadbalancer/*"
                }
            },
        )
    )
    accept(bucket, "CKV_AWS_18", "it holds the access logs; its own would never end")
    return bucket
