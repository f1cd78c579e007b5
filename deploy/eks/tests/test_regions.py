"""Several regions: a stack and host names each, nothing shared, nothing routed by where somebody is."""

import json

from site_of import Site


def test_each_region_has_a_stack_of_its_own(three: Site) -> None:
    assert [path.name for path in three.templates] == [
        f"parley-talks-{part}.template.json" for part in ("ap-south-1", "budget", "eu-north-1", "us-east-1")
    ]


def test_a_stack_needs_nothing_of_another(three: Site) -> None:
    """A region that is lost takes no other with it, in a deployment neither."""
    manifest = json.loads((three.folder / "manifest.json").read_text())["artifacts"]
    stacks = {name for name, artifact in manifest.items() if artifact["type"] == "aws:cloudformation:stack"}
    for name in stacks:
        assert not stacks & {*manifest[name].get("dependencies", [])}
    for path in three.templates:
        assert "Fn::ImportValue" not in path.read_text()


def test_each_stack_is_of_its_account_and_region_and_not_deleted_by_mistake(three: Site) -> None:
    manifest = json.loads((three.folder / "manifest.json").read_text())["artifacts"]
    for region in three.stacks:
        artifact = manifest[f"parley-talks-{region}"]
        assert artifact["environment"] == f"aws://111122223333/{region}"
        assert artifact["properties"]["terminationProtection"] is True


def test_no_record_sends_a_link_to_the_nearest_cluster(three: Site) -> None:
    """Records are external-dns's, of each region's own hosts; a cluster knows its own links alone."""
    for path in three.templates:
        kinds = {resource["Type"] for resource in json.loads(path.read_text())["Resources"].values()}
        assert not {kind for kind in kinds if kind.startswith("AWS::Route53")}


def test_synthesis_asks_aws_nothing(three: Site) -> None:
    """What would be looked up in the account is listed in the manifest as missing."""
    assert "missing" not in json.loads((three.folder / "manifest.json").read_text())


def test_a_region_fits_cloudformation(three: Site) -> None:
    for path in three.templates:
        template = json.loads(path.read_text())
        assert len(template["Resources"]) <= 500
        assert path.stat().st_size <= 1_000_000
        assert len(template.get("Outputs", {})) <= 200
