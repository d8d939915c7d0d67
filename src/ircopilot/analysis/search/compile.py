"""A search into a condition that ClickHouse runs. Values, names of original fields among them, travel as parameters.

Text is compared without regard to case. Patterns become LIKE, which ClickHouse runs in linear time (RE2 or a substring
search). No condition is NULL, so that NOT is the exact opposite.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime

from ircopilot.analysis.search.marks import Marks, these_events
from ircopilot.analysis.search.names import Field, find_field
from ircopilot.analysis.search.parse import parse_search
from ircopilot.analysis.search.problem import InvalidSearch
from ircopilot.analysis.search.syntax import All, Match, Node, Not, Range, Some, Text
from ircopilot.analysis.search.times import read_time
from ircopilot.stores.events.condition import EVERYTHING, Condition
from ircopilot.stores.events.schema import READ_TEXT, SEARCHED_TEXT, SHAPED_TEXT, shape_of

_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)
_ASCII_LOWER = {n: n + 32 for n in range(ord("A"), ord("Z") + 1)}  # what ClickHouse's lower() does
_LIKE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
_YES_NO = {"true": True, "yes": True, "*": True, "false": False, "no": False}
_WILD = {"*": "%", "?": "_"}
_RUN = re.compile(r"[0-9a-z]+", re.ASCII)
_NO_HEX = re.compile("[g-z]")
_LOOKED_UP = 4  # shorter words are not looked up in an index


def compile_search(text: str, marks: Marks | None = None) -> Condition:
    """The condition of a search; of an empty one, the condition that everything meets. Raises InvalidSearch.

    Without `marks` nothing is pinned or tagged; the condition says (`marked`) whether that makes a difference.
    """
    tree = parse_search(text)
    if tree is None:
        return EVERYTHING
    compiler = _Compiler(text, marks or Marks())
    sql = compiler.node(tree)
    return Condition(sql, compiler.params, frozenset(compiler.columns), compiler.marked, _looked_up(tree))


class _Compiler:
    """Collects the parameters and columns while it writes the SQL."""

    def __init__(self, text: str, marks: Marks) -> None:
        self.text, self.marks = text, marks
        self.marked = False
        self.params: dict[str, object] = {}
        self.columns: set[str] = set()

    def bind(self, value: object, kind: str = "String") -> str:
        """A value as the placeholder of a parameter."""
        name = f"search_{len(self.params)}"
        self.params[name] = value
        return f"{{{name}:{kind}}}"

    def node(self, node: Node) -> str:
        """The SQL of a subtree."""
        if isinstance(node, Not):
            return f"(NOT {self.node(node.operand)})"
        if isinstance(node, All | Some):
            joint = " AND " if isinstance(node, All) else " OR "
            return f"({joint.join(self.node(one) for one in node.operands)})"
        return self.match(node)

    def match(self, match: Match) -> str:
        """The SQL of one term."""
        field = find_field("text" if match.field is None else match.field)
        if field.type == "words":
            return self.words(field, match)
        if field.type == "mark":
            return self.mark_test(field.columns[0], match.value)
        if field.type == "original":
            self.columns.add("fields")
            return self.text_test(f"fields[{self.bind(field.columns[0])}]", match.value)
        self.columns.update(field.columns)
        test: Callable[[str, Text | Range], str] = {
            "number": self.number_test, "time": self.time_test, "ip": self.ip_test, "host": self.host_test,
        }.get(field.type, self.text_test)  # fmt: skip
        tests = [test(column, match.value) for column in field.columns]
        return tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})"

    def words(self, field: Field, match: Match) -> str:
        """Text that contains the value."""
        self.columns.update(field.columns)
        if not isinstance(match.value, Text):
            raise InvalidSearch(self.text, match.value.at, "text has no order", "a word", '"a phrase"')
        pattern = self.bind(f"%{_like(match.value).translate(_ASCII_LOWER)}%")
        if "fields" not in field.columns:
            return f"(lower(message) LIKE {pattern})"
        if word := _telling_word(match.value):
            shape = self.bind(f"%{word.translate(shape_of)}%")
            return f"({SHAPED_TEXT} LIKE {shape} AND {READ_TEXT} LIKE {pattern})"
        return f"({SEARCHED_TEXT} LIKE {pattern})"

    def mark_test(self, kind: str, value: Text | Range) -> str:
        """Pinned or not, or with a tag."""
        self.marked = True
        self.columns.update(("event_id", "time"))
        if isinstance(value, Range):
            raise InvalidSearch(self.text, value.at, "marks have no order", "a tag", "pinned:true")
        if kind == "tag":
            return these_events(self.marks.with_tag(value.text, value.wild))
        said = _YES_NO.get(value.text.lower())
        if said is None:
            raise InvalidSearch(self.text, value.at, f"{value.text[:40]} is neither", "true", "false")
        test = these_events(self.marks.pinned)
        return test if said else f"(NOT {test})"

    def text_test(self, column: str, value: Text | Range) -> str:
        """Text that is the value, fits the pattern or lies in the range; `*` alone: that is there at all."""
        if isinstance(value, Range):
            return self.text_range(column, value)
        if value.wild and not value.text.strip("*"):
            return f"({column} != '')"
        if value.wild:
            return f"({column} ILIKE {self.bind(_like(value))})"
        return f"(lowerUTF8({column}) = lowerUTF8({self.bind(value.text)}))"

    def text_range(self, column: str, value: Range) -> str:
        """By number when both bounds are numbers, else letter by letter; what is empty lies in no range."""
        bounds = [bound for bound in (value.low, value.high) if bound is not None]
        if all(_NUMBER.fullmatch(bound.text) for bound in bounds):
            parsed = f"toFloat64OrNull({column})"
            return f"ifNull({self.ordered(parsed, value, self._float)}, 0)"
        ordered = self.ordered(f"lowerUTF8({column})", value, lambda b: f"lowerUTF8({self.bind(b.text)})")
        return f"({column} != '' AND {ordered})"

    def ordered(self, column: str, value: Range, bind: Callable[[Text], str]) -> str:
        """The comparisons with the bounds that are there."""
        tests = []
        if value.low:
            tests.append(f"{column} {'>=' if value.with_low else '>'} {bind(value.low)}")
        if value.high:
            tests.append(f"{column} {'<=' if value.with_high else '<'} {bind(value.high)}")
        return f"({' AND '.join(tests or ['1'])})"

    def host_test(self, column: str, value: Text | Range) -> str:
        """A name without a dot is that host in any domain."""
        test = self.text_test(column, value)
        if isinstance(value, Range) or value.wild or "." in value.text or not value.text:
            return test
        return f"({test} OR {column} ILIKE {self.bind(value.text.translate(_LIKE) + '.%')})"

    def number_test(self, column: str, value: Text | Range) -> str:
        """Numbers by value, patterns by their digits. In numeric columns 0 means that there is none."""
        if isinstance(value, Range):
            return self.ordered(column, value, self._number)
        if value.wild and not value.text.strip("*"):
            return f"({column} != 0)"
        if value.wild:
            return f"(toString({column}) LIKE {self.bind(_like(value))})"
        return f"({column} = {self._number(value)})"

    def _number(self, value: Text) -> str:
        if not _NUMBER.fullmatch(value.text):
            raise InvalidSearch(self.text, value.at, f"{value.text[:40]} is no number", "a number of up to 15 digits")
        return self._float(value) if "." in value.text else self.bind(int(value.text), "Int64")

    def _float(self, value: Text) -> str:
        return self.bind(float(value.text), "Float64")

    def time_test(self, column: str, value: Text | Range) -> str:
        """A span: the day, hour, minute or second that is written; a range holds the whole of its last one."""
        if isinstance(value, Text):
            first, end = self._span(value)
            return f"({column} >= {self._time(first)} AND {column} < {self._time(end)})"
        tests = []
        if value.low:
            tests.append(f"{column} >= {self._time(self._span(value.low)[0 if value.with_low else 1])}")
        if value.high:
            tests.append(f"{column} < {self._time(self._span(value.high)[1 if value.with_high else 0])}")
        return f"({' AND '.join(tests or ['1'])})"

    def _span(self, value: Text) -> tuple[datetime, datetime]:
        span = read_time(value.text)
        if span is None:
            example = "2031-05-01, 2031-05-01T10:30 or 2031-05-01T10:30:05.5Z"
            raise InvalidSearch(self.text, value.at, f"{value.text[:40]} is no time", f"one like {example}")
        return span

    def _time(self, when: datetime) -> str:
        return f"toDateTime64({self.bind(when)}, 6, 'UTC')"

    def ip_test(self, column: str, value: Text | Range) -> str:
        """An address however it is spelt, a network, a range of addresses, or else text."""
        if isinstance(value, Range):
            ordered = self.ordered(f"toIPv6OrNull({column})", value, self._address)
            return f"ifNull({ordered}, 0)"
        if value.wild:
            return self.text_test(column, value)
        try:
            network = ipaddress.ip_network(value.text, strict=False)
        except ValueError as error:
            if "/" in value.text:
                raise InvalidSearch(
                    self.text, value.at, f"{value.text[:60]} is no network", "one like 10.0.0.0/8 or 2001:db8::/32"
                ) from error
            return self.text_test(column, value)
        if network.num_addresses == 1 and network.version == 4:
            return f"({column} = {self.bind(str(network.network_address))})"
        if network.version == 4:  # several times faster to read than as IPv6
            low, high = (f"toIPv4({self.bind(str(a))})" for a in (network[0], network[-1]))
            return f"ifNull(toIPv4OrNull({column}) BETWEEN {low} AND {high}, 0)"
        low, high = (f"toIPv6({self.bind(_as_ipv6(a))})" for a in (network[0], network[-1]))
        return f"ifNull(toIPv6OrNull({column}) BETWEEN {low} AND {high}, 0)"

    def _address(self, value: Text) -> str:
        try:
            return f"toIPv6({self.bind(_as_ipv6(ipaddress.ip_address(value.text)))})"
        except ValueError as error:
            raise InvalidSearch(self.text, value.at, f"{value.text[:60]} is no address", "one like 10.0.0.1") from error


def _as_ipv6(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """As ClickHouse's IPv6 holds both: IPv4 mapped. A zone is left out, which is no part of an address."""
    if isinstance(address, ipaddress.IPv4Address):
        return f"::ffff:{address}"
    return str(ipaddress.IPv6Address(int(address)))


def _words(value: Text) -> list[str]:
    """The runs of letters and digits in a value: what contains it has words that contain them."""
    return _RUN.findall(value.text.translate(_ASCII_LOWER))


def _telling_word(value: Text) -> str:
    """The word that tells most of a value once hexadecimal digits are folded; empty when none does."""
    words = [word for word in _words(value) if len(word) >= _LOOKED_UP and _NO_HEX.search(word)]
    return max(words, key=lambda word: (len(_NO_HEX.findall(word)), len(word)), default="")


def _looked_up(node: Node) -> bool:
    """Whether an index knows a word of every event that meets it."""
    if isinstance(node, All):
        return any(_looked_up(one) for one in node.operands)
    if not isinstance(node, Match) or not isinstance(node.value, Text):
        return False
    if find_field("text" if node.field is None else node.field).columns != ("message", "fields"):
        return False
    # The index of words looks up one that stands alone, and those that stand whole between others.
    words, text = _words(node.value), node.value.text if node.value.quoted else node.value.text.strip("*")
    alone = len(words) == 1 and len(words[0]) == len(text) >= _LOOKED_UP
    between = (node.value.quoted or not set(text) & set("*?")) and any(len(w) >= _LOOKED_UP for w in words[1:-1])
    return alone or between or bool(_telling_word(node.value))


def _like(value: Text) -> str:
    """The LIKE pattern of a value: its wildcards, all else as it stands."""
    if value.quoted:
        return value.text.translate(_LIKE)
    return "".join(_WILD.get(sign) or sign.translate(_LIKE) for sign in value.text)
