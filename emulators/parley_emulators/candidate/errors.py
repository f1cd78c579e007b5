"""What keeps a candidate from holding its interview."""


class CandidateError(Exception):
    """The interview could not be held to its end; the message is one line that says why."""


class Unreachable(CandidateError):
    """The API did not answer, or said that it can't now."""
