"""What a version of a report rests on: the drafted report and the records, facts and names that its gate knew."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ircopilot.contracts.report import ReportDocument
from ircopilot.domain.claims import Claim, DraftClaim, Fact, Rejection
from ircopilot.domain.findings import Findings
from ircopilot.report.errors import UneditableReport, UnknownReport
from ircopilot.report.gate import CitedEvent, check_claim, find_faults, keep_as_word
from ircopilot.report.gate.faults import Fault
from ircopilot.report.records import CitedRecord, kept_record
from ircopilot.stores.postgres import Tx, report_records, results
from ircopilot.stores.postgres.results import Result

T = TypeVar("T")
MOST_KEPT = 12  # reports in memory, per process
MOST_LEARNT = 5000  # records beyond those of a report


@dataclass(slots=True)
class Ground:
    """The basis of one or more versions; nothing in it ever changes but `cited`, which learns of further records.

    `editable` is False for a report that was drafted before its gate's basis was kept.
    """

    basis: int
    run_id: str
    document: ReportDocument
    drafts: dict[str, DraftClaim]
    records: dict[str, CitedRecord]
    names: dict[str, str]
    editable: bool
    cited: dict[str, CitedEvent] = field(default_factory=dict)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """The ledger."""
        return self.document.facts

    def learn(self, more: Mapping[str, CitedRecord]) -> None:
        """Know further records of the incident, by event id; only so many: they are read again when they are needed."""
        if len(self.cited) > len(self.records) + MOST_LEARNT:
            self.cited = {i: event for i, event in self.cited.items() if i in self.records}
        self.cited |= {i: record.for_gate() for i, record in more.items()}

    def judge(self, draft: DraftClaim, by: str, *, own_word: bool = False) -> Claim | Rejection:
        """Hold a person's sentence against the records; `own_word` keeps what the gate refuses, marked as that."""
        if not self.editable:
            raise UneditableReport("it was drafted by an earlier release", "start a run from the stage report")
        found = check_claim(draft, self.cited, self.facts, self.names, by)
        if isinstance(found, Rejection) and own_word:
            found = keep_as_word(draft, self.cited, self.facts, by)
        return found

    def faults(self, rejection: Rejection) -> tuple[Fault, ...]:
        """What is wrong with a refused sentence, and where."""
        return find_faults(rejection, self.cited, self.facts, self.names)


def read_ground(result: Result) -> Ground:
    """The ground in a result of the stage report."""
    document = ReportDocument.model_validate(result.document["document"])
    kept: dict[str, Any] = result.document.get("ground", {})
    columns = kept.get("columns", {})
    records = {i: kept_record(i, event, columns.get(i, {})) for i, event in document.events.items()}
    drafts = [DraftClaim.model_validate(d) for d in kept.get("drafts", ())]
    return Ground(
        result.version, result.run_id, document, {d.id: d for d in drafts}, records, dict(kept.get("names", {})),
        editable=bool(kept), cited={i: record.for_gate() for i, record in records.items()},
    )  # fmt: skip


class _Kept(Generic[T]):
    """The last few of something that never changes, by key. For threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._items: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                return self._items[key]
        made = make()
        with self._lock:
            kept = self._items.setdefault(key, made)
            while len(self._items) > self._most:
                self._items.popitem(last=False)
        return kept


class Grounds:
    """Grounds and findings as they were read, the last few of them in memory, each under its organisation."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._grounds: _Kept[Ground] = _Kept(most)
        self._findings: _Kept[Findings] = _Kept(most)

    def of(self, tx: Tx, incident_id: str, basis: int) -> Ground:
        """The ground of a result of the stage report. Raises `UnknownReport`."""
        return self._grounds.get((tx.org_id, incident_id, basis), lambda: read_ground(_result(tx, incident_id, basis)))

    def findings(self, tx: Tx, incident_id: str, basis: int) -> Findings:
        """The findings that the report was drafted of. Raises `UnknownReport`."""

        def read() -> Findings:
            report = _result(tx, incident_id, basis)
            found = results.result_of_run(tx, report.run_id, "forensic")
            found = found or results.result_before(tx, incident_id, "forensic", report)
            if found is None:
                raise UnknownReport("its findings are not there", "start a run")
            return Findings.model_validate(found.document["findings"])

        return self._findings.get((tx.org_id, incident_id, basis), read)


def learn_records(tx: Tx, ground: Ground, incident_id: str, event_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Let the ground know what is kept of these events; returns those that are not kept: they must be read first."""
    missing = [i for i in dict.fromkeys(event_ids) if i not in ground.cited]
    kept = report_records.kept_records(tx, incident_id, missing)
    ground.learn({i: CitedRecord.model_validate(record) for i, record in kept.items()})
    return tuple(i for i in missing if i not in ground.cited)


def _result(tx: Tx, incident_id: str, basis: int) -> Result:
    found = results.numbered_result(tx, incident_id, "report", basis)
    if found is None:
        raise UnknownReport("there is no such report", "list them: GET /v1/incidents/KEY/reports")
    return found
