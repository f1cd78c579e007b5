"""What a request to the API server is about, told by its method and path."""

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def verb_and_resource(method: str, path: str) -> tuple[str, str]:
    """The verb, and the resource with its subresource (`interviews/status`), without group, namespace and name."""
    parts = path.strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    if len(rest) >= 3 and rest[0] == "namespaces":
        rest = rest[2:]
    if not rest:
        return "get", "discovery"
    resource = "/".join([rest[0], *rest[2:3]])
    if method == "GET":
        return ("get" if len(rest) > 1 else "list"), resource
    return _VERBS.get(method, method), resource


def code_of(status: int) -> str:
    """A status code's class; those that tell something of their own stand for themselves."""
    return str(status) if status in (404, 409, 429) else f"{status // 100}xx"
