"""Whether Daily's key is where the installation looks for it: the mount is optional, so nothing else tells. Pure."""

from collections.abc import Iterator, Mapping

from parley_cli.doctor.facts import API, DAILY_KEY, OPERATOR, Document, Facts, Reading, State, environment
from parley_cli.doctor.finding import Finding, Level, unknown


def daily_secret(deployments: Mapping[str, Reading]) -> tuple[str, str] | None:
    """Namespace and name of the Secret, as the programs are told; None: no rooms of Daily's, or not to be known."""
    for name in (OPERATOR, API):
        namespace, _, secret = environment(deployments[name]).get("PARLEY_DAILY_SECRET", "").partition("/")
        if secret:
            return namespace, secret
    return None


def keys_of(secret: Document) -> set[str] | None:
    """The keys that a Secret has, by who wrote which field: its content is not asked for. None: not to be known.

    Of a server-side apply of `stringData` that is where they are told.
    """
    managed = (secret.get("metadata") or {}).get("managedFields")
    if not managed:
        return None
    parts = [(entry.get("fieldsV1") or {}).get(part) or {} for entry in managed for part in ("f:data", "f:stringData")]
    return {field.removeprefix("f:") for part in parts for field in part if field.startswith("f:")}


def daily_findings(facts: Facts) -> Iterator[Finding]:
    """The Secret with Daily's key; nothing where the installation has no rooms of Daily's."""
    named = daily_secret(facts.deployments)
    if named is None:
        return
    namespace, name = named
    check, reading = f"Secret {namespace}/{name}", facts.daily
    if reading.state is State.UNKNOWN:
        yield unknown(check, reading)
        return
    keys = keys_of(reading.document)
    if reading.state is State.FOUND and keys is None:
        look = f"`kubectl -n {namespace} describe secret {name}` lists them"
        yield Finding(Level.UNKNOWN, check, f"is there; whether with the key {DAILY_KEY} can't be seen: {look}")
    elif keys is not None and DAILY_KEY in keys:
        yield Finding(Level.OK, check, f"is there, with the key {DAILY_KEY}")
    else:
        default = environment(facts.deployments[OPERATOR]).get("PARLEY_DEFAULT_ROOM_PROVIDER")
        what = "is not there" if reading.state is State.ABSENT else f"has no key {DAILY_KEY}"
        remedy = (
            f"put your Daily domain's API key into it: `kubectl -n {namespace} create secret generic {name}"
            f" --from-file={DAILY_KEY}=/dev/stdin --dry-run=client -o yaml | kubectl apply --server-side -f -`, or name"
            " another by rooms.daily.existingSecret; it is used within a minute or two"
        )
        level = Level.ERROR if default == "daily" else Level.WARNING
        yield Finding(level, check, f"{what}: no room of Daily's can be made", remedy)
