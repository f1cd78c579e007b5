"""A manifest against the models and the CRD: each problem names its field and what to do."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from parley_crds import API_VERSION, GROUP, INTERVIEW_KIND, TEMPLATE_KIND, Interview, InterviewTemplate
from parley_crds.base import SUBDOMAIN
from parley_crds.schema import root_schema
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from parley_cli.validation.documents import Manifest, ManifestError, read_manifests
from parley_cli.validation.schema import (
    Path,
    Problem,
    Schema,
    rule_problems,
    unknown_fields,
    with_defaults,
    without_nulls,
)

MODELS: dict[str, type[Interview | InterviewTemplate]] = {INTERVIEW_KIND: Interview, TEMPLATE_KIND: InterviewTemplate}
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Finding:
    """One problem of one file."""

    file: str
    line: int
    document: int
    object: str
    field: str
    message: str

    def __str__(self) -> str:
        """`FILE:LINE: document 2, Interview ada: spec.start: must be …`."""
        where = f"{self.file}:{self.line}: document {self.document}"
        named = f", {self.object}" if self.object else ""
        return f"{where}{named}: {self.field}: {self.message}" if self.field else f"{where}{named}: {self.message}"


@dataclass(frozen=True)
class Report:
    """What was found in files: the objects that are Parley's, those of others that were left out, the problems."""

    checked: list[Manifest]
    skipped: list[str]
    findings: list[Finding]


def check_files(files: Iterable[tuple[str, str]]) -> Report:
    """Check (name, text) of each file; an object that stands twice is a problem too."""
    report = Report([], [], [])
    places: dict[tuple[str, str, str], str] = {}
    for file, text in files:
        try:
            for manifest in read_manifests(file, text):
                _check_one(manifest, report, places)
        except ManifestError as error:
            report.findings.append(Finding(file, error.line, error.number, "", "", str(error)))
    return report


def _check_one(manifest: Manifest, report: Report, places: dict[tuple[str, str, str], str]) -> None:
    document = manifest.document
    if isinstance(document, Mapping) and _of_others(document):
        report.skipped.append(f"{manifest.file}: document {manifest.number}: {document.get('kind') or 'no object'}")
        return
    report.checked.append(manifest)
    shown = describe(document)
    for problem in problems(document):
        line = manifest.line(problem.path)
        report.findings.append(Finding(manifest.file, line, manifest.number, shown, problem.field, problem.message))
    identity = _identity(document)
    if identity is None:
        return
    if identity in places:
        message = f"is in {places[identity]} already: one of the two is lost when both are applied"
        line = manifest.line(("metadata", "name"))
        report.findings.append(Finding(manifest.file, line, manifest.number, shown, "metadata.name", message))
    places.setdefault(identity, f"{manifest.file}, document {manifest.number}")


def problems(document: Any) -> list[Problem]:
    """What an API server with the CRDs would refuse of the object, by field, each once."""
    if not isinstance(document, Mapping):
        return [Problem((), "is no object: write apiVersion, kind, metadata and spec")]
    kind = document.get("kind")
    if document.get("apiVersion") != API_VERSION:
        return [Problem(("apiVersion",), f"must be {API_VERSION}")]
    if kind not in MODELS:
        return [Problem(("kind",), f"must be {' or '.join(MODELS)}")]
    value = without_nulls(document)
    schema = schema_of(kind)
    found = [*_metadata_problems(value.get("metadata"))]
    found += unknown_fields(schema, {key: inner for key, inner in value.items() if key != "status"})
    found += _model_problems(MODELS[kind], value)
    if not found:
        # As at the API server: rules are tried on what has the right shape.
        found += rule_problems(schema, with_defaults(schema, _named(value)))
    return list({problem.path: problem for problem in reversed(found)}.values())[::-1]


def describe(document: Any) -> str:
    """`Interview ada`, as far as it is known."""
    if not isinstance(document, Mapping):
        return ""
    metadata = document.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    return " ".join(
        str(word) for word in (document.get("kind"), names.get("name") or names.get("generateName")) if word
    )


@cache
def schema_of(kind: str) -> Schema:
    """The CRD's schema."""
    return root_schema(MODELS[kind])


def _named(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object with a name as long as the API server would make one of generateName, for the rules on names."""
    metadata = value["metadata"]
    return {**value, "metadata": {**metadata, "name": metadata.get("name") or f"{metadata['generateName']}xxxxx"}}


def _of_others(document: Mapping[str, Any]) -> bool:
    """Whether the object is no business of Parley's, or no Kubernetes object at all: a folder may hold any."""
    version = document.get("apiVersion")
    if isinstance(version, str):
        return version.partition("/")[0] != GROUP and document.get("kind") not in MODELS
    return not {"apiVersion", "kind", "metadata", "spec"} & set(document)


def _identity(document: Any) -> tuple[str, str, str] | None:
    metadata = document.get("metadata") if isinstance(document, Mapping) else None
    if not isinstance(metadata, Mapping) or not metadata.get("name"):
        return None
    return str(document.get("kind")), str(metadata.get("namespace") or ""), str(metadata["name"])


def _metadata_problems(metadata: Any) -> Iterator[Problem]:
    if not isinstance(metadata, Mapping):
        yield Problem(("metadata",), "is required: give the object a name")
        return
    name, prefix, namespace = metadata.get("name"), metadata.get("generateName"), metadata.get("namespace")
    if not name and not prefix:
        yield Problem(("metadata", "name"), "is required: give the object a name")
    elif name and not (isinstance(name, str) and len(name) <= 253 and re.fullmatch(SUBDOMAIN, name)):
        message = "must be lower-case letters, digits, '-' and '.', begin and end with a letter or digit, at most 253"
        yield Problem(("metadata", "name"), message)
    if namespace is not None and not (isinstance(namespace, str) and _NAMESPACE.fullmatch(namespace)):
        message = "must be lower-case letters, digits and '-', at most 63 characters"
        yield Problem(("metadata", "namespace"), message)


def _model_problems(model: type[Interview | InterviewTemplate], value: Mapping[str, Any]) -> Iterator[Problem]:
    text = json.dumps({key: inner for key, inner in value.items() if key != "status"}, allow_nan=True)
    try:
        # Strict, for the API server takes no "900" for 900; by alias, for it knows no snake_case.
        model.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=True, include_input=False):
            if detail["type"] != "extra_forbidden":  # told by unknown_fields, with a suggestion
                yield Problem(_located(detail["loc"], value), _to_do(detail))


def _located(loc: tuple[str | int, ...], value: Any) -> Path:
    """The place in the document, without the steps that pydantic adds for a model's own alternatives."""
    path: list[str | int] = []
    for step in loc:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            break
        path.append(step)
    return tuple(path)


def _to_do(detail: ErrorDetails) -> str:
    context = detail.get("ctx") or {}
    match detail["type"]:
        case "missing":
            return "is required: add it"
        case "literal_error" | "enum":
            return f"must be {context.get('expected')}"
        case "string_pattern_mismatch":
            return f"must match {context.get('pattern')}"
        case kind if kind.startswith(("datetime", "timezone")):
            return "must be a time with its zone, such as 2026-12-01T09:00:00Z"
        case _:
            message = detail["msg"]
            return message[:1].lower() + message[1:]
