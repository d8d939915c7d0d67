"""The language itself: what is read, where it is refused, what is suggested; no string may break it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ircopilot.analysis.search import InvalidSearch, parse_search, suggest
from ircopilot.analysis.search.parse import MAX_DEPTH, MAX_LENGTH, MAX_TERMS
from ircopilot.analysis.search.syntax import All, Match, Node, Not, Range, Some, Text

PIECES = ["host:", "a", '"b c"', "(", ")", " AND ", " or ", "NOT ", "-", "[1 TO 2]", ":", ">=", "*", "?", " ", "10.0.0.0/8", "\\", "'", '"', "{", "}", "é", "time:2031-05-01", "x\ty"]  # fmt: skip


def shown(node: Node | None) -> str:
    """A tree as text with all its brackets."""
    match node:
        case Match(field, Text(text, quoted=quoted)):
            return f"{field or '_'}={text!r}" if quoted else f"{field or '_'}={text}"
        case Match(field, Range(low, high, with_low, with_high)):
            bounds = f"{low.text if low else '*'}..{high.text if high else '*'}"
            return f"{field}={'[' if with_low else '('}{bounds}{']' if with_high else ')'}"
        case Not(operand):
            return f"!{shown(operand)}"
        case All(operands):
            return f"({' & '.join(map(shown, operands))})"
        case Some(operands):
            return f"({' | '.join(map(shown, operands))})"
    return ""


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", ""),
        ("  ", ""),
        ("procdump", "_=procdump"),
        ("host:it01 AND process.executable:*procdump* AND NOT user:SYSTEM",
         "(host=it01 & process.executable=*procdump* & !user=SYSTEM)"),
        ("a b OR c d", "((_=a & _=b) | (_=c & _=d))"),
        ("a and (b or not c)", "(_=a & (_=b | !_=c))"),
        ("-a !b NOT NOT c", "(!_=a & !_=b & _=c)"),
        ('"a and b" "and"', "(_='a and b' & _='and')"),
        ('"say ""hi"" \\"', "_='say \"hi\" \\\\'"),
        ("event.code:[4624 TO 4625]", "event.code=[4624..4625]"),
        ("port:{1 to 9}", "port=(1..9)"),
        ("port:[* TO 1024}", "port=[*..1024)"),
        ("port:>=445 pid<4", "(port=[445..*] & pid=(*..4))"),
        ("pid = 4", "pid=4"),
        ("user:(alice OR bob \"c d\")", "(user=alice | user=bob | user='c d')"),
        ("file:C:\\Windows\\*.exe url:https://a.example/x?y=(1)", "(file=C:\\Windows\\*.exe & url=https://a.example/x?y=(1))"),
        ("fe80::1 C:\\temp https://a.example/b", "(_=fe80::1 & _=C:\\temp & _=https://a.example/b)"),
        ('"Logon ID":0x3e7', "Logon ID=0x3e7"),
        ("(user:a)", "user=a"),
        ("time:2031-05-01T10:00:05Z", "time=2031-05-01T10:00:05Z"),
        ("x:-5 -x:5", "(x=-5 & !x=5)"),
        ("source.ip:2001:db8::/32", "source.ip=2001:db8::/32"),
    ],
)  # fmt: skip
def test_a_search_is_read_as_written(text: str, tree: str) -> None:
    assert shown(parse_search(text)) == tree


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("host:", 5, "a value for host"),
        ("(a", 2, ") for the bracket at character 1"),
        ("a)", 1, "the end"),
        ("x:[1 2]", 5, "TO"),
        ("x:[1 TO 2", 9, "] for the bracket at character 3"),
        ("x:[TO 2]", 3, "a value before TO"),
        ('a "bc', 2, 'a closing "'),
        ("AND a", 0, "a word"),
        ("a OR", 4, "a word"),
        ("a AND OR b", 6, "a word"),
        ("user:(a AND b)", 8, "OR"),
        ("user:()", 6, "a value for user"),
        ("port>", 5, "a value to compare with"),
        ("a ]", 2, "a word"),
        (":x", 0, "a word"),
        ("a\0b", 1, ""),
        ("a\ud800", 1, ""),
    ],
)
def test_an_error_points_at_its_character(text: str, at: int, expected: str) -> None:
    with pytest.raises(InvalidSearch) as caught:
        parse_search(text)
    assert caught.value.at == at
    assert f"at character {at + 1}: " in caught.value.detail
    assert expected in " ".join(caught.value.expected)
    assert caught.value.pointer.splitlines()[1].index("^") == at


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(" * MAX_DEPTH + "(a" + ")" * (MAX_DEPTH + 1), "nested"),
        ("user:" + "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "nested"),
        ("a " * (MAX_TERMS + 1), "terms"),
        ("x" * (MAX_LENGTH + 1), "characters"),
    ],
)
def test_depth_length_and_number_of_terms_are_bounded(text: str, reason: str) -> None:
    with pytest.raises(InvalidSearch, match=reason):
        parse_search(text)


def test_what_is_just_allowed() -> None:
    assert shown(parse_search("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)) == "_=a"
    assert isinstance(parse_search("a " * MAX_TERMS), All)
    assert shown(parse_search("-" * (MAX_LENGTH - 1) + "a")) in ("_=a", "!_=a")


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=30).map("".join)))
def test_any_string_is_read_or_refused(text: str) -> None:
    try:
        parse_search(text)
    except InvalidSearch as refused:
        assert 0 <= refused.at <= len(text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.integers(-3, 80))
def test_suggestions_never_fail_and_fit_the_text(text: str, at: int) -> None:
    for one in suggest(text, at):
        assert 0 <= one.start <= one.end <= len(text)
        assert one.text


def texts(search: str) -> list[str]:
    return [one.text for one in suggest(search, len(search))]


def test_suggestions_follow_the_place() -> None:
    assert texts("proc")[0] == "process:"
    assert "process.command_line:" in texts("command_l")
    assert texts("host:a ")[:3] == ["AND", "OR", "NOT"]
    assert texts("host:a AND ")[0] == "NOT"
    assert "AND" not in texts("host:a AND ")
    assert texts("kind:a") == ["alert", "action"]
    assert ">=" in texts("port:")
    assert texts('host:"a') == []
    assert texts("host:it") == []
    (first, *_) = suggest("a AND hos", 9)
    assert (first.text, first.start, first.end) == ("host:", 6, 9)
