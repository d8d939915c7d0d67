"""Checkable values: what is cut out of a text, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ircopilot.domain.values import MAX_TEXT, is_ipv4, one_backslash, values_in


def kinds(text: str) -> set[tuple[str, str]]:
    """Kind and text of each value."""
    return {(v.kind, v.text) for v in values_in(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.5.13:8080", {("ip", "10.0.5.13"), ("number", "8080")}),
        ("to 10.0.5.300.", {("dotted", "10.0.5.300")}),
        ("fe80::1 and aa:bb:cc", {("colons", "fe80::1"), ("colons", "aa:bb:cc")}),
        (r"CORP\\bob ran C:\Temp\a.exe.", {("account", r"CORP\bob"), ("backslash", r"C:\Temp\a.exe"), ("file", "a.exe")}),
        ("at 2024-01-02T03:04:05.123Z,", {("time", "2024-01-02T03:04:05.123Z")}),
        ("at 03:04:05 +02:00", {("time", "03:04:05 +02:00")}),
        ("at 03:04 on 2024-01-02 or 3 May 2024", {("clock", "03:04"), ("date", "2024-01-02"), ("date", "3 May 2024")}),
        ("“a b” and \"c d\"", {("quoted", "a b"), ("quoted", "c d")}),
        ("s3://b/k and /etc/x, read/write, (a/b.c)", {("url", "s3://b/k"), ("path", "/etc/x"), ("path", "a/b.c"), ("dotted", "b.c")}),
        ("CVE-2021-44228, T1003.001, TA0006", {("cve", "CVE-2021-44228"), ("token", "CVE-2021-44228"), ("technique", "T1003.001"), ("technique", "TA0006")}),
        ("ab" * 16, {("hex", "ab" * 16)}),
        ("7,168 bytes, 3.5 MB, 10MB", {("number", "7,168"), ("number", "3.5"), ("number", "10")}),
        ("bob@corp.local.", {("email", "bob@corp.local"), ("domain", "corp.local")}),
        ("WS01 a_b x$ AKIAABCDEFGHIJKLMNOP", {("token", "WS01"), ("token", "a_b"), ("token", "x$"), ("token", "AKIAABCDEFGHIJKLMNOP")}),
        ("e.g. this, i.e. that, and so on...", set()),
        ("...evil.exe", {("file", "evil.exe")}),
        ("a \\ b and @ c", set()),
        ("", set()),
    ],
)  # fmt: skip
def test_values_are_cut_out_by_kind(text: str, expected: set[tuple[str, str]]) -> None:
    assert kinds(text) == expected


def test_a_value_cut_by_an_ellipsis_says_so() -> None:
    assert {v.text: v.cut for v in values_in(r"C:\Users\bo… and C:\Temp\x.. evil.ex...")} == {
        r"C:\Users\bo": True,
        r"C:\Temp\x": False,
        "evil.ex": True,
    }


def test_a_text_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="the limit is"):
        values_in("a" * (MAX_TEXT + 1))


@pytest.mark.parametrize(
    ("text", "answer"), [("1.2.3.4", True), ("1.2.3", False), ("1.2.3.256", False), ("1.2.3.٤", False)]
)
def test_addresses_have_four_octets(text: str, answer: bool) -> None:
    assert is_ipv4(text) is answer


@given(st.text(st.sampled_from('ab1.\\:/-_~$#@ “”"…,()C=%T')), st.text())
def test_offsets_lead_back_to_the_text(structured: str, wild: str) -> None:
    text = structured + wild
    flat = one_backslash(text)
    for value in values_in(text):
        assert flat[value.start : value.end] == value.text


@given(
    st.from_regex(r"[a-z]{1,8}\.(exe|ps1|dll)", fullmatch=True),
    st.sampled_from([" ", "(", "“", ",", "\\", "=", "@", "…"]),
)
def test_no_file_name_escapes_whatever_stands_before_it(name: str, before: str) -> None:
    assert any(v.kind == "file" and v.text == name for v in values_in(f"x{before}{name} y"))
