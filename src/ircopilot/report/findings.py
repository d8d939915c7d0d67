"""Findings of a version of a report, with what analysts say of them laid over: roles of entities, indicators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ircopilot.domain.evidence import Frozen
from ircopilot.domain.findings import Entity, Findings, Indicator, IndicatorType
from ircopilot.domain.ids import digest
from ircopilot.stores.postgres.analyst_words import EntityWord, IndicatorWord


class JudgedIndicator(Frozen):
    """An indicator, derived or added. `verdict` is `derived` where nobody said anything of it."""

    id: str
    type: IndicatorType
    value: str
    evidence: tuple[str, ...]
    why: str
    verdict: str = "derived"
    added: bool = False
    by: str = ""
    at: datetime | None = None
    version: int = 0


def indicator_id(kind: str, value: str) -> str:
    """The same for the same type and value, whatever found it and however it is spelled."""
    return f"{kind}-{digest(kind, value.strip().lower())[:12]}"


def spellings_of(entity: Entity) -> tuple[str, ...]:
    """Every way in which a record may write the entity: its aliases, an account without its domain, a host without its own."""
    found = dict.fromkeys((entity.value, *entity.aliases))
    if entity.type == "user":
        found |= dict.fromkeys(v.rpartition("\\")[2].partition("@")[0] for v in tuple(found))
    if entity.type == "host" and not entity.value.replace(".", "").isdigit():
        found |= dict.fromkeys(v.partition(".")[0] for v in tuple(found))
    return tuple(v for v in found if len(v) > 1)


def said_of_entity(entity: Entity, word: EntityWord | None) -> Entity:
    """The entity with the role that an analyst gave it, if one did."""
    if word is None:
        return entity
    why = f"{word.by}: {word.why}" if word.why else f"said by {word.by}"
    return entity.model_copy(update={"role": word.role, "why": why})


def judged_indicators(
    derived: Iterable[Indicator | JudgedIndicator], words: Mapping[str, IndicatorWord]
) -> list[JudgedIndicator]:
    """Derived and added indicators by type and value, each with the analyst's verdict, benign ones included."""
    found: dict[str, JudgedIndicator] = {}
    for item in derived:
        key = indicator_id(item.type, item.value)
        found[key] = JudgedIndicator(
            id=key, type=item.type, value=item.value, evidence=item.evidence, why=item.why,
        )  # fmt: skip
    for key, word in words.items():
        base = found.get(key)
        evidence = base.evidence if base else ()
        found[key] = JudgedIndicator(
            id=key, type=word.type, value=base.value if base else word.value, verdict=word.verdict, by=word.by,
            evidence=tuple(dict.fromkeys((*evidence, *word.evidence))), why=word.why or (base.why if base else ""),
            added=word.added, at=word.at, version=word.version,
        )  # fmt: skip
        if base is None and not word.added:
            del found[key]
    return sorted(found.values(), key=lambda i: (i.type, i.value))


def with_words(
    findings: Findings, entity_words: Mapping[str, EntityWord], indicator_words: Mapping[str, IndicatorWord]
) -> Findings:
    """Findings as analysts have said they are: given roles, no benign indicators, and those that were added.

    An indicator without a record that shows it stays out: a finding has evidence.
    """
    if not entity_words and not indicator_words:
        return findings
    entities = tuple(said_of_entity(e, entity_words.get(e.id)) for e in findings.entities)
    kept = [i for i in judged_indicators(findings.indicators, indicator_words) if i.verdict != "benign" and i.evidence]
    order = {(i.type, i.value): n for n, i in enumerate(findings.indicators)}
    kept.sort(key=lambda i: order.get((i.type, i.value), len(order)))
    indicators = tuple(Indicator(type=i.type, value=i.value, evidence=i.evidence, why=i.why) for i in kept)
    return findings.model_copy(update={"entities": entities, "indicators": indicators})
