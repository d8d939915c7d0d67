"""One statement as it came over the wire: what kind it is, where its data begins, and whether it may run."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from ircopilot.embedded.eventstore.tokens import Token, Unreadable, tokenize

# Table functions that neither read files nor reach the network. All others that the engine knows are refused.
TABLE_FUNCTIONS = frozenset(
    [
        "numbers",
        "numbers_mt",
        "zeros",
        "zeros_mt",
        "primes",
        "generate_series",
        "generateseries",
        "generaterandom",
        "values",
        "format",
        "null",
        "view",
        "viewexplain",
        "input",
        "mergetreeindex",
        "mergetreetextindex",
    ]
)
TABLE_ENGINES = frozenset(
    [
        "mergetree",
        "replacingmergetree",
        "summingmergetree",
        "aggregatingmergetree",
        "collapsingmergetree",
        "versionedcollapsingmergetree",
        "coalescingmergetree",
        "memory",
        "null",
        "view",
        "materializedview",
        "atomic",
    ]
)
# Scalar functions that read files, reach a model over the network, or evaluate text.
SCALAR_FUNCTIONS_DENIED = frozenset({"file", "catboostevaluate", "eval", "disk", "executable"})
WORDS_DENIED = frozenset({"outfile", "infile", "input_format_values_interpret_expressions"})
SETTING_PREFIXES_DENIED = ("format_schema", "format_template", "input_format_values_interpret", "allow_introspection")
STATEMENTS = frozenset(
    [
        "select",
        "with",
        "explain",
        "insert",
        "create",
        "drop",
        "alter",
        "truncate",
        "rename",
        "optimize",
        "describe",
        "desc",
        "show",
        "exists",
        "kill",
        "use",
        "set",
        "check",
        "delete",
        "update",
        "exchange",
    ]
)
CREATE_DENIED = frozenset(
    {"dictionary", "named", "user", "role", "function", "quota", "profile", "workload", "resource"}
)


class Denied(Exception):
    """SQL that the event store does not run. `code` is ClickHouse's number for the same refusal."""

    def __init__(self, message: str, code: int = 497, name: str = "ACCESS_DENIED") -> None:
        super().__init__(message)
        self.code, self.name = code, name


@dataclass(frozen=True, slots=True)
class Statement:
    """A checked statement. `sql` ends before `FORMAT` when data follows; `data_at` is where the data begins."""

    sql: str
    verb: str
    format: str | None = None
    data_at: int | None = None
    input_call: tuple[int, int, int] | None = None
    tokens: tuple[Token, ...] = ()


class Guard:
    """Decides which statements run. `table_functions` and `engines` are all names that chdb knows as such."""

    def __init__(self, table_functions: Iterable[str], engines: Iterable[str]) -> None:
        self._functions = {name.lower() for name in table_functions} - TABLE_FUNCTIONS | SCALAR_FUNCTIONS_DENIED
        self._engines = {name.lower() for name in engines} - TABLE_ENGINES
        self.read_again = lru_cache(maxsize=16)(self.read)  # loads of a mapping send the same long head each time

    def read(self, sql: str, *, data_outside: bool = False) -> Statement:
        """Check `sql` and find its parts. `data_outside`: the data of an INSERT comes in a body of its own.

        `sql` may be the beginning of a body with inline data: it is read up to `FORMAT name`, not further.
        Raises `Denied`.
        """
        try:
            tokens, last, has_select = _read_head(sql)
        except Unreadable as error:
            raise Denied(f"Syntax error: {error}", 62, "SYNTAX_ERROR") from error
        if not tokens:
            raise Denied("Empty query", 62, "SYNTAX_ERROR")
        self._check(tokens)
        return self._parts(sql, tokens, last, has_select, data_outside)

    def _parts(
        self, sql: str, tokens: list[Token], last: Token | None, has_select: bool, data_outside: bool
    ) -> Statement:
        verb = tokens[0].name
        if verb != "insert":
            named = len(tokens) > 2 and tokens[-2].kind == "word" and tokens[-2].name == "format"
            return Statement(sql, verb, tokens[-1].text if named else None, tokens=tuple(tokens))
        if last is None:
            if data_outside and tokens[-1].name == "values":
                return Statement(sql[: tokens[-1].start], verb, "Values", len(sql))
            return Statement(sql, verb)
        call = _input_call(sql, tokens) if has_select else None
        return Statement(sql[: tokens[-2].start], verb, last.text, _skip_newline(sql, last.end), call)

    def _check(self, tokens: list[Token]) -> None:
        verb = tokens[0].name
        if verb not in STATEMENTS and tokens[0].text != "(":
            raise Denied(f"Statement {tokens[0].text} is not served by the embedded event store")
        if verb in ("create", "alter", "drop") and any(
            t.name in CREATE_DENIED for t in tokens[1:4] if t.kind == "word"
        ):
            raise Denied(f"{tokens[0].text} {tokens[1].text} is not served by the embedded event store")
        for index, here in enumerate(tokens):
            after = tokens[index + 1 : index + 3]
            if here.text == ";" and after and after[0].text != ";":
                raise Denied("Multi-statements are not allowed", 62, "SYNTAX_ERROR")
            if here.is_name:
                self._check_name(here, after)

    def _check_name(self, here: Token, after: list[Token]) -> None:
        name = here.name
        if here.kind == "word" and (name in WORDS_DENIED or name.startswith(SETTING_PREFIXES_DENIED)):
            raise Denied(f"{here.text} is not allowed")
        if not after:
            return
        if after[0].text == "(" and (name in self._functions or _calls_a_model(here.name, here.text)):
            raise Denied(f"Function {here.text} is not allowed")
        if name == "disk" and after[0].text == "=":
            raise Denied("Setting disk is not allowed")
        if here.kind == "word" and name == "engine":
            engine = after[-1] if after[0].text == "=" else after[0]
            if engine.is_name and engine.name in self._engines:
                raise Denied(f"Engine {engine.text} is not allowed")


def check_settings(names: Collection[str]) -> None:
    """Refuse settings that let a statement read files or evaluate its data. Raises `Denied`."""
    for name in names:
        if not name.isidentifier() or name.lower().startswith(SETTING_PREFIXES_DENIED) or name.lower() == "disk":
            raise Denied(f"Setting {name!r} is not allowed")


def _read_head(sql: str) -> tuple[list[Token], Token | None, bool]:
    # The tokens up to the format's name of an INSERT whose data follows, else all of them; that name; SELECT seen.
    tokens: list[Token] = []
    depth, has_select, has_input = 0, False, False
    for token in tokenize(sql):
        tokens.append(token)
        if token.kind == "sign":
            depth += (token.text in "([{") - (token.text in ")]}")
        if tokens[0].name != "insert" or len(tokens) < 2:
            continue
        before = tokens[-2]
        has_input |= token.text == "(" and before.kind == "word" and before.name == "input"
        if token.kind == "word" and not depth:
            has_select |= token.name in ("select", "with")
            # A column may be called format: in a SELECT only what follows input() can name the data's format.
            if before.kind == "word" and before.name == "format" and (has_input or not has_select):
                return tokens, token, has_select
    return tokens, None, has_select


def _calls_a_model(name: str, text: str) -> bool:
    # aiGenerate, AIEmbed … send their arguments to a language model over the network.
    return name.startswith("ai") and text.strip('`"')[2:3].isupper()


def _input_call(sql: str, tokens: list[Token]) -> tuple[int, int, int] | None:
    # Where `input(` stands: the start of the name, the offset behind the opening bracket, and the closing bracket.
    for at, (here, after) in enumerate(itertools.pairwise(tokens)):
        if here.kind == "word" and here.name == "input" and after.text == "(":
            close = next((t.start for t in tokens[at + 2 :] if t.text == ")"), None)
            return (here.start, after.end, close) if close is not None else None
    return None


def _skip_newline(sql: str, position: int) -> int:
    # ClickHouse drops blanks and one line break between the format's name and the data.
    while position < len(sql) and sql[position] in " \t\r":
        position += 1
    return position + 1 if sql[position : position + 1] == "\n" else position
