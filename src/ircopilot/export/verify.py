"""Checking a finished report offline: its files, its shape, each citation, and, with the evidence, each record.

What each check proves is said in `docs/report-format.md`. Nothing here trusts the program that wrote the report.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from ircopilot.contracts.report import SCHEMA_FILE
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.ids import event_id
from ircopilot.export.manifest import MANIFEST_FILE
from ircopilot.export.report_json import digest_of
from ircopilot.export.verify_values import unsupported_values

Plain = dict[str, Any]
# Of an artifact (its part of the report) and locators in it: the fields of these records, read again from the
# evidence's bytes; a locator that leads nowhere is left out, LookupError says why nothing can be read at all.
ReadRecords = Callable[[Plain, frozenset[str]], Mapping[str, Plain]]
_CITING = ("indicators", "techniques", "detections", "anomalies", "timeline")


_FORMATS = FormatChecker(())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_utc_time(value: object) -> bool:
    """RFC 3339 in UTC, written with `Z`; other types are the schema's business."""
    return not isinstance(value, str) or (value.endswith("Z") and datetime.fromisoformat(value).tzinfo is UTC)


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of check: how many things were looked at, and what is false, each named."""

    name: str
    looked_at: int
    problems: tuple[str, ...]
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """True if nothing was found to be false."""
        return not any(check.problems for check in self.checks)


def verify_report(
    out_dir: Path, read_records: ReadRecords | None = None, evidence_sha256: frozenset[str] | None = None
) -> Verification:
    """Check everything in `out_dir`. `read_records` and `evidence_sha256` come from the evidence; without them only
    what the report holds is checked.

    Raises UnusableArgument when there is no readable report.json.
    """
    try:
        report: Plain = json.loads((out_dir / "report.json").read_bytes())
    except OSError as error:
        raise UnusableArgument(
            f"no report.json in {out_dir}", "Name the folder that `investigate --out` wrote."
        ) from error
    except (ValueError, RecursionError) as error:
        return Verification((Check("report.json can be read", 1, (f"report.json is not JSON: {error}",)),))
    shape = _check("shape of report.json", 1, _shape(report))
    if shape.problems:
        return Verification((_files(out_dir, report), shape))
    return Verification((
        _files(out_dir, report),
        shape,
        _check("citations lead to a record", len(list(_citing(report))), _citations(report)),
        _check("no claim without evidence", len(_claims(report)), _bare_claims(report)),
        _check("event ids follow from place", len(report["events"]), _event_ids(report)),
        _check("values of claims are in the records", len(_claims(report)), _values(report)),
        _check("timeline in order", len(report["timeline"]), _order(report)),
        _check("every record is accounted for", len(report["artifacts"]), _accounts(report)),
        _artifacts(report, evidence_sha256),
        _records(report, read_records),
    ))  # fmt: skip


def _check(name: str, looked_at: int, problems: Iterator[str]) -> Check:
    return Check(name, looked_at, tuple(problems))


def _files(out_dir: Path, report: Plain) -> Check:
    name = "files are as written"
    try:
        manifest = json.loads((out_dir / MANIFEST_FILE).read_bytes())
        listed = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Check(name, 0, (f"{MANIFEST_FILE} cannot be read: {error}",))
    problems = [] if "report.json" in listed else [f"{MANIFEST_FILE} does not list report.json"]
    for file_name, sha256 in listed.items():
        path = out_dir / Path(file_name).name
        if path.name != file_name or not path.is_file():
            problems.append(f"{file_name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            problems.append(f"{file_name} is not as it was written (SHA-256 differs)")
    if manifest.get("report_digest") != _digest(report):
        problems.append("the digest of the findings is not the one in the manifest")
    return Check(name, len(listed), tuple(problems))


def _digest(report: Any) -> str:
    """The digest of the findings; empty for what is no report, or holds numbers that JSON does not know."""
    try:
        return digest_of(report) if isinstance(report, dict) else ""
    except ValueError:
        return ""


def _shape(report: Plain) -> Iterator[str]:
    schema = json.loads(files("ircopilot.contracts").joinpath(SCHEMA_FILE).read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=_FORMATS)
    for error in islice(validator.iter_errors(report), 20):
        yield f"{'/'.join(map(str, error.absolute_path)) or 'the whole'}: {error.message[:200]}"


def _claims(report: Plain) -> list[Plain]:
    return [claim for section in report["report"]["sections"] for claim in section["claims"]]


def _citing(report: Plain) -> Iterator[tuple[str, list[str]]]:
    """Everything that cites, with what to call it."""
    for claim in _claims(report):
        yield f"claim {claim['id']}", claim["evidence"]
    for part in _CITING:
        for n, item in enumerate(report[part]):
            yield f"{part}[{n}]", item["evidence"]
    for action in report["actions"]:
        yield f"action {action['id']}", action["evidence"]
    for name, fact in report["facts"].items():
        yield f"fact {name}", fact["evidence"]


def _citations(report: Plain) -> Iterator[str]:
    for holder, evidence in _citing(report):
        for cited in evidence:
            if cited not in report["events"]:
                yield f"{holder} cites {cited}, which is not among the events"
    for claim in _claims(report):
        for name in claim["basis"]["facts"]:
            if name not in report["facts"]:
                yield f"claim {claim['id']} names the fact {name}, which is not in the ledger"


def _bare_claims(report: Plain) -> Iterator[str]:
    status = {"fact": "verified", "inference": "inferred", "unknown": "unknown"}
    for claim in _claims(report):
        basis = claim["basis"]
        if claim["status"] == "analyst":
            if not claim.get("by"):
                yield f"claim {claim['id']} is somebody's own word, and nobody is named"
            continue
        if claim["kind"] != "unknown" and not claim["evidence"]:
            yield f"claim {claim['id']} ({claim['kind']}) cites no record"
        if claim["kind"] == "unknown" and not (claim["evidence"] or basis["facts"] or basis["searches"]):
            yield f"claim {claim['id']} (unknown) names no search"
        if claim["status"] != status[claim["kind"]]:
            yield f"claim {claim['id']} is a {claim['kind']} and called {claim['status']}"


def _event_ids(report: Plain) -> Iterator[str]:
    known = {artifact["sha256"] for artifact in report["artifacts"]}
    for cited, event in report["events"].items():
        if event_id(event["artifact"], event["locator"]) != cited:
            yield f"event {cited} is not the id of {event['locator']} in {event['artifact'][:12]}…"
        if event["artifact"] not in known:
            yield f"event {cited} lies in {event['artifact'][:12]}…, which is not among the artifacts"


def _values(report: Plain) -> Iterator[str]:
    for claim in _claims(report):
        if claim["status"] == "analyst":
            continue  # a person's own word, and marked so
        records = [report["events"][i] for i in claim["evidence"] if i in report["events"]]
        facts = [report["facts"][name] for name in claim["basis"]["facts"] if name in report["facts"]]
        records += [report["events"][i] for fact in facts for i in fact["evidence"] if i in report["events"]]
        also = [str(fact["value"]) for fact in facts]
        also += [f"{s['query']} {s['scope']}" for s in claim["basis"]["searches"]]
        for value in unsupported_values(claim["text"], records, also):
            yield f"claim {claim['id']} says {value}, which none of its records says"


def _order(report: Plain) -> Iterator[str]:
    times = [entry["time"].rstrip("Z") for entry in report["timeline"]]
    for n, (before, after) in enumerate(pairwise(times), 1):
        if after < before:
            yield f"timeline[{n}] is earlier than the entry before it"


def _accounts(report: Plain) -> Iterator[str]:
    for artifact in report["artifacts"]:
        told = artifact["events"] + artifact["errors"] + artifact["skips"]
        # Errors of the artifact as a whole are no records, so there may be more told than met, never fewer.
        if told < artifact["records"]:
            yield f"{artifact['name']}: {artifact['records'] - told:,} records are neither events, errors nor skips"


def _artifacts(report: Plain, evidence_sha256: frozenset[str] | None) -> Check:
    name = "artifacts are in the evidence"
    if evidence_sha256 is None:
        return Check(name, 0, (), "needs --evidence")
    missing = [a for a in report["artifacts"] if a["sha256"] not in evidence_sha256]
    problems = tuple(f"{a['name']} (SHA-256 {a['sha256'][:12]}…) is not in the evidence" for a in missing)
    return Check(name, len(report["artifacts"]), problems)


def _records(report: Plain, read_records: ReadRecords | None) -> Check:
    name = "cited records read again from the bytes"
    if read_records is None:
        return Check(name, 0, (), "needs --evidence")
    artifacts = {artifact["sha256"]: artifact for artifact in report["artifacts"]}
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    for cited, event in report["events"].items():
        wanted[event["artifact"]][event["locator"]] = cited
    problems: list[str] = []
    for sha256, locators in wanted.items():
        try:
            found = read_records(artifacts[sha256], frozenset(locators))
        except LookupError as error:
            problems.append(f"{len(locators)} records of {sha256[:12]}… cannot be read: {error.args[0]}")
            continue
        for locator, cited in locators.items():
            said = report["events"][cited]["fields"]
            differences = _differences(said, found[locator]) if locator in found else ["there is no such record"]
            problems += [f"event {cited} ({locator} of {sha256[:12]}…): {what}" for what in differences]
    return Check(name, len(report["events"]), tuple(problems))


def _differences(said: Plain, found: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(said.keys() | found.keys()):
        if name not in found:
            yield f"the record has no field {name!r}"
        elif name not in said:
            yield f"the report leaves out the field {name!r}"
        # JSON text tells 1 from 1.0 and from true; Python's == does not.
        elif json.dumps(said[name], sort_keys=True) != json.dumps(found[name], sort_keys=True):
            yield f"the field {name!r} is not as in the record"
