"""ECR repositories of the four images that run in the cloud: scanned when pushed, a tag never changed."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from constructs import Construct

from parley_eks.settings import Settings

IMAGES = ("operator", "api", "web", "bot")


class Images(Construct):
    """The repositories, named as the chart names its images."""

    def __init__(self, scope: Construct, id: str, settings: Settings) -> None:
        super().__init__(scope, id)
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{settings.installation}-images",
            description="Parley's images",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.repositories = [
            ecr.Repository(
                self,
                image.capitalize(),
                repository_name=f"{settings.installation}/{image}",
                image_scan_on_push=True,
                image_tag_mutability=ecr.TagMutability.IMMUTABLE,
                encryption=ecr.RepositoryEncryption.KMS,
                encryption_key=key,
                # What has no tag is an image's SBOM or provenance, and goes with the image that it refers to.
                lifecycle_rules=[
                    ecr.LifecycleRule(
                        description="enough to roll back to",
                        rule_priority=1,
                        tag_status=ecr.TagStatus.TAGGED,
                        tag_pattern_list=["*"],
                        max_image_count=50,
                    ),
                ],
                removal_policy=RemovalPolicy.RETAIN,
            )
            for image in IMAGES
        ]
