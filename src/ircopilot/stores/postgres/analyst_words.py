"""What analysts say of findings: the role of an entity, and indicators added, confirmed or found to be benign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.evidence import Frozen
from ircopilot.domain.findings import IndicatorType, Role
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables.reports import entity_words, indicator_words


class EntityWord(Frozen):
    """The role that an analyst gives an entity."""

    entity_id: str
    role: Role
    why: str
    by: str
    at: datetime
    version: int


class IndicatorWord(Frozen):
    """An analyst's verdict on an indicator; `added` if it is one by this word alone."""

    indicator_id: str
    type: IndicatorType
    value: str
    verdict: str
    added: bool
    why: str
    evidence: tuple[str, ...]
    by: str
    at: datetime
    version: int


def entity_words_of(tx: Tx, incident_id: str) -> dict[str, EntityWord]:
    """All of the incident, by entity id."""
    rows = tx.connection.execute(select(entity_words).where(entity_words.c.incident_id == incident_id))
    found = [EntityWord(**{name: row._mapping[name] for name in EntityWord.model_fields}) for row in rows]
    return {word.entity_id: word for word in found}


def say_entity(tx: Tx, incident_id: str, entity_id: str, seen: int, values: Mapping[str, Any]) -> bool:
    """Set (`seen` 0: for the first time) an entity's word; False if it is no longer the one seen."""
    if seen == 0:
        row = {"org_id": tx.org_id, "incident_id": incident_id, "entity_id": entity_id, **values}
        made = insert(entity_words).values(row).on_conflict_do_nothing().returning(entity_words.c.entity_id)
        return tx.connection.execute(made).one_or_none() is not None
    mine = (entity_words.c.incident_id == incident_id) & (entity_words.c.entity_id == entity_id)
    changed = update(entity_words).where(mine, entity_words.c.version == seen)
    return tx.connection.execute(changed.values(**values, version=seen + 1, at=func.now())).rowcount == 1


def indicator_words_of(tx: Tx, incident_id: str) -> dict[str, IndicatorWord]:
    """All of the incident, by indicator id."""
    rows = tx.connection.execute(select(indicator_words).where(indicator_words.c.incident_id == incident_id))
    found = [IndicatorWord(**{name: row._mapping[name] for name in IndicatorWord.model_fields}) for row in rows]
    return {word.indicator_id: word for word in found}


def say_indicator(tx: Tx, incident_id: str, indicator_id: str, seen: int, values: Mapping[str, Any]) -> bool:
    """Set (`seen` 0: for the first time) an indicator's word; False if it is no longer the one seen."""
    if seen == 0:
        row = {"org_id": tx.org_id, "incident_id": incident_id, "indicator_id": indicator_id, **values}
        made = insert(indicator_words).values(row).on_conflict_do_nothing().returning(indicator_words.c.indicator_id)
        return tx.connection.execute(made).one_or_none() is not None
    mine = (indicator_words.c.incident_id == incident_id) & (indicator_words.c.indicator_id == indicator_id)
    changed = update(indicator_words).where(mine, indicator_words.c.version == seen)
    return tx.connection.execute(changed.values(**values, version=seen + 1, at=func.now())).rowcount == 1
