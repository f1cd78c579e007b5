"""A synthesised installation, as the tests look at it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aws_cdk.assertions import Template
from pydantic import BaseModel

from parley_eks.assembly import synthesise
from parley_eks.names import stack_name
from parley_eks.settings import Settings, read_settings

type Json = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """One stack's template, as JSON and as CDK's assertions take it."""

    path: Path
    region: str
    account: str

    @cached_property
    def json(self) -> Json:
        return json.loads(self.path.read_text())

    @cached_property
    def template(self) -> Template:
        return Template.from_json(self.json)

    def of(self, kind: str) -> dict[str, Json]:
        """The properties of the resources of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.json["Resources"].items()
            if resource["Type"] == kind
        }

    def named(self, kind: str, part: str) -> str:
        """The logical id of the one resource of a type whose id begins so."""
        (found,) = [name for name in self.of(kind) if name.startswith(part)]
        return found

    def told(self, output: str) -> Any:
        """An output, with its references followed."""
        return self.value(self.json["Outputs"][output]["Value"])

    def value(self, what: Any) -> Any:
        """A property with its references followed to what AWS would put there, or something of its form."""
        if isinstance(what, list):
            return [self.value(item) for item in what]
        if not isinstance(what, dict):
            return what
        if len(what) == 1:
            ((function, argument),) = what.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._function(function, argument)
        return {key: self.value(item) for key, item in what.items()}

    def _function(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._pseudo.get(argument) or self._reference(argument)
            case "Fn::GetAtt":
                return self._attribute(*argument)
            case "Fn::Join":
                return argument[0].join(self.value(argument[1]))
            case "Fn::Split":
                return self.value(argument[1]).split(argument[0])
            case "Fn::Select":
                return self.value(argument[1])[int(argument[0])]
            case "Fn::Sub":
                text, names = argument
                for name, value in names.items():
                    text = text.replace(f"${{{name}}}", self.value(value))
                return text
        raise AssertionError(f"{function} is not followed yet")

    @property
    def _pseudo(self) -> dict[str, str]:
        return {
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def _reference(self, name: str) -> str:
        if self.json["Resources"][name]["Type"] in ("AWS::IAM::OIDCProvider", "AWS::SNS::Topic"):
            return self._attribute(name, "Arn")
        return self._name(name)

    def _name(self, name: str) -> str:
        """The resource's own name where the template gives it one, else something of a name's form."""
        properties = self.json["Resources"][name].get("Properties", {})
        return properties.get("LogGroupName") or properties.get("RepositoryName") or name.lower()

    def _attribute(self, name: str, attribute: str) -> str:
        kind = self.json["Resources"][name]["Type"]
        if attribute == "OpenIdConnectIssuerUrl":
            return f"https://{ISSUER}"
        if attribute == "GroupId":
            return f"sg-{hashlib.sha256(name.encode()).hexdigest()[:17]}"
        if attribute in ("Arn", "RoleArn"):
            return _ARNS[kind].format(region=self.region, account=self.account, name=self._name(name))
        return f"{name}.{attribute}"


ISSUER = "oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
_ARNS = {
    "AWS::ECR::Repository": "arn:aws:ecr:{region}:{account}:repository/{name}",
    "AWS::IAM::OIDCProvider": "arn:aws:iam::{account}:oidc-provider/" + ISSUER,
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::WAFv2::WebACL": "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/0123",
}


@dataclass(frozen=True)
class Site:
    """An installation: its settings, and its stacks by region."""

    settings: Settings
    folder: Path
    stacks: Mapping[str, Stack]

    @property
    def first(self) -> Stack:
        return self.stacks[self.settings.regions[0].region]

    @property
    def templates(self) -> list[Path]:
        """Every template of the assembly, the budget's among them."""
        return sorted(self.folder.glob("*.template.json"))


def most(model: type[BaseModel], field: str) -> int:
    """How many a setting takes at most."""
    (longest,) = [meta.max_length for meta in model.model_fields[field].metadata if hasattr(meta, "max_length")]
    return longest


def synthesised(context: Mapping[str, Any], folder: Path) -> Site:
    settings = read_settings(context)
    synthesise(settings, folder)
    return Site(
        settings,
        folder,
        {
            region.region: Stack(
                folder / f"{stack_name(settings.installation, region.region)}.template.json",
                region.region,
                settings.account,
            )
            for region in settings.regions
        },
    )
