"""As much of CEL as the CRDs' rules use, so that they hold without an API server: parsed once, then evaluated.

The language is https://github.com/google/cel-spec; a rule beyond this part of it raises `UnsupportedRule`, which a test
looks for in every rule of the CRDs.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

Names = Mapping[str, Any]
Eval = Callable[[Names], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+)|(?P<text>'[^'\\]*')|(?P<name>[A-Za-z_]\w*)|(?P<sign>&&|\|\||[<>=!]=|[-<>!?:.,()\[\]]))"
)
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda item, items: item in items,
}
_ORDERS = (operator.lt, operator.le, operator.gt, operator.ge)
_LITERALS = {"true": True, "false": False, "null": None}


class UnsupportedRule(Exception):
    """The rule uses a part of CEL that is not here."""


class RuleError(Exception):
    """The rule could not be evaluated on this value, such as a field that is not there."""


def parse(expression: str) -> Eval:
    """The expression as a function of its names (`self`). Raises UnsupportedRule."""
    parser = _Parser(_tokens(expression))
    result = parser.choice()
    if parser.peek() is not None:
        raise UnsupportedRule(f"unexpected {parser.peek()!r} in {expression}")
    return result


def holds(expression: str, value: Any) -> bool:
    """Whether the rule holds of the value; one that can't be evaluated does not, as at the API server.

    Raises UnsupportedRule.
    """
    rule = parse(expression)
    try:
        return rule({"self": value}) is True
    except RuleError:
        return False


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise UnsupportedRule(f"{text[position : position + 20]!r} in {expression}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent, a method for each level of precedence."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def choice(self) -> Eval:
        condition = self._either()
        if not self._taken("?"):
            return condition
        yes = self.choice()
        self._expect(":")
        no = self.choice()
        return lambda names: yes(names) if _truth(condition(names)) else no(names)

    def _either(self) -> Eval:
        left = self._both()
        while self._taken("||"):
            left = _joined(left, self._both(), decides=True)
        return left

    def _both(self) -> Eval:
        left = self._comparison()
        while self._taken("&&"):
            left = _joined(left, self._comparison(), decides=False)
        return left

    def _comparison(self) -> Eval:
        left = self._unary()
        sign = self.peek()
        if sign not in _COMPARE:
            return left
        self._at += 1
        return _compared(_COMPARE[sign], left, self._unary())

    def _unary(self) -> Eval:
        if self._taken("!"):
            inner = self._unary()
            return lambda names: not _truth(inner(names))
        if self._taken("-"):
            number = self._unary()
            return lambda names: -number(names)
        return self._member()

    def _member(self) -> Eval:
        value = self._primary()
        while self._taken("."):
            name = self._name()
            value = self._call(value, name) if self._taken("(") else _field(value, name)
        return value

    def _call(self, target: Eval, method: str) -> Eval:
        if method == "size":
            self._expect(")")
            return lambda names: _size(target(names))
        if method not in ("all", "exists", "filter"):
            raise UnsupportedRule(f"the method {method}")
        variable = self._name()
        self._expect(",")
        body = self.choice()
        self._expect(")")
        return _over(method, target, variable, body)

    def _primary(self) -> Eval:
        if self._at >= len(self._tokens):
            raise UnsupportedRule("the expression ends too soon")
        kind, token = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return lambda _: int(token)
        if kind == "text":
            return lambda _: token[1:-1]
        if token == "(":  # noqa: S105 - a token of the grammar
            inner = self.choice()
            self._expect(")")
            return inner
        if token == "[":  # noqa: S105
            return self._list()
        if kind == "name":
            return self._named(token)
        raise UnsupportedRule(f"unexpected {token!r}")

    def _named(self, name: str) -> Eval:
        if name in _LITERALS:
            return lambda _: _LITERALS[name]
        if not self._taken("("):
            return lambda names: _lookup(names, name)
        argument = self.choice()
        self._expect(")")
        if name == "has":
            return lambda names: _there(argument, names)
        if name == "size":
            return lambda names: _size(argument(names))
        if name == "timestamp":
            return lambda names: as_time(argument(names))
        raise UnsupportedRule(f"the function {name}")

    def _list(self) -> Eval:
        items: list[Eval] = []
        while not self._taken("]"):
            items.append(self.choice())
            if self.peek() != "]":
                self._expect(",")
        return lambda names: [item(names) for item in items]

    def _taken(self, sign: str) -> bool:
        if self.peek() != sign:
            return False
        self._at += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._taken(sign):
            raise UnsupportedRule(f"{self.peek()!r} in place of {sign!r}")

    def _name(self) -> str:
        name = self.peek()
        if name is None or not name.isidentifier():
            raise UnsupportedRule(f"{name!r} in place of a name")
        self._at += 1
        return name


def as_time(value: Any) -> datetime:
    """The moment of a time in RFC 3339. Raises RuleError for what is none."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise RuleError(f"{value!r} is no time") from error
    if moment.tzinfo is None:
        raise RuleError(f"{value!r} has no time zone")
    return moment


def _joined(left: Eval, right: Eval, *, decides: bool) -> Eval:
    """`||` (decided by true) and `&&` (by false): an error on one side does not matter where the other decides."""

    def evaluate(names: Names) -> bool:
        try:
            if _truth(left(names)) is decides:
                return decides
        except RuleError:
            if _truth(right(names)) is decides:
                return decides
            raise
        return _truth(right(names))

    return evaluate


def _compared(compare: Callable[[Any, Any], Any], left: Eval, right: Eval) -> Eval:
    def evaluate(names: Names) -> bool:
        one, other = left(names), right(names)
        # A field of the format date-time is a timestamp to CEL; here it is text until it meets one.
        if isinstance(one, str) and isinstance(other, str) and compare in _ORDERS:
            one, other = as_time(one), as_time(other)
        elif isinstance(one, datetime) and isinstance(other, str):
            other = as_time(other)
        elif isinstance(other, datetime) and isinstance(one, str):
            one = as_time(one)
        try:
            return bool(compare(one, other))
        except TypeError as error:
            raise RuleError(str(error)) from error

    return evaluate


def _over(method: str, target: Eval, variable: str, body: Eval) -> Eval:
    def evaluate(names: Names) -> Any:
        items = target(names)
        if not isinstance(items, Sequence) or isinstance(items, str):
            raise RuleError(f"{method} needs a list")
        results = [(item, _truth(body({**names, variable: item}))) for item in items]
        if method == "filter":
            return [item for item, kept in results if kept]
        return all(kept for _, kept in results) if method == "all" else any(kept for _, kept in results)

    return evaluate


def _field(target: Eval, name: str) -> Eval:
    return lambda names: _lookup(target(names), name)


def _lookup(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping) or name not in value:
        raise RuleError(f"no such field: {name}")
    return value[name]


def _there(argument: Eval, names: Names) -> bool:
    """`has`: whether the last field is there; those before it must be, or it is an error."""
    try:
        argument(names)
    except RuleError:
        return False
    return True


def _size(value: Any) -> int:
    if not isinstance(value, str | Sequence | Mapping):
        raise RuleError("size needs text, a list or a map")
    return len(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise RuleError(f"{value!r} is neither true nor false")
    return value
