"""What `deploy/gitops` holds for Argo CD and Flux: valid by their own CRDs, and no wider than it says."""

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.argo_projects import group_and_kind, refused_objects, refused_spec
from support.chart import CHART, documents_of, helm
from support.control_plane import ControlPlane
from support.eks import handed_over, settings_of

type Json = dict[str, Any]

GITOPS = Path(__file__).parents[3] / "deploy/gitops"
CLUSTER = GITOPS / "clusters/eu-north-1"
TEAMS = sorted(folder.parent.name for folder in (GITOPS / "templates").glob("*/kustomization.yaml"))
VALUES = [CLUSTER / f"{name}.yaml" for name in ("parley", "images", "values")]
ADDONS = {path.stem: path for path in (CLUSTER / "addons").glob("*.yaml")}
OWN = f"clusters/{CLUSTER.name}"
ARGO = f"{OWN}/argocd"
FLUX = f"{OWN}/flux"
BUILDS = [ARGO, FLUX, f"{FLUX}/namespaces", f"{FLUX}/addons", f"{FLUX}/installation", "flux/teams", "installation"]


def build(plane: ControlPlane, folder: str, root: Path = GITOPS) -> list[Json]:
    """As both tools build it: Flux reads files from anywhere in the repository, and kubectl within a folder alone."""
    restrictor = "LoadRestrictionsNone" if "flux/" in folder else "LoadRestrictionsRootOnly"
    words = ("kustomize", f"--load-restrictor={restrictor}", str(root / folder))
    return documents_of(plane.kubectl(*words).stdout)


def of_kind(plane: ControlPlane, folder: str, kind: str, root: Path = GITOPS) -> dict[str, Json]:
    return {one["metadata"]["name"]: one for one in build(plane, folder, root) if one["kind"] == kind}


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane, peers: None) -> ControlPlane:
    """An API server that knows the tools' kinds, with the namespaces and accounts of the installation."""
    for name in ("argocd", "flux-system"):
        control_plane.kubectl("create", "namespace", name, check=False)
    control_plane.kubectl("apply", "--server-side", "-f", str(CLUSTER / "namespaces.yaml"))
    control_plane.kubectl("apply", "--server-side", "-k", str(GITOPS / "installation"))
    return control_plane


@pytest.mark.parametrize("folder", BUILDS)
def test_an_api_server_with_their_crds_takes_it(folder: str, plane: ControlPlane) -> None:
    words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    said = plane.kubectl(*words, stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": build(plane, folder)}))
    assert "Warning" not in said.stderr


def test_external_secrets_takes_what_brings_the_keys(plane: ControlPlane) -> None:
    """By its own CRDs, which say what an ExternalSecret and a SecretStore for Parameter Store may hold."""
    found = [
        one
        for one in documents_of((CLUSTER / "cluster.yaml").read_text())
        if one["apiVersion"].startswith("external-secrets.io/")
    ]
    assert {one["kind"] for one in found} == {"ExternalSecret", "SecretStore"}
    words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    for one in found:
        assert "Warning" not in plane.kubectl(*words, stdin=json.dumps(one)).stderr
    (store,) = [one for one in found if one["kind"] == "SecretStore"]
    store["spec"]["provider"]["aws"]["service"] = "Parameters"
    done = plane.kubectl(*words, stdin=json.dumps(store), check=False)
    assert done.returncode
    assert "spec.provider.aws.service" in done.stderr


def lists_of(value: Any, path: str = "") -> dict[str, list[Any]]:
    """Every list in a document by its path, those within lists by those."""
    if isinstance(value, list):
        return {path: value}
    inner = value.items() if isinstance(value, dict) else ()
    return {at: found for key, each in inner for at, found in lists_of(each, f"{path}.{key}").items()}


def test_what_the_api_server_applies_is_compared_by_it(plane: ControlPlane) -> None:
    """By its own comparison Argo CD takes what a schema defaults within a list for drift, and never comes to rest."""
    single, sets = (of_kind(plane, ARGO, kind) for kind in ("Application", "ApplicationSet"))
    for one in [*single.values(), *(each["spec"]["template"] for each in sets.values())]:
        options = one["spec"]["syncPolicy"]["syncOptions"]
        compared = one["metadata"].get("annotations", {}).get("argocd.argoproj.io/compare-options")
        assert ("ServerSideApply=true" in options, compared) == (True, "ServerSideDiff=true"), one["metadata"]["name"]


def in_namespace(namespace: str, document: Json) -> Json:
    return document | {"metadata": document["metadata"] | {"namespace": namespace}}


def test_what_is_stored_has_the_lists_that_were_delivered(plane: ControlPlane) -> None:
    """A list of another's kind is one value: by what a CRD's defaults add within one, it differs from Git for ever."""
    plane.kubectl("create", "namespace", "parley-bots", check=False)
    delivered = [
        *documents_of((CLUSTER / "cluster.yaml").read_text()),
        *rendered(CHART / "values-eks.yaml", *VALUES),
        *(in_namespace(f"hiring-{team}", one) for team in TEAMS for one in build(plane, f"templates/{team}")),
    ]
    groups = ("external-secrets.io/", "vpcresources.k8s.aws/", "parley.dev/")
    custom = [one for one in delivered if one["apiVersion"].startswith(groups)]
    assert {one["kind"] for one in custom} == {
        "ExternalSecret", "InterviewTemplate", "SecretStore", "SecurityGroupPolicy",
    }  # fmt: skip
    words = ("apply", "--server-side", "--field-manager=argocd", "--force-conflicts", "-o", "json", "-f", "-")
    for one in custom:
        stored = json.loads(plane.kubectl(*words, stdin=json.dumps(one)).stdout)
        assert {**lists_of(stored["spec"]), **lists_of(one["spec"])} == lists_of(stored["spec"]), one["metadata"]


def test_a_field_that_they_do_not_have_is_refused(plane: ControlPlane) -> None:
    application = of_kind(plane, ARGO, "Application")["parley"]
    application["spec"]["syncPolicy"]["automatic"] = True
    words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    done = plane.kubectl(*words, stdin=json.dumps(application), check=False)
    assert done.returncode
    assert "automatic" in done.stderr


def rendered(*files: Path) -> list[Json]:
    """The release by these values."""
    words = [word for file in files for word in ("-f", str(file))]
    done = helm("template", "parley", str(CHART), "--namespace", "parley", *words)
    assert done.returncode == 0, done.stderr
    return documents_of(done.stdout)


def by_reference(spec: Json, source: Json, root: Path = GITOPS) -> list[Path]:
    """The values' files of one of an Application's sources: of the chart, or of the repository that has a reference."""
    (reference,) = [one["ref"] for one in spec["sources"] if "ref" in one]
    return [
        root / file.removeprefix(f"${reference}/") if file.startswith("$") else CHART / file
        for file in source["helm"]["valueFiles"]
    ]


def by_config_map(release: Json, maps: dict[str, Json]) -> list[str]:
    """The values' texts that a HelmRelease names, in their order."""
    return [maps[one["name"]]["data"][one["valuesKey"]] for one in release["spec"]["valuesFrom"]]


def test_both_install_the_same_release(plane: ControlPlane) -> None:
    application = of_kind(plane, ARGO, "Application")["parley"]
    (source,) = [one for one in application["spec"]["sources"] if "helm" in one]
    argo = by_reference(application["spec"], source)
    assert argo == [CHART / "values-eks.yaml", *VALUES]
    release = of_kind(plane, f"{FLUX}/installation", "HelmRelease")["parley"]
    texts = by_config_map(release, of_kind(plane, f"{FLUX}/installation", "ConfigMap"))
    assert texts == [path.read_text() for path in VALUES]
    # Flux puts these in place of the chart's own values, which are the first of them therefore.
    files = [CHART.parents[1] / file for file in release["spec"]["chart"]["spec"]["valuesFiles"]]
    assert files == [CHART / "values.yaml", CHART / "values-eks.yaml"]
    assert (source["helm"]["releaseName"], release["spec"]["releaseName"]) == ("parley", "parley")


def test_the_release_is_of_the_images_that_are_named_by_digest(plane: ControlPlane) -> None:
    wanted = {
        each["image"]["digest"]
        for each in yaml.safe_load((CLUSTER / "images.yaml").read_text()).values()
        if "image" in each
    }
    text = json.dumps(rendered(CHART / "values-eks.yaml", *VALUES))
    assert len(wanted) == 4
    assert all(digest in text for digest in wanted)


def test_both_install_the_same_programs_by_the_handovers_values(plane: ControlPlane) -> None:
    assert_same_programs(plane, GITOPS, CLUSTER.name)


def assert_same_programs(plane: ControlPlane, root: Path, cluster: str) -> None:
    """What the handover has values for, and nothing else, is installed by either tool from the same charts."""
    addons = {path.stem: path for path in (root / "clusters" / cluster / "addons").glob("*.yaml")}
    argocd, flux = f"clusters/{cluster}/argocd", f"clusters/{cluster}/flux/addons"
    made = of_kind(plane, argocd, "ApplicationSet", root)["parley-addons"]["spec"]
    (generator,) = made["generators"]
    argo = {one["chart"]: one for one in generator["list"]["elements"]}
    (values,) = [one["helm"]["valueFiles"] for one in made["template"]["spec"]["sources"] if "helm" in one]
    assert values == [f"$installation/clusters/{cluster}/addons/{{{{.chart}}}}.yaml"]
    releases, maps = (of_kind(plane, flux, kind, root) for kind in ("HelmRelease", "ConfigMap"))
    repositories = of_kind(plane, flux, "HelmRepository", root)
    assert argo.keys() == releases.keys() == addons.keys()
    for name, release in releases.items():
        chart = release["spec"]["chart"]["spec"]
        assert {
            "chart": chart["chart"],
            "repository": repositories[chart["sourceRef"]["name"]]["spec"]["url"],
            "version": chart["version"],
            "namespace": release["spec"]["targetNamespace"],
        } == argo[name]
        assert by_config_map(release, maps) == [addons[name].read_text()]
    project = of_kind(plane, argocd, "AppProject", root)["parley-cluster"]["spec"]
    assert {one["repository"] for one in argo.values()} < {*project["sourceRepos"]}
    assert {one["namespace"] for one in argo.values()} < {one["namespace"] for one in project["destinations"]}


def test_whatever_the_handover_wrote_is_delivered_by_both(plane: ControlPlane) -> None:
    applications = of_kind(plane, ARGO, "Application")
    sources = [applications[f"parley-{name}"]["spec"]["source"] for name in ("namespaces", "cluster")]
    argo = [GITOPS / source["path"] / source["directory"]["include"] for source in sources]
    assert argo == [CLUSTER / "namespaces.yaml", CLUSTER / "cluster.yaml"]
    flux = [names(build(plane, folder)) for folder in (f"{FLUX}/namespaces", f"{FLUX}/installation")]
    for path, delivered in zip(argo, flux, strict=True):
        assert names(documents_of(path.read_text())) <= delivered
    written = {path for path in CLUSTER.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert written == {*argo, *VALUES, *ADDONS.values()}


@pytest.fixture(scope="module")
def three_regions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A platform team's repository for three regions with KEDA, made as docs/deployment.md says."""
    root = tmp_path_factory.mktemp("three") / "gitops"
    shutil.copytree(GITOPS, root, ignore=shutil.ignore_patterns("clusters"))
    for path, text in handed_over("three-regions").items():
        target = root / "clusters" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    for cluster in (root / "clusters").iterdir():
        for name in ("images.yaml", "values.yaml"):
            shutil.copy(CLUSTER / name, cluster)
        for tool in ("argocd", "flux"):
            shutil.copytree(CLUSTER / tool, cluster / tool)
        for file in cluster.rglob("kustomization.yaml"):
            file.write_text(file.read_text().replace(CLUSTER.name, cluster.name))
        with_keda(cluster / "argocd", "../../../argocd/keda")
        with_keda(cluster / "flux/addons", "../../../../flux/keda", "../../addons/keda.yaml")
    return root


def with_keda(folder: Path, component: str, values: str = "") -> None:
    file = folder / "kustomization.yaml"
    content = yaml.safe_load(file.read_text()) | {"components": [component]}
    if values:
        content["configMapGenerator"].append({"name": "keda-values", "files": [f"values.yaml={values}"]})
    file.write_text(yaml.safe_dump(content))


@pytest.mark.parametrize("cluster", [region.region for region in settings_of("three-regions").regions])
def test_each_region_has_a_cluster_of_its_own_with_keda_where_it_is_wanted(
    cluster: str, three_regions: Path, plane: ControlPlane
) -> None:
    own = f"clusters/{cluster}"
    assert "keda" in {path.stem for path in (three_regions / own / "addons").iterdir()}
    assert_same_programs(plane, three_regions, cluster)
    assert_projects_let_through(plane, cluster, three_regions)
    argocd = build(plane, f"{own}/argocd", three_regions)
    said = re.findall(r"clusters/[^\"{} ]+", json.dumps([argocd, build(plane, f"{own}/flux", three_regions)]))
    assert said
    assert all((three_regions / path.rstrip("/")).exists() for path in said), said
    assert {path.split("/")[1] for path in said} == {cluster}, "and nothing of another one's"
    folders = [f"{own}/{each}" for each in ("argocd", "flux", "flux/namespaces", "flux/addons", "flux/installation")]
    items = [one for folder in folders for one in build(plane, folder, three_regions)]
    taken = plane.kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts", "-f", "-",
        stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}),
    )  # fmt: skip
    assert "Warning" not in taken.stderr


def names(documents: list[Json]) -> set[tuple[str, str]]:
    return {(one["kind"], one["metadata"]["name"]) for one in documents}


def test_each_stage_of_flux_comes_after_what_it_needs(plane: ControlPlane) -> None:
    stages = of_kind(plane, FLUX, "Kustomization")
    order = ["parley-namespaces", "parley-addons", "parley", "parley-teams"]
    assert {*stages} == {*order}
    for before, after in pairwise(order):
        assert stages[after]["spec"]["dependsOn"] == [{"name": before}]
        assert stages[before]["spec"]["wait"] is True
    assert all((GITOPS / stage["spec"]["path"] / "kustomization.yaml").exists() for stage in stages.values())


def test_where_logs_go_is_there_before_any_pod(plane: ControlPlane) -> None:
    """Fargate reads it as a pod starts: one that is there before has no log in CloudWatch, for as long as it lives."""
    logging = ("ConfigMap", "aws-logging")
    first = build(plane, f"{FLUX}/namespaces")
    assert {kind for kind, _ in names(first)} == {"Namespace", "ConfigMap"}
    assert logging in names(first)
    assert logging in names(delivered(plane, of_kind(plane, ARGO, "Application")["parley-namespaces"]["spec"], GITOPS))
    later = [f"{FLUX}/addons", f"{FLUX}/installation"]
    assert all(logging not in names(build(plane, folder)) for folder in later)


def applications(plane: ControlPlane, cluster: str, root: Path) -> dict[str, Json]:
    """Every Application's spec by its name, those that the ApplicationSets make included."""
    folder = f"clusters/{cluster}/argocd"
    found = {name: one["spec"] for name, one in of_kind(plane, folder, "Application", root).items()}
    for made in of_kind(plane, folder, "ApplicationSet", root).values():
        (generator,) = made["spec"]["generators"]
        teams = [{"path.basenameNormalized": team, "path.path": team} for team in TEAMS]
        for element in generator["list"]["elements"] if "list" in generator else teams:
            text = json.dumps(made["spec"]["template"])
            for key, value in element.items():
                text = text.replace(f"{{{{.{key}}}}}", value)
            template = json.loads(text)
            found[template["metadata"]["name"]] = template["spec"]
    return found


def delivered(plane: ControlPlane, spec: Json, root: Path) -> list[Json]:
    """What an Application makes, but for others' charts, which are not here."""
    made: list[Json] = []
    for source in spec["sources"] if "sources" in spec else [spec["source"]]:
        if "helm" in source and "chart" not in source:
            made += rendered(*by_reference(spec, source, root))
        elif "directory" in source:
            made += documents_of((root / source["path"] / source["directory"]["include"]).read_text())
        elif "path" in source:
            teams = "templates/" if spec["project"] == "parley-templates" else ""
            made += build(plane, f"{teams}{source['path']}", root)
    return made


def assert_projects_let_through(plane: ControlPlane, cluster: str, root: Path) -> None:
    """By Argo CD's rules: an Application that is refused delivers nothing, and says so nowhere but in its status."""
    projects = of_kind(plane, f"clusters/{cluster}/argocd", "AppProject", root)
    lines = plane.kubectl("api-resources", "--namespaced=false", "--no-headers").stdout.splitlines()
    wide = {f"{line.split()[-1]}.{line.split()[-3].rpartition('/')[0]}" for line in lines}
    found = applications(plane, cluster, root)
    assert {spec["project"] for spec in found.values()} == {*projects}
    for name, spec in found.items():
        project = projects[spec["project"]]
        objects = delivered(plane, spec, root)
        assert objects or name in {path.stem for path in (root / "clusters" / cluster / "addons").iterdir()}
        assert [*refused_spec(project, spec), *refused_objects(project, spec, objects, wide)] == [], name


def test_its_project_lets_through_whatever_an_application_is_and_makes(plane: ControlPlane) -> None:
    assert_projects_let_through(plane, CLUSTER.name, GITOPS)


def test_what_a_project_does_not_name_is_refused(plane: ControlPlane) -> None:
    project = of_kind(plane, ARGO, "AppProject")["parley-templates"]
    spec = applications(plane, CLUSTER.name, GITOPS)[f"templates-{TEAMS[0]}"]
    assert refused_spec(project, spec) == []
    nowhere = {"server": spec["destination"]["server"]}
    assert refused_spec(project, spec | {"destination": nowhere}) == [f"destination {nowhere}"]
    elsewhere = {"repoURL": "https://git.example.com/hiring/interview-templates-2.git"}
    assert refused_spec(project, spec | {"source": elsewhere}) == [elsewhere["repoURL"]]
    template = build(plane, f"templates/{TEAMS[0]}")[0]
    others = [
        in_namespace("parley", template),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mine"}},
    ]
    assert refused_objects(project, spec, [template], ["Namespace."]) == []
    assert len(refused_objects(project, spec, others, ["Namespace."])) == 3


def test_its_project_allows_the_release_no_kind_for_nothing(plane: ControlPlane) -> None:
    project = of_kind(plane, ARGO, "AppProject")["parley"]
    allowed = {(one["group"], one["kind"]) for one in project["spec"]["clusterResourceWhitelist"]}
    documents = [*rendered(CHART / "values-eks.yaml", *VALUES), *build(plane, "installation")]
    assert {group_and_kind(one) for one in documents if "namespace" not in one["metadata"]} == allowed


def test_who_watches_and_who_delivers_mean_the_same_namespaces(plane: ControlPlane) -> None:
    watched = yaml.safe_load((CLUSTER / "parley.yaml").read_text())["operator"]["watchNamespaces"]
    assert watched == [f"hiring-{team}" for team in TEAMS]
    by_flux = {one["metadata"]["namespace"]: one["spec"] for one in build(plane, "flux/teams")}
    assert by_flux.keys() == {*watched}
    for namespace, spec in by_flux.items():
        assert (spec["targetNamespace"], spec["path"]) == (namespace, f"./{namespace.removeprefix('hiring-')}")
    made = of_kind(plane, ARGO, "ApplicationSet")["parley-templates"]
    assert made["spec"]["template"]["spec"]["destination"]["namespace"] == "hiring-{{.path.basenameNormalized}}"
    project = of_kind(plane, ARGO, "AppProject")["parley-templates"]
    assert project["spec"]["namespaceResourceWhitelist"] == [{"group": "parley.dev", "kind": "InterviewTemplate"}]
    assert not project["spec"]["clusterResourceWhitelist"]


def as_the_team(plane: ControlPlane, team: str, document: Json, namespace: str) -> str:
    """What the API server says of it where Flux applies it for a team; empty where it takes it."""
    words = ("apply", "--server-side", "--field-manager=kustomize-controller", "-n", namespace, "-f", "-")
    account = f"--as=system:serviceaccount:hiring-{team}:templates"
    done = plane.kubectl(account, *words, stdin=json.dumps(document), check=False)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("team", TEAMS)
def test_a_teams_templates_are_delivered_and_nothing_else_is(team: str, plane: ControlPlane) -> None:
    own = f"hiring-{team}"
    (template,) = build(plane, f"templates/{team}")
    assert as_the_team(plane, team, template, own) == ""
    interview = {"templateRef": {"name": template["metadata"]["name"]}, "candidate": {"name": "Ada"}}
    others: list[Json] = [
        {"apiVersion": "parley.dev/v1alpha1", "kind": "Interview", "metadata": {"name": "ada"}, "spec": interview},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}},
    ]
    for document in others:
        assert "forbidden" in as_the_team(plane, team, document, own), document["kind"]
    for namespace in ("parley", *(f"hiring-{each}" for each in TEAMS if each != team)):
        assert "forbidden" in as_the_team(plane, team, template, namespace), namespace
