"""From settings to a cloud assembly: the stacks, and cdk-nag's rules held against them."""

from pathlib import Path

from aws_cdk import App, Validations
from aws_cdk.cx_api import CloudAssembly
from cdk_nag import AwsSolutionsChecks

from parley_eks.installation import install
from parley_eks.settings import Settings

_FEATURES = {
    # Partitions other than `aws` have no Nova Sonic; whole ARNs are what checkers and people can read.
    "@aws-cdk/core:enablePartitionLiterals": True,
    # Access logs by a bucket's policy; the ACL that they came by before is switched off.
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    # What CDK's own reading of the resources' schemas finds is an error, too.
    "@aws-cdk/core:validateAgainstDefaultRules": True,
}


def synthesise(settings: Settings, outdir: Path) -> CloudAssembly:
    """Writes the assembly to a folder.

    Raises:
        RuntimeError: cdk-nag found what nobody accepted; its report is on stderr and in the assembly.
    """
    app = App(context={**_FEATURES, **_zones(settings)}, outdir=str(outdir), analytics_reporting=False)
    install(app, settings)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app.synth()


def _zones(settings: Settings) -> dict[str, list[str]]:
    """The answer to what CDK would ask AWS where a subnet is looked for: the zones are the settings' own."""
    return {
        f"availability-zones:account={settings.account}:region={region.region}": list(region.availability_zones)
        for region in settings.regions
    }
