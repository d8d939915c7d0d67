"""Sigma values to atoms: what one `field: value` of a rule asks of the field's text.

Source: the Sigma specification 2.x, "Rules" and "Modifiers"; pySigma has applied the modifiers already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from ircopilot.analysis.sigma.regexes import compile_regex
from ircopilot.analysis.sigma.rules import ANY_ONE, ANY_RUN, Atom

REGEX_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}


class UnsupportedValue(Exception):
    """A value that this engine does not evaluate; `kind` is what is counted."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(detail or kind)
        self.kind = kind


def atom_of(field: str, value: SigmaType) -> Atom:
    """The atom of one comparison. Raises `UnsupportedValue`."""
    for kind, make in MAKERS:
        if isinstance(value, kind):
            return make(field, value)
    raise UnsupportedValue("value type", f"values of type {type(value).__name__} are not supported")


def _plain_number(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else str(number)


def _reference(value: SigmaFieldReference) -> str:
    if value.starts_with and value.ends_with:
        return "contains"
    return "starts" if value.starts_with else "ends" if value.ends_with else "eq"


def _regex(field: str, value: SigmaRegularExpression) -> Atom:
    if value.contains_placeholder():
        raise UnsupportedValue("placeholder")
    flags = "".join(sorted(REGEX_FLAGS[f] for f in value.flags))
    pattern = (f"(?{flags})" if flags else "") + str(value.regexp)
    try:
        compile_regex(pattern)
    except ValueError as error:
        raise UnsupportedValue("regex not linear-time (RE2)", str(error)) from error
    return Atom(field, "re", (pattern,), cased=True)


def _text(field: str, value: SigmaString) -> Atom:
    """A literal with or without wildcards at either end, else a glob. Two wildcards in a row count as one."""
    cased = isinstance(value, SigmaCasedString)
    parts: list[str] = []
    for part in value.s:
        if isinstance(part, Placeholder):
            raise UnsupportedValue("placeholder", f"needs values for %{part.name}%")
        if isinstance(part, SpecialChars):
            token = ANY_RUN if part is SpecialChars.WILDCARD_MULTI else ANY_ONE
            if not (parts and token == ANY_RUN and parts[-1] == ANY_RUN):
                parts.append(token)
        else:
            parts.append(part if cased else part.lower())
    literals = [p for p in parts if p not in (ANY_RUN, ANY_ONE)]
    if not parts:
        return Atom(field, "eq", ("",))
    if parts == [ANY_RUN]:
        return Atom(field, "any", ())
    if len(literals) == 1 and ANY_ONE not in parts:
        head, tail = parts[0] == ANY_RUN, parts[-1] == ANY_RUN
        op = "contains" if head and tail else "ends" if head else "starts" if tail else "eq"
        return Atom(field, op, (literals[0],), cased)  # type: ignore[arg-type]
    return Atom(field, "glob", tuple(parts), cased)


def _timestamp_part(field: str, value: SigmaTimestampPart) -> Atom:
    raise UnsupportedValue("timestamp part", f"{field}: parts of a time are not evaluated")


# The first kind that fits counts: a timestamp part is a number to pySigma.
MAKERS: tuple[tuple[type, Callable[[str, Any], Atom]], ...] = (
    (SigmaString, _text),
    (SigmaTimestampPart, _timestamp_part),
    (SigmaNumber, lambda field, v: Atom(field, "number", (_plain_number(v.number),))),
    (SigmaBool, lambda field, v: Atom(field, "bool", (str(v.boolean).lower(),))),
    (SigmaNull, lambda field, _: Atom(field, "absent", ())),
    (SigmaExists, lambda field, v: Atom(field, "any" if v.exists else "absent", ())),
    (SigmaRegularExpression, _regex),
    (SigmaCIDRExpression, lambda field, v: Atom(field, "cidr", (str(v.network),))),
    (
        SigmaCompareExpression,
        lambda field, v: Atom(field, "compare", (v.op.name.lower(), _plain_number(v.number.number))),
    ),
    (SigmaFieldReference, lambda field, v: Atom(field, "ref", (v.field, _reference(v)))),
)
