"""Fields by the names that people and searches use, as columns of the event store, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ircopilot.analysis.search.names import ECS, SHORT, Field, find_field
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.event import HOT_BY_NAME, Event
from ircopilot.gateway.events.shapes import FieldOut
from ircopilot.stores.events.paging import LISTED, ORIGINAL, WHOLE_MAP

MOST_SHOWN = 40
MOST_ORIGINAL = 500
_EXAMPLES = 5
_SHORTENED = 120


def shown_columns(names: str | None) -> tuple[str, ...]:
    """The columns of a page: those that a list shows, those of the names, or all (`*`). Raises `UnusableArgument`."""
    if names is None:
        return LISTED_HOT
    if names.strip() == "*":
        return (*HOT_BY_NAME, WHOLE_MAP)
    given = [name.strip() for name in names.split(",") if name.strip()]
    if len(given) > MOST_SHOWN:
        raise UnusableArgument(f"a page shows at most {MOST_SHOWN} named fields", "name fewer, or * for all")
    columns: dict[str, None] = {}
    for name in given:
        field = find_field(name)
        if field.type == "original":
            columns[ORIGINAL + field.columns[0]] = None
        else:
            columns |= dict.fromkeys(column for column in field.columns if column in HOT_BY_NAME)
    return tuple(columns)


LISTED_HOT = tuple(name for name in LISTED if name in HOT_BY_NAME)


def counted_column(name: str) -> str:
    """The one column of a field whose values are to be counted. Raises `UnusableArgument` for one of several."""
    field = find_field(name)
    if field.type == "original":
        return ORIGINAL + field.columns[0]
    if len(field.columns) > 1 or field.type in ("words", "time", "mark"):
        several = ", ".join(_spelt(field))
        raise UnusableArgument(
            f"values of {name[:60]!r} are not counted: it stands for {several}", "name one field, as host.name"
        )
    return field.columns[0]


def known_fields(sample: Iterable[Event]) -> list[FieldOut]:
    """All fields of the search language and those that the records of the sample have, with examples out of it."""
    examples: dict[str, dict[str, None]] = {}
    for event in sample:
        columns = event.ecs | {"kind": event.kind, "source": event.source, "artifact_sha256": event.artifact_sha256}
        for name, value in (*columns.items(), *((ORIGINAL + name, value) for name, value in event.fields.items())):
            seen = examples.setdefault(name, {})
            if len(seen) < _EXAMPLES and value != "":
                seen[str(value)[:_SHORTENED]] = None
    found = [_told(name, "short", field, examples) for name, field in SHORT.items()]
    found += [_told(name, "ecs", field, examples) for name, field in ECS.items()]
    names = sorted(name[len(ORIGINAL) :] for name in examples if name.startswith(ORIGINAL))[:MOST_ORIGINAL]
    for name in names:
        spelt = name if find_field(name).type == "original" else ORIGINAL + name
        values = list(examples[ORIGINAL + name])
        found.append(FieldOut(name=spelt, group="original", type="original", about="", columns=[], examples=values))
    return found


def _told(name: str, group: Literal["short", "ecs"], field: Field, examples: dict[str, dict[str, None]]) -> FieldOut:
    values = [value for column in field.columns for value in examples.get(column, ())][:_EXAMPLES]
    return FieldOut(
        name=name, group=group, type=field.type, about=field.about, columns=_spelt(field),
        examples=values,
    )  # fmt: skip


def _spelt(field: Field) -> list[str]:
    return [HOT_BY_NAME[column].ecs if column in HOT_BY_NAME else column for column in field.columns]
