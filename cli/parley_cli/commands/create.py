"""`parley create`."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from parley_crds import API_VERSION, GROUP, INTERVIEW_KIND, INTERVIEW_PLURAL, TEMPLATE_PLURAL

from parley_cli.cluster.kube import PARLEY, Kube, path_of
from parley_cli.commands.validate import read_files
from parley_cli.errors import CliError, ClusterError, Exit
from parley_cli.options import Context, Kubeconfig, Namespace, Output, OutputForm, open_cluster
from parley_cli.shown.printing import document, say
from parley_cli.validation.check import check_files, describe, problems

Manifest = dict[str, Any]


class DryRun(StrEnum):
    """How far to go."""

    NONE = "none"
    CLIENT = "client"
    SERVER = "server"


class StartAt(StrEnum):
    """When the bot is started."""

    IMMEDIATE = "Immediate"
    ON_ARRIVAL = "OnArrival"


def create(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The Interview's name.")] = None,
    template: Annotated[str | None, typer.Option("--template", "-t", help="The InterviewTemplate's name.")] = None,
    generate_name: Annotated[
        str | None, typer.Option(metavar="PREFIX", help="In place of NAME: the API server completes it.")
    ] = None,
    candidate: Annotated[str | None, typer.Option(help="How the interviewer addresses the candidate.")] = None,
    external_id: Annotated[str | None, typer.Option(help="The candidate in your own system.")] = None,
    extra_time_percent: Annotated[int | None, typer.Option(help="Extra time, in percent of every limit.")] = None,
    not_before: Annotated[
        str | None, typer.Option(metavar="TIME", help="When the link begins to work: 2026-12-01T09:00:00+01:00.")
    ] = None,
    expires_at: Annotated[str | None, typer.Option(metavar="TIME", help="When the link stops working.")] = None,
    start: Annotated[StartAt | None, typer.Option(help="When the bot is started; else as the template says.")] = None,
    no_show_seconds: Annotated[int | None, typer.Option(help="How long a bot waits for the candidate.")] = None,
    language: Annotated[str | None, typer.Option(help="In place of the template's, such as de-DE.")] = None,
    voice: Annotated[str | None, typer.Option(help="In place of the template's, such as matthew.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A label; say it again for more.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option("--file", "-f", help="Interviews and templates from files or folders (- is standard input)."),
    ] = None,
    dry_run: Annotated[
        DryRun, typer.Option(help="client: check and print; server: let the API server judge it and keep nothing.")
    ] = DryRun.NONE,
    output: OutputForm = None,
    namespace: Namespace = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Create an Interview from flags, or what files hold.

    Everything is checked before anything is created; `kubectl explain itv.spec` tells of every field.

    parley create ada --template platform-engineer --candidate Ada --expires-at 2026-12-01T18:00:00Z
    """
    if file:
        _require_alone(name, template, generate_name)
        manifests = _from_files(file)
    else:
        spec = spec_of(
            template=template,
            candidate={"name": candidate, "externalId": external_id, "extraTimePercent": extra_time_percent},
            window={"notBefore": not_before, "expiresAt": expires_at},
            overrides={"language": language, "voice": voice},
            rest={"start": start.value if start else None, "noShowSeconds": no_show_seconds},
        )
        manifests = [_interview(name, generate_name, parse_labels(label or []), spec)]
        _require_good(manifests[0])
    if dry_run is DryRun.CLIENT:
        _show(manifests, output, "would be created (nothing was sent)")
        return
    cluster = open_cluster(kubeconfig, context, namespace)
    if file and namespace:
        _require_namespace(manifests, namespace)
    done = _create_all(cluster.kube, cluster.namespace, manifests, dry_run is DryRun.SERVER)
    _show(done, output, "would be created (dry run)" if dry_run is DryRun.SERVER else "created")


def spec_of(
    *,
    template: str | None,
    candidate: dict[str, Any],
    window: dict[str, Any],
    overrides: dict[str, Any],
    rest: dict[str, Any],
) -> dict[str, Any]:
    """The spec of what was said by flags; what was left out is left to the schema's defaults."""
    if template is None:
        raise CliError(
            "--template is needed: the name of an InterviewTemplate in the namespace (or -f FILE)", Exit.USAGE
        )
    parts = {"candidate": candidate, "window": window, "overrides": overrides}
    said = {part: {key: value for key, value in fields.items() if value is not None} for part, fields in parts.items()}
    return {
        "templateRef": {"name": template},
        **{part: fields for part, fields in said.items() if fields},
        **{key: value for key, value in rest.items() if value is not None},
    }


def parse_labels(labels: list[str]) -> dict[str, str]:
    """The labels of KEY=VALUE each. Raises CliError for what is none."""
    pairs = {}
    for label in labels:
        key, sign, value = label.partition("=")
        if not (key and sign):
            raise CliError(f"--label: {label!r} is not KEY=VALUE", Exit.USAGE)
        pairs[key] = value
    return pairs


def _interview(name: str | None, prefix: str | None, labels: dict[str, str], spec: dict[str, Any]) -> Manifest:
    if (name is None) == (prefix is None):
        raise CliError("give exactly one of NAME and --generate-name", Exit.USAGE)
    metadata: dict[str, Any] = {"name": name} if name is not None else {"generateName": prefix}
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": API_VERSION, "kind": INTERVIEW_KIND, "metadata": metadata, "spec": spec}


def _require_good(manifest: Manifest) -> None:
    found = problems(manifest)
    if found:
        raise CliError("; ".join(f"{each.field}: {each.message}" for each in found))


def _require_alone(*flags: str | None) -> None:
    if any(flag is not None for flag in flags):
        raise CliError("-f stands alone: a file says name and template itself", Exit.USAGE)


def _from_files(names: list[str]) -> list[Manifest]:
    report = check_files(read_files(names))
    for finding in report.findings:
        say(str(finding))
    if report.findings:
        raise CliError(f"{len(report.findings)} to be mended; nothing was created")
    if report.skipped:
        say(f"left out, being of other kinds: {'; '.join(report.skipped)}")
    if not report.checked:
        raise CliError("no InterviewTemplate or Interview in these files; nothing was created")
    return [manifest.document for manifest in report.checked]


def _require_namespace(manifests: list[Manifest], namespace: str) -> None:
    for manifest in manifests:
        own = manifest["metadata"].get("namespace")
        if own not in (None, namespace):
            raise CliError(f"{describe(manifest)}: its namespace is {own}, and -n says {namespace}", Exit.USAGE)


def _create_all(kube: Kube, namespace: str, manifests: list[Manifest], dry_run: bool) -> list[Manifest]:
    done: list[Manifest] = []
    for manifest in manifests:
        plural = INTERVIEW_PLURAL if manifest["kind"] == INTERVIEW_KIND else TEMPLATE_PLURAL
        path = path_of(PARLEY, plural, manifest["metadata"].get("namespace") or namespace)
        try:
            done.append(kube.create(path, manifest, dry_run=dry_run))
        except ClusterError as error:
            before = (
                f" ({', '.join(describe(each) for each in done)} created before it)" if done and not dry_run else ""
            )
            unknown = " Whether it was created is not known: look by `parley list`." if error.status == 0 else ""
            raise CliError(f"{describe(manifest)}: {error}{before}{unknown}") from error
    return done


def _show(manifests: list[Manifest], output: Output | None, what: str) -> None:
    if output in (Output.JSON, Output.YAML):
        items = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": manifests}
        typer.echo(document(manifests[0] if len(manifests) == 1 else items, output))
        return
    for manifest in manifests:
        metadata = manifest["metadata"]
        shown = f"{manifest['kind'].lower()}.{GROUP}/{metadata.get('name') or metadata.get('generateName')}"
        typer.echo(shown if output is Output.NAME else f"{shown} {what}")
