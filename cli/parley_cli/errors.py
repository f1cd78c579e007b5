"""What a command ends with when it can't do what was asked: one line that says what to do, and an exit code."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes. 2 is a wrong use of the command line; 3 to 6 are how `watch` tells of the end."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    FAILED = 3
    CANCELLED = 4
    EXPIRED = 5
    DELETED = 6
    TIMEOUT = 7


class CliError(Exception):
    """Something to tell the user: what happened, and what to do next. It never holds a secret."""

    def __init__(self, message: str, code: Exit = Exit.FAILURE) -> None:
        super().__init__(message)
        self.code = code


class ClusterError(CliError):
    """The API server's refusal, or none of its answers.

    Args:
        status: the HTTP status; 0: no answer came.
        reason: the `reason` of the server's Status, such as `Forbidden`.
        message: the server's own words.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(told(status, reason, message))
        self.status = status
        self.reason = reason
        self.message = message


def told(status: int, reason: str, message: str) -> str:
    """The API server's refusal as one line with what to do about it."""
    said = " ".join(message.split()) or "no further words"
    head = "the API server can't be reached" if status == 0 else f"the API server refuses ({status} {reason})"
    advice = _advice(status)
    return f"{head}: {said}" + (f". {advice}" if advice else "")


def _advice(status: int) -> str:
    match status:
        case 0:
            return "Look whether `kubectl version` works with the same --kubeconfig and --context."
        case 401:
            return "The kubeconfig's credentials are not taken: log in anew, or name another --context."
        case 403:
            return "Ask for a Role with this right; `parley doctor` lists those that the command line needs."
        case 404:
            return "Look at the name and at -n; where there are no such resources at all, run `parley doctor`."
        case 409:
            return "Look at what is there by now, then try again."
        case 422:
            return "Mend the fields that it names; `kubectl explain itv.spec` tells of each."
        case 429 | 500 | 502 | 503 | 504:
            return "It is busy or not well: try again in a minute."
        case _:
            return ""
