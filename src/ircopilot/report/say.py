"""What analysts say of findings, said and audited: the role of an entity, the verdict on an indicator."""

from __future__ import annotations

from collections.abc import Iterable

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.domain.findings import Entity, IndicatorType, Role
from ircopilot.domain.incident import Incident
from ircopilot.report.findings import JudgedIndicator, indicator_id, judged_indicators
from ircopilot.stores.postgres import Tx, analyst_words
from ircopilot.stores.postgres.json_text import storable

_CHANGED = ("somebody said something else of it in the meantime", "read it again and send its ETag")


def say_of_entity(
    tx: Tx, caller: Caller, incident: Incident, entity: Entity, seen: int, role: Role, why: str
) -> None:  # fmt: skip
    """Give the entity a role. Raises `PreconditionFailed`."""
    before = analyst_words.entity_words_of(tx, incident.incident_id).get(entity.id)
    values = {"role": role, "why": storable(why), "by": caller.label, "by_id": caller.principal_id}
    if not analyst_words.say_entity(tx, incident.incident_id, entity.id, seen, values):
        raise PreconditionFailed(*_CHANGED)
    was = {"role": before.role if before else entity.role}
    record_act(
        tx, caller, "entity.role", f"incident/{incident.key}/entity/{entity.id}", was, {"role": role, "why": why}
    )


def say_of_indicator(
    tx: Tx, caller: Caller, incident: Incident, known: Iterable[JudgedIndicator], named: tuple[IndicatorType, str],
    seen: int | None, verdict: str, why: str, evidence: Iterable[str],
) -> tuple[JudgedIndicator, bool]:  # fmt: skip
    """Give a verdict on an indicator, which is added if it is not known; as it stands then, and whether it is new.

    `seen` None: whatever was said before. Raises `PreconditionFailed`.
    """
    kind, value = named
    key = indicator_id(kind, value)
    before = next((i for i in known if i.id == key), None)
    word = analyst_words.indicator_words_of(tx, incident.incident_id).get(key)
    at = (word.version if word else 0) if seen is None else seen
    cited = list(dict.fromkeys((*(word.evidence if word else ()), *evidence)))
    values = {
        "type": kind, "value": storable(value), "verdict": verdict, "why": storable(why), "evidence": cited,
        "added": word.added if word else before is None, "by": caller.label, "by_id": caller.principal_id,
    }  # fmt: skip
    if not analyst_words.say_indicator(tx, incident.incident_id, key, at, values):
        raise PreconditionFailed(*_CHANGED)
    after = {"verdict": verdict, "value": value, "type": kind, "why": why}
    record_act(
        tx, caller, "indicator.add" if before is None else "indicator.judge", f"incident/{incident.key}/indicator/{key}",
        {"verdict": before.verdict} if before else None, after,
    )  # fmt: skip
    words = analyst_words.indicator_words_of(tx, incident.incident_id)
    derived = [] if before is None else [before]
    again = judged_indicators(derived, {key: words[key]})
    return next(i for i in again if i.id == key), before is None
