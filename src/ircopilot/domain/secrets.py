"""Secrets in a text of the evidence: passwords and keys that command lines, headers and addresses hold in clear.

A sentence shows `MARK` in their place; the cited record keeps them. Pure, linear time: words are cut once (possessive
patterns, nothing is tried twice), each is looked at once, a quoted word of several again for itself, four deep. What is
not known to be a secret stays: a mark hides evidence from the reader, so that a doubt is decided for showing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ircopilot.domain.secret_options import (
    GLUED_NAME,
    IMPACKET,
    OPTION_NAMES,
    PROGRAMS,
    READS_SECRET,
    SAMBA_NET,
    VARIABLES,
    Options,
)

MARK = "[secret]"
_DEPTH = 4
_ROUNDS = 4  # a mark may take a quotation mark away, and show the words after it in another light
_AHEAD = 12  # words that a command of PowerShell is looked at for its switches
_LONGEST_NAME = 64

_WORD = re.compile(
    r"""(?:[^\s"'\\]++|"(?:[^"\\]++|\\.)*+"|(?:(?<!\w)|(?<=-p)|(?<=-pw)|(?<=-P))'[^'\n]*+'"""
    r"""|\\"(?:[^"\\]++|\\[^"])*+\\"|\\\S?|["'])++""",
    re.DOTALL,
)
_QUOTES = "\"'`"
# A variable, an expression, a placeholder or a prompt stands where a secret would.
_NO_VALUE = re.compile(
    r"\$(?:(?:env:)?[A-Za-z_]+$|[({]|$)|%[A-Za-z_]+%$|\*$|<[^<>]*>$|\(|\{[A-Za-z_.]*\d*\}", re.IGNORECASE
)
_PLACE = re.compile(r"/|[A-Za-z]:\\|~")
_GLUED = re.compile(
    rf"""{GLUED_NAME}(?:\\?["'])?(\s{{0,2}})(?:(=)(?!=)|(?<=["']):)(\s{{0,2}})"""
    r"""(?:\\?"((?:[^"\\\r\n]|\\[^"\r\n])++)|'([^'\r\n]++)|((?:[^\s"'&;,)|]|,(?![\w-]{1,40}=))++))""",
    re.IGNORECASE,
)
_SWITCH = re.compile(rf"(?:--?|/)([\w.-]{{0,40}}?{GLUED_NAME}(?:[do])?)([:=])", re.IGNORECASE)
_HASHED = re.compile(r"/(?:ntlm|rc4|aes128|aes256|des):([0-9a-f]{16,})", re.IGNORECASE)
_HEADER = re.compile(
    r"""\b(?:authorization|x-api-key|x-auth-token)\\?["']?\s{0,2}[:=]\s{0,2}\\?["']?"""
    r"""(?:(?:basic|bearer|token|negotiate|ntlm|apikey)\s{1,2})?([^\s"',;})\\]{6,})""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\bbearer\s{1,2}([A-Za-z0-9._~+/=-]{12,})", re.IGNORECASE)
_CREDENTIAL = re.compile(
    r"""NetworkCredential\]?(?:::new)?\s{0,2}\(\s{0,2}["'][^"'\r\n]{0,200}["']\s{0,2},\s{0,2}["']([^"'\r\n]{1,200})["']""",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"://([^\s/\"'<>?#]{1,400}+)")
_PEM = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----")
_PEM_END = "-----END "


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a command line and where it stands; `bare` is without the quotes around it."""

    start: int
    end: int
    bare: str
    inner: int  # where `bare` begins

    @property
    def ends_command(self) -> bool:
        return self.bare in ("|", "||", "&", "&&", ";") or self.bare.endswith((";", "|", "&&"))

    @property
    def redirects(self) -> bool:
        return self.bare.lstrip("012&").startswith((">", "<"))

    @property
    def option(self) -> bool:
        return self.bare.startswith("-") and self.inner == self.start


def masked(text: str) -> str:
    """The text with `MARK` for each secret; the same text again changes nothing."""
    for _ in range(_ROUNDS):
        shown = _masked_once(text)
        if shown == text:
            break
        text = shown
    return text


def _masked_once(text: str) -> str:
    out: list[str] = []
    at = 0
    for start, end in secrets_in(text):
        out += [text[at:start], MARK]
        at = end
    return "".join((*out, text[at:])) if out else text


def secrets_in(text: str) -> tuple[tuple[int, int], ...]:
    """Where secrets stand in the text: (start, end), in order, apart from each other; marks are none."""
    if len(text) < 4 or not (" " in text or "=" in text or ":" in text):
        return ()
    merged: list[tuple[int, int]] = []
    for start, end in sorted(s for s in (*_signs(text), *_commands(text, 0, _DEPTH)) if _hides(text, s)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _hides(text: str, span: tuple[int, int]) -> bool:
    found = text[span[0] : span[1]]
    return bool(found) and MARK not in found and not found.isspace()


def _signs(text: str) -> Iterator[tuple[int, int]]:
    """Secrets that a name or a form tells, wherever they stand."""
    for m in _GLUED.finditer(text):
        group = next(g for g in (4, 5, 6) if m[g] is not None)
        if not _NO_VALUE.match(m[group]) and (group < 6 or (not _PLACE.match(m[6]) and _assigns(text, m))):
            yield m.span(group)
    for pattern in (_HASHED, _CREDENTIAL):
        yield from (m.span(1) for m in pattern.finditer(text) if not m[1].startswith("$"))
    for pattern in (_HEADER, _BEARER):
        yield from (
            m.span(1) for m in pattern.finditer(text) if any(c.isdigit() for c in m[1]) and m[1][0] not in "$%{"
        )
    for m in _AUTHORITY.finditer(text):
        userinfo, _, host = m[1].rpartition("@")
        name, colon, secret = userinfo.partition(":")
        if host and colon and secret and not _NO_VALUE.match(secret):
            yield m.start(1) + len(name) + 1, m.start(1) + len(userinfo)
    at = 0
    while begun := _PEM.search(text, at):
        end = text.find(_PEM_END, begun.end())
        at = len(text) if end < 0 else end
        yield begun.end(), at


def _assigns(text: str, m: re.Match[str]) -> bool:
    """True if an unquoted value belongs to the name before it: without a blank, as `sc` writes it, or in a file of AWS."""
    if not m[1] and not m[3]:
        return True
    before = text[max(0, m.start() - 4) : m.start()].lower()
    return before == "aws_" or (not m[1] and before[-1:].isspace() and text.startswith("password=", m.start()))


def _commands(text: str, offset: int, depth: int) -> Iterator[tuple[int, int]]:
    """Secrets that the grammar of a command line tells."""
    words = [_word(m) for m in _WORD.finditer(text)]
    options: Options | None = None
    for i, word in enumerate(words):
        if depth > 1 and word.inner > word.start and any(c.isspace() for c in word.bare):
            yield from _commands(word.bare, offset + word.inner, depth - 1)
        taken = i > 0 and words[i - 1].bare.lower() in _TAKES_NAME
        name = "" if taken else _program(word)
        for start, end in _spoken(name, words, i):
            yield offset + start, offset + end
        found = _options_of(name, words, i)
        options = found or options
        if options and not found and not (options.login and not _logs_in(words, i)):
            yield from _shifted(_by_option(options, words, i), offset)
        yield from _shifted(_by_name(options, words, i), offset)
        if word.ends_command:
            options = None


_TAKES_NAME = frozenset(("-u", "/u", "/ru", "-ru", "--user", "--username", "-l", "--login", "-d"))


def _shifted(spans: Iterator[tuple[int, int]], offset: int) -> Iterator[tuple[int, int]]:
    return ((start + offset, end + offset) for start, end in spans)


def _word(m: re.Match[str]) -> _Word:
    raw = m.group()
    bare, inner = raw, m.start()
    if len(raw) > 1 and raw[0] in _QUOTES and raw[-1] == raw[0]:
        bare, inner = raw[1:-1], inner + 1
    return _Word(m.start(), m.end(), bare, inner)


def _program(word: _Word) -> str:
    """The file name of the program that the word may name, without its ending; lower case."""
    tail = word.bare[-_LONGEST_NAME:].rstrip(_QUOTES + ")").lower()
    cut = max(tail.rfind(c) for c in "/\\(=&|;{'\"$!")
    name = tail[cut + 1 :]
    for ending in (".exe", ".com"):
        name = name.removesuffix(ending)
    return name


def _options_of(name: str, words: Sequence[_Word], i: int) -> Options | None:
    if name in ("net", "net1"):
        return SAMBA_NET if _bare(words, i + 1).lower() in ("rpc", "ads") else None
    if name.startswith("impacket-"):
        return IMPACKET
    return PROGRAMS.get(name) or PROGRAMS.get(name.removesuffix(".py"))


def _bare(words: Sequence[_Word], i: int) -> str:
    return words[i].bare if i < len(words) else ""


def _logs_in(words: Sequence[_Word], i: int) -> bool:
    return any(w.bare == "login" for w in words[max(0, i - _AHEAD) : i])


def _value(word: _Word, skip: int = 0) -> Iterator[tuple[int, int]]:
    """The span of the word from its `skip`th character on, without quotes and what ends a command."""
    value = word.bare[skip:]
    start = word.inner + skip + len(value) - len(value.lstrip("\\" + _QUOTES))
    end = word.inner + skip + len(value.rstrip(_QUOTES + ";|&),"))
    rest = word.bare[end - word.inner :]
    if rest[:1] in ('"', "'") and end > start and word.bare[end - word.inner - 1] == "\\":
        end -= 1  # the quotation mark is an escaped one
    said = word.bare[start - word.inner : end - word.inner]
    if said and not _NO_VALUE.match(said):
        yield start, end


def _by_option(options: Options, words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """The word as an option of the program that takes a secret."""
    word = words[i]
    said = word.bare.lower() if options.fold else word.bare
    following = i + 1 < len(words) and not words[i + 1].option and not words[i + 1].redirects
    if said in options.following:
        if following and not (said[0] == "/" and _bare(words, i + 1).startswith("/")):
            yield from _value(words[i + 1])
        return
    for glued in options.glued:
        if said.startswith(glued) and len(said) > len(glued) and not _ports(said[len(glued) :]):
            yield from _value(word, len(glued))
            return
    for option, sign in (options.paired or {}).items():
        if said == option and following:
            yield from _behind(words[i + 1], sign, 0)
        elif said.startswith(f"{option}=" if option.startswith("--") else option):
            yield from _behind(word, sign, len(option))
        elif following and said[1:].isalpha() and said[0] + said[-1] == option and len(said) < 8:
            yield from _behind(words[i + 1], sign, 0)  # `-sku name:secret`
    if options.target and not word.option:
        yield from _aimed(word, options.target)


def _ports(said: str) -> bool:
    """True for what is no password but a mapping of ports (`3306:3306`)."""
    return ":" in said and said.replace(":", "").isdigit()


def _behind(word: _Word, sign: str, skip: int) -> Iterator[tuple[int, int]]:
    at = word.bare.find(sign, skip)
    if at > 0:
        yield from _value(word, at + 1)


def _aimed(word: _Word, sign: str) -> Iterator[tuple[int, int]]:
    """`domain/name:secret@host`: between the sign and the last `@`; without a host only where a domain stands before."""
    at, host = word.bare.find(sign), word.bare.rfind("@")
    if 0 < at < host:
        yield word.inner + at + 1, word.inner + host
    elif at > 0 and host < 0 and "/" in word.bare[: at + 1] and "\\" not in word.bare and "//" not in word.bare:
        yield from _value(word, at + 1)


def _by_name(options: Options | None, words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """The word as an option that says by its name that a secret follows."""
    word = words[i]
    glued = _SWITCH.match(word.bare)
    if glued:
        if not (glued[2] == ":" and _PLACE.match(word.bare, glued.end())):
            yield from _value(word, glued.end())
        return
    name = word.bare.lstrip("-").lower() if word.option else ""
    if name in OPTION_NAMES and not (options and name in options.flags) and i + 1 < len(words):
        after = words[i + 1]
        if not after.option and not after.redirects and not (name == "token" and len(after.bare) < 8):
            yield from _value(after, len("pass:") if after.bare.startswith("pass:") else 0)


def _spoken(name: str, words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """Secrets that stand in a place of their own in a command."""
    told = _SPOKEN.get(name)
    return told(words, i) if told else iter(())


def _rest(words: Sequence[_Word], i: int) -> list[_Word]:
    """The words of the command from `i` on, at most `_AHEAD` of them."""
    out: list[_Word] = []
    for word in words[i : i + _AHEAD]:
        if word.redirects or word.bare in ("|", "||", "&", "&&", ";"):
            break
        out.append(word)
        if word.ends_command:
            break
    return out


def _net(words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """`net use [X:] \\\\host\\share SECRET /user:…` and `net user NAME SECRET /add`."""
    rest = _rest(words, i + 2)
    plain = [w for w in rest if not (w.bare.startswith("/") and not w.bare.startswith("//"))]
    verb, switched = _bare(words, i + 1).lower(), len(plain) < len(rest)
    if verb == "user" and len(plain) >= 2 and (switched or len(plain) == 2):
        yield from _value(plain[1])
    if verb == "use":
        if plain and (plain[0].bare == "*" or re.fullmatch(r"[A-Za-z]:", plain[0].bare)):
            plain = plain[1:]
        shared = bool(plain) and plain[0].bare.startswith(("\\\\", "//"))
        if shared and len(plain) >= 2 and (switched or len(plain) == 2):
            yield from _value(plain[1])


def _secure_string(words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """`ConvertTo-SecureString SECRET -AsPlainText`, its text before it through a pipe, or in any place behind it."""
    rest = _rest(words, i + 1)
    if not any(w.bare.lower().startswith("-aspl") for w in rest):
        return
    given = [w for w in rest if not w.option]
    if given:
        yield from _value(given[0])
    elif i >= 2 and words[i - 1].bare == "|" and words[i - 2].inner > words[i - 2].start:
        yield from _value(words[i - 2])


def _run_as(words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """`RunasCs NAME SECRET COMMAND`."""
    if i + 2 < len(words) and not words[i + 1].option and not words[i + 2].option:
        yield from _value(words[i + 2])


def _echoed(words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """What `echo` hands through a pipe to a program that reads a password there."""
    said = [w for w in _rest(words, i + 1) if not w.option]
    at = said[-1] if said else None
    pipe = next((k for k in range(i + 1, min(len(words), i + _AHEAD)) if words[k].bare == "|"), 0)
    if at is None or not pipe:
        return
    readers = [_program(w) for w in words[pipe + 1 : pipe + 3]]
    reads = any(r in READS_SECRET for r in readers) or (readers[:1] == ["sudo"] and "-S" in _bare(words, pipe + 2))
    for word in said if reads else ():
        name, colon, secret = word.bare.partition(":")
        yield from _value(word, len(name) + 1 if "chpasswd" in readers and colon and secret else 0)


def _registry(words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """`reg add … /v DefaultPassword /d SECRET`."""
    rest = _rest(words, i + 1)
    pairs = {w.bare.lower(): rest[k + 1] for k, w in enumerate(rest[:-1]) if w.bare.lower() in ("/v", "/d")}
    if "/d" in pairs and "/v" in pairs and pairs["/v"].bare.lower().endswith(("password", "passwd", "pwd")):
        yield from _value(pairs["/d"])


def _set_variable(words: Sequence[_Word], i: int) -> Iterator[tuple[int, int]]:
    """`setx PGPASSWORD SECRET`, `aws configure set aws_secret_access_key SECRET`."""
    if _bare(words, i + 1).lower() in VARIABLES and i + 2 < len(words):
        yield from _value(words[i + 2])


_SPOKEN = {
    "net": _net, "net1": _net, "convertto-securestring": _secure_string, "runascs": _run_as, "echo": _echoed, "printf": _echoed,
    "reg": _registry, "setx": _set_variable, "set": _set_variable,
}  # fmt: skip
