"""Stage export: the report as files."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.contracts.report import TLP, Decided, ReportDocument
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.incident import Case, Incident, RunParameters
from ircopilot.export.redact import count_placeholders, redact_document
from ircopilot.export.registry import EXPORTERS, Exporter, exporter_of, write_outputs
from ircopilot.pipeline.advance import start_run
from ircopilot.pipeline.request import Job
from ircopilot.report.edited import decided_of, edited_document
from ircopilot.report.errors import UnknownFinding, UnknownReport
from ircopilot.report.findings import spellings_of
from ircopilot.report.ground import Ground, Grounds
from ircopilot.report.versions import find_report
from ircopilot.stores.postgres import Tx, exports, report_records, report_versions
from ircopilot.stores.postgres.report_versions import VersionRow

Numbers = Callable[[Tx, str, Iterable[str]], dict[str, int]]


def export_report(job: Job, document: ReportDocument) -> dict[str, Path]:
    """Write every output into the folder asked for; paths by exporter name, and the manifest's."""
    job.progress.stage("export", 0, 1, "step", "writing " + ", ".join(e.file_name for e in EXPORTERS))
    paths = {p.name: p for p in write_outputs(document, job.request.out)}
    job.progress.stage("export", 1, 1, "step", f"{len(paths)} files")
    return {e.name: paths[e.file_name] for e in EXPORTERS} | {"manifest": paths["manifest.json"]}


def kept_outputs(job: Job, paths: Iterable[Path]) -> dict[str, Any]:
    """Keep the files in the vault, from where the gateway gives them out: {"outputs": {name: {"sha256", "size"}}}."""
    return {"outputs": {path.name: _kept(job, path) for path in paths}}


def _kept(job: Job, path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        sha256, size = job.stores.vault.put(job.org_id, stream)
    return {"sha256": sha256, "size": size}


@dataclass(frozen=True, slots=True)
class Wish:
    """A document of a report that somebody wants: which version (None: the newest) in which format, for whom, how much
    of it (no sections: all), and what is to be replaced: values as they are, entities by id with all their spellings.
    """

    format: str
    version: int | None = None
    tlp: TLP | None = None
    sections: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()


def ask_for_export(tx: Tx, grounds: Grounds, caller: Caller, incident: Case, wish: Wish) -> exports.ExportRow:
    """Ask for an export: a run of its own makes it, which waits for no other.

    Raises `UnknownReport`, `UnusableArgument` for a format or section that there is not, `UnknownFinding`.
    """
    settled = _settle(tx, grounds, incident, wish, report_records.number_values)
    version = settled.version
    export_id, run_id = str(uuid.uuid4()), str(uuid.uuid4())
    start_run(tx, incident.incident_id, run_id, RunParameters(first_stage="export", export=export_id), priority=7)
    exports.add_export(
        tx, incident.incident_id, export_id, run_id, version.number, wish.format, settled.options, caller.label,
        caller.principal_id,
    )  # fmt: skip
    asked = {"format": wish.format, "version": version.number, "tlp": wish.tlp, "sections": list(wish.sections)}
    record_act(tx, caller, "export.make", f"incident/{incident.key}/export/{export_id}", None, asked)
    return exports.get_export(tx, export_id)


@dataclass(frozen=True, slots=True)
class Previewed:
    """The document that an export of the same wish would be of now, and what renders it."""

    document: ReportDocument
    placeholders: Mapping[str, str]
    wish: Wish
    named: Mapping[str, str]
    exporter: Exporter

    def render(self) -> tuple[bytes, list[int]]:
        """The file's bytes, and in how many places each of the wish's values and then of its entities was replaced."""
        redacted = redact_document(self.document, self.placeholders)
        places = count_placeholders(redacted, self.placeholders.values())
        marks = [self.placeholders[value] for value in self.wish.values] + [self.named[i] for i in self.wish.entities]
        return self.exporter.render(redacted), [places[mark] for mark in marks]


def preview_export(tx: Tx, grounds: Grounds, incident: Case, wish: Wish) -> Previewed:
    """What `ask_for_export` would have made now, if nobody numbers another value meanwhile; it keeps nothing.

    Raises as that does.
    """
    settled = _settle(tx, grounds, incident, wish, report_records.foresee_numbers)
    document = _chosen(tx, settled.ground, settled.version, settled.options)
    entities = {e.id: e for e in settled.ground.document.entities}
    placeholders = settled.options["placeholders"]
    named = {i: placeholders.get(entities[i].value, "") for i in wish.entities}
    return Previewed(document, placeholders, wish, named, settled.exporter)


@dataclass(frozen=True, slots=True)
class _Settled:
    exporter: Exporter
    version: VersionRow
    ground: Ground
    options: dict[str, Any]


def _settle(tx: Tx, grounds: Grounds, incident: Case, wish: Wish, numbers: Numbers) -> _Settled:
    """A wish as it is kept with an export, once it is known that it can be had."""
    exporter = exporter_of(wish.format)
    if exporter is None:
        raise UnusableArgument(f"there is no format {wish.format[:50]!r}", "list them: GET /v1/export-formats")
    version = find_report(tx, grounds, incident, wish.version)
    ground = grounds.of(tx, incident.incident_id, version.basis)
    known = {section.id for section in ground.document.report.sections}
    if unknown := set(wish.sections) - known:
        raise UnusableArgument(
            f"the report has no section {min(unknown)[:100]}", f"choose of {', '.join(sorted(known))}"
        )
    options = {
        "tlp": wish.tlp, "sections": list(wish.sections), "values": list(wish.values), "entities": list(wish.entities),
        "placeholders": _placeholders(tx, incident, ground, wish, numbers),
        "decided": decided_of(tx, incident, ground).model_dump(),
    }  # fmt: skip
    return _Settled(exporter, version, ground, options)


def _placeholders(tx: Tx, incident: Incident, ground: Ground, wish: Wish, numbers: Numbers) -> dict[str, str]:
    """Placeholder by spelling. A value has the same one in all exports of the incident, whichever way it was named."""
    entities = {e.id: e for e in ground.document.entities}
    if unknown := [i for i in wish.entities if i not in entities]:
        raise UnknownFinding(f"there is no entity {unknown[0][:100]}", "list them: GET /v1/incidents/KEY/entities")
    spellings: dict[str, str] = {value: value.lower() for value in wish.values}
    for entity in (entities[i] for i in wish.entities):
        spellings |= dict.fromkeys(spellings_of(entity), entity.value.lower())
    if not spellings:
        return {}
    given = numbers(tx, incident.incident_id, spellings.values())
    return {spelling: f"REDACTED-{given[value]}" for spelling, value in spellings.items()}


def export_asked_for(job: Job, export_id: str) -> tuple[ReportDocument, tuple[str, ...]]:
    """The document of an export that somebody asked for, and the exporter that renders it: a version as it stands now,
    its sections, redacted. Raises `UnknownExport`, `UnknownReport`.
    """
    with job.stores.database.tenant(job.org_id) as tx:
        asked = exports.get_export(tx, export_id)
        version = report_versions.find_version(tx, asked.incident_id, asked.number)
        if version is None:
            raise UnknownReport(f"there is no version {asked.number}", "ask for another one")
        ground = Grounds(1).of(tx, asked.incident_id, version.basis)
        document = _chosen(tx, ground, version, asked.options)
    return redact_document(document, asked.options.get("placeholders", {})), (asked.format,)


def _chosen(tx: Tx, ground: Ground, version: VersionRow, options: Mapping[str, Any]) -> ReportDocument:
    said = options.get("decided")  # not kept with exports that were asked for before it was told
    decided = None if said is None else Decided.model_validate(said)
    return edited_document(tx, ground, version, decided, options.get("tlp"), options.get("sections", ()))
