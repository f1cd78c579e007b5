"""What an Interview and its template refer to by Secret or ConfigMap: the context, and the keys that sign tool calls.

What is not marked readable is not looked into, not even for whether a key is there: who may write templates and
interviews must gain no right to read by it.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from parley_crds import CONTEXT_LENGTH, ConfigMapKeyRef, Interview, SecretKeyRef, Tool
from parley_crds.names import LABEL_READABLE

from parley_operator.bot_plan import LONGEST_TOOL_KEY
from parley_operator.shell.client.kube import CONFIG_MAPS, SECRETS, Json
from parley_operator.shell.watch.mirror import Mirror
from parley_operator.snapshot import ReferenceProblem, ToolKeys

SHORTEST_TOOL_KEY = 16
"""Characters of a key that signs tool calls; https://www.standardwebhooks.com asks for 24 to 64 random bytes."""


@dataclass(frozen=True, slots=True)
class _Missing:
    """Why a key can't be had: a sentence about it, and whether it is for want of the label."""

    message: str
    not_marked: bool = False


async def read_context(kube: Mirror, interview: Interview) -> str | ReferenceProblem | None:
    """The text of the interview's context, or None where it names none."""
    context, namespace = interview.spec.context, interview.metadata.namespace or ""
    if context is None or context.inline is not None:
        return None if context is None else context.inline
    ref = context.config_map_key_ref or context.secret_key_ref
    if ref is None:
        return None
    found = await _text_of(kube, namespace, ref)
    if isinstance(found, _Missing):
        if found.not_marked:
            return ReferenceProblem("ContextNotReadable", found.message)
        return ReferenceProblem("ContextNotFound", found.message)
    if len(found) > CONTEXT_LENGTH:
        where = f"Key {ref.key} of the {_kind(ref)} {ref.name}"
        message = f"{where} has {len(found)} characters, {CONTEXT_LENGTH} are allowed"
        return ReferenceProblem("ContextTooLong", message)
    return found


async def read_tool_keys(kube: Mirror, namespace: str, tools: list[Tool]) -> ToolKeys | ReferenceProblem:
    """The key of each tool by the tool's name, or why one can't be had."""
    keys: dict[str, str] = {}
    for tool in tools:
        ref = tool.webhook.secret_ref
        found = await _text_of(kube, namespace, ref)
        if isinstance(found, _Missing):
            message = f"Tool {tool.name}: {found.message}"
            if found.not_marked:
                return ReferenceProblem("ToolKeyNotReadable", message)
            return ReferenceProblem("ToolKeyNotFound", message)
        key = found.strip()
        if (fault := _fault(key)) is not None:
            message = f"Tool {tool.name}: the key {ref.key} of the Secret {ref.name} {fault}"
            return ReferenceProblem("ToolKeyNotValid", message)
        keys[tool.name] = key
    return keys


def _fault(key: str) -> str | None:
    if not SHORTEST_TOOL_KEY <= len(key) <= LONGEST_TOOL_KEY:
        return f"has {len(key)} characters, {SHORTEST_TOOL_KEY} to {LONGEST_TOOL_KEY} are allowed"
    if key.startswith("whsec_"):
        encoded = key.removeprefix("whsec_").rstrip("=")
        try:
            base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except ValueError:
            return "begins with whsec_, and what follows is not base64"
    return None


def text_data(secret: Json) -> dict[str, str]:
    """A Secret's data as text; what is no text is left out."""
    text: dict[str, str] = {}
    data: dict[str, Any] = secret.get("data") or {}
    for key, value in data.items():
        try:
            text[key] = base64.b64decode(value).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return text


async def _text_of(kube: Mirror, namespace: str, ref: ConfigMapKeyRef | SecretKeyRef) -> "str | _Missing":
    kind = _kind(ref)
    found = await kube.get(SECRETS if kind == "Secret" else CONFIG_MAPS, namespace, ref.name)
    if found is None:
        return _Missing(f"There is no {kind} {ref.name} in this namespace")
    if found["metadata"].get("labels", {}).get(LABEL_READABLE) != "true":
        return _Missing(f'The {kind} {ref.name} is not marked with the label {LABEL_READABLE}: "true"', not_marked=True)
    data = text_data(found) if kind == "Secret" else found.get("data") or {}
    text = data.get(ref.key)
    return str(text) if text is not None else _Missing(f"The {kind} {ref.name} has no key {ref.key} with text")


def _kind(ref: ConfigMapKeyRef | SecretKeyRef) -> str:
    return "Secret" if isinstance(ref, SecretKeyRef) else "ConfigMap"
