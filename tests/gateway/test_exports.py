"""Exports: the edited report as documents, made by a job, downloaded, redacted, and verified."""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from conftest import SampleCase
from gateway.conftest import Served, client, new_key
from gateway.copied import Copied
from gateway.persons import person
from gateway.test_incidents import problem
from ircopilot.domain.incident import RunParameters
from ircopilot.export.registry import EXPORTERS
from ircopilot.export.verify import verify_report
from ircopilot.pipeline.advance import advance, start_run
from ircopilot.pipeline.perform import perform
from ircopilot.pipeline.request import Silent
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import jobs, runs, tables

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def org(sample_case: SampleCase) -> str:
    """The sample's organisation."""
    return sample_case.org


def work_off(case: Copied, run_id: str, folder: Path) -> None:
    """Do the run's one job, as the export worker does it."""
    with case.stores.database.tenant(case.org) as tx:
        row = tx.connection.execute(select(tables.jobs).where(tables.jobs.c.run_id == run_id)).one()
        message = jobs._message(row)
        lease = jobs.lease_job(tx, message.job_id, 1, "me")
    assert lease is not None
    folder.mkdir()
    made = perform(case.stores.fenced(lambda tx: jobs.check_lease(tx, lease)), message, Silent(), folder)
    with case.stores.database.tenant(case.org) as tx:
        runs.lock_run(tx, run_id)
        jobs.complete_job(tx, lease, made)
        advance(tx, run_id)


def exported(http: httpx.Client, case: Copied, folder: Path, **asked: Any) -> tuple[dict[str, Any], bytes]:
    """Ask for an export, make it, and fetch it."""
    answer = http.post(f"{case.url}/exports", json=asked)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "running"
    problem(http.get(answer.headers["location"] + "/file"), 404, "unknown-output")
    work_off(case, answer.json()["run"], folder / str(uuid.uuid4()))
    done = http.get(answer.headers["location"]).json()
    assert done["state"] == "done", done
    got = http.get(answer.headers["location"] + "/file", headers={"Accept-Encoding": "identity"})
    assert hashlib.sha256(got.content).hexdigest() == done["sha256"] == got.headers["etag"].strip('"')
    assert (len(got.content), got.headers["content-type"].partition(";")[0]) == (done["size"], done["media_type"])
    return done, got.content


def edited(http: httpx.Client, case: Copied) -> dict[str, str]:
    """Sentences of the newest version after: one edited, one rejected, one in a person's own words."""
    url = f"{case.url}/reports/1"
    section = next(s for s in http.get(url).json()["sections"] if s["id"] == "what-happened")
    first, second = [c for c in section["claims"] if c["act"]["subject"]][:2]
    sentence = "It stands in the records that " + first["text"]
    changed = http.patch(f"{url}/claims/{first['id']}", json={"text": sentence}, headers={"If-Match": first["etag"]})
    assert changed.status_code == 200, changed.text
    gone = http.post(f"{url}/claims/{second['id']}/reject", json={"reason": "no"}, headers={"If-Match": second["etag"]})
    assert gone.status_code == 200
    own = {
        "section": "summary",
        "text": "We hold the matter to be closed.",
        "kind": "inference",
        "as_analyst_word": True,
    }
    assert http.post(f"{url}/claims", json=own).status_code == 201
    return {"edited": sentence, "before": first["text"], "rejected": second["text"], "own": own["text"]}  # type: ignore[dict-item]


def test_every_exporter_is_a_format(http: httpx.Client) -> None:
    found = http.get("/v1/export-formats").json()["items"]
    assert [f["name"] for f in found] == [e.name for e in EXPORTERS]
    assert all("tlp" in f["options"]["properties"] and f["title"] for f in found)


def test_the_edited_report_is_what_is_exported_and_it_verifies(
    http: httpx.Client, case: Copied, tmp_path: Path
) -> None:
    said = edited(http, case)
    done, data = exported(http, case, tmp_path, format="json", tlp="TLP:AMBER+STRICT")
    report = json.loads(data)
    claims = {c["text"]: c for s in report["report"]["sections"] for c in s["claims"]}
    assert claims[said["edited"]]["status"] == "verified"
    assert claims[said["edited"]]["by"].startswith("key ")
    assert claims[said["own"]]["status"] == "analyst"
    assert not {said["before"], said["rejected"]} & claims.keys()
    edition = report["edition"]
    assert (edition["version"], edition["state"], edition["tlp"]) == (1, "draft", "TLP:AMBER+STRICT")
    assert (edition["edited"], edition["rejected"], edition["added"]) == (1, 1, 1)
    out = tmp_path / "out"
    out.mkdir()
    (out / done["file_name"]).write_bytes(data)
    (out / "manifest.json").write_bytes(http.get(f"{case.url}/exports/{done['id']}/manifest").content)
    checked = verify_report(out)
    assert checked.ok, [c.problems for c in checked.checks]


def test_each_format_says_what_was_edited_and_how_it_may_be_passed_on(
    http: httpx.Client, case: Copied, tmp_path: Path
) -> None:  # fmt: skip
    said = edited(http, case)
    _, data = exported(http, case, tmp_path, format="markdown", tlp="TLP:RED")
    text = data.decode()
    assert "□ We hold the matter to be closed. — key " in text
    assert "TLP:RED" in text
    assert "an analyst's own word" in text
    assert said["rejected"][:60] not in text.split("## Timeline")[0].split("### Timeline")[0]
    _, pdf = exported(http, case, tmp_path, format="pdf", tlp="TLP:RED")
    assert pdf.startswith(b"%PDF")
    _, table = exported(http, case, tmp_path, format="csv", tlp="TLP:RED")
    head, first, *_ = table.decode().splitlines()
    assert head.endswith(",handling")
    assert first.endswith(",TLP:RED")


def test_each_format_says_what_people_decided_and_that_the_analysis_proposed_another(
    http: httpx.Client, stores: StoreSet, case: Copied, tmp_path: Path
) -> None:
    proposed = case.document()["document"]["incident"]["severity"]
    assert proposed == "high"
    lead = person(stores, case.org)
    said = {"title": "Mailbox of an assistant", "severity": "low", "status": "containment", "lead": lead.email}
    etag = http.get(case.url).headers["etag"]
    assert http.patch(case.url, json=said, headers={"If-Match": etag}).status_code == 200
    asked = http.post(f"{case.url}/exports", json={"format": "json"}).json()
    # What is decided later is not what was asked for: the document is that of the moment.
    etag = http.get(case.url).headers["etag"]
    assert http.patch(case.url, json={"severity": "medium"}, headers={"If-Match": etag}).status_code == 200
    work_off(case, asked["run"], tmp_path / "asked")
    report = json.loads(http.get(f"{case.url}/exports/{asked['id']}/file").content)
    assert (report["incident"]["title"], report["incident"]["severity"]) == (said["title"], "low")
    assert report["edition"]["decided"] == {
        "title": said["title"], "severity": "low", "status": "containment", "lead": "Pat Example",
        "proposed_severity": proposed,
    }  # fmt: skip
    _, data = exported(http, case, tmp_path, format="markdown")
    text = data.decode()
    assert text.startswith(f"# {said['title']}\n")
    assert "| Severity | medium |" in text
    assert "| Status | containment, led by Pat Example |" in text
    assert "| The analysis proposed | severity high; the responders have set medium |" in text
    etag = http.get(case.url).headers["etag"]
    assert http.patch(case.url, json={"severity": proposed}, headers={"If-Match": etag}).status_code == 200
    seen = http.post(f"{case.url}/exports/preview", json={"format": "markdown"}).content.decode()
    assert "| Severity | high |" in seen
    assert "analysis proposed" not in seen


def test_redacted_values_are_gone_from_every_format_and_have_the_same_placeholder(
    http: httpx.Client, case: Copied, tmp_path: Path
) -> None:  # fmt: skip
    report = case.document()["document"]
    user = next(e for e in report["entities"] if e["type"] == "user" and "\\" in e["value"])
    address = next(i["value"] for i in report["indicators"] if i["type"] == "ipv4")
    name = user["value"].rpartition("\\")[2].lower()
    wish = {"redact_entities": [user["id"]], "redact_values": [address]}
    marks = set()
    for format_ in ("json", "markdown", "csv"):
        done, data = exported(http, case, tmp_path, format=format_, **wish)
        text = data.decode().lower()
        assert address not in text.replace(f"1{address}", ""), format_
        assert f"\\{name}" not in text, format_
        assert done["redacted"] == 2
        marks.add(tuple(m for m in ("redacted-1", "redacted-2", "redacted-3") if m in text))
    assert marks == {("redacted-1", "redacted-2")}
    _, pdf = exported(http, case, tmp_path, format="pdf", **wish)
    assert pdf.startswith(b"%PDF")
    _, once_more = exported(http, case, tmp_path, format="csv", redact_values=[address, "something-else"])
    assert b"REDACTED-" in once_more
    problem(
        http.post(f"{case.url}/exports", json={"format": "json", "redact_entities": ["user-0"]}), 404, "unknown-finding"
    )


def test_what_is_previewed_is_what_is_made_and_nothing_is_kept_of_it(
    http: httpx.Client, case: Copied, tmp_path: Path
) -> None:  # fmt: skip
    edited(http, case)
    report = case.document()["document"]
    user = next(e for e in report["entities"] if e["type"] == "user" and "\\" in e["value"])
    address = next(i["value"] for i in report["indicators"] if i["type"] == "ipv4")
    wish = {
        "tlp": "TLP:GREEN", "sections": ["summary", "indicators"], "redact_entities": [user["id"]],
        "redact_values": [address, "stands nowhere"],
    }  # fmt: skip
    shown = {}
    for exporter in EXPORTERS:
        got = http.post(f"{case.url}/exports/preview", json={"format": exporter.name} | wish)
        assert got.status_code == 200, got.text
        assert got.headers["content-type"].partition(";")[0] == exporter.media_type
        assert got.headers["etag"].strip('"') == hashlib.sha256(got.content).hexdigest()
        places = [int(n) for n in got.headers["redacted-places"].split(", ")]
        assert (places[0] > 0, places[1], places[2] > 0) == (True, 0, True)
        shown[exporter.name] = got.content
    assert address not in shown["markdown"].decode().replace(f"1{address}", "")
    with case.stores.database.tenant(case.org) as tx:
        query = select(func.count()).where(tables.reports.redactions.c.incident_id == case.incident_id)
        assert tx.connection.execute(query).scalar_one() == 0
        acts = select(func.count()).where(tables.governance.audit_log.c.target.contains(f"incident/{case.key}/export"))
        assert tx.connection.execute(acts).scalar_one() == 0
    assert http.get(f"{case.url}/exports").json()["items"] == []
    for name, data in shown.items():
        assert exported(http, case, tmp_path, format=name, **wish)[1] == data, name


def test_a_preview_refuses_what_an_export_would(
    http: httpx.Client, served: Served, stores: StoreSet, case: Copied
) -> None:
    url = f"{case.url}/exports/preview"
    problem(http.post(url, json={"format": "json", "sections": ["nowhere"]}), 400, "unusable-argument")
    problem(http.post(url, json={"format": "docx"}), 400, "unusable-argument")
    problem(http.post(url, json={"format": "json", "version": 9}), 404, "unknown-report")
    problem(http.post(url, json={"format": "json", "redact_entities": ["user-0"]}), 404, "unknown-finding")
    with client(served, new_key(stores, str(uuid.uuid4()))) as other:
        problem(other.post(url, json={"format": "csv"}), 404, "unknown-incident")
    with client(served, new_key(stores, case.org, role="viewer")) as viewer:
        problem(viewer.post(url, json={"format": "csv"}), 403, "forbidden")


def test_some_sections_only(http: httpx.Client, case: Copied, tmp_path: Path) -> None:
    _, data = exported(http, case, tmp_path, format="json", sections=["summary"])
    report = json.loads(data)
    assert [s["id"] for s in report["report"]["sections"]] == ["summary"]
    assert (report["timeline"], report["indicators"], report["techniques"]) == ([], [], [])
    assert report["edition"]["sections"] == ["summary"]
    problem(
        http.post(f"{case.url}/exports", json={"format": "json", "sections": ["nowhere"]}), 400, "unusable-argument"
    )
    problem(http.post(f"{case.url}/exports", json={"format": "docx"}), 400, "unusable-argument")
    problem(http.post(f"{case.url}/exports", json={"format": "json", "version": 9}), 404, "unknown-report")


def test_the_same_is_the_same_bytes_and_the_list_has_it(http: httpx.Client, case: Copied, tmp_path: Path) -> None:
    first, _ = exported(http, case, tmp_path, format="markdown")
    second, _ = exported(http, case, tmp_path, format="markdown")
    assert first["sha256"] == second["sha256"]
    page = http.get(f"{case.url}/exports", params={"limit": 1}).json()
    assert [e["id"] for e in page["items"]] == [second["id"]]
    rest = http.get(f"{case.url}/exports", params={"limit": 1, "cursor": page["next"]}).json()
    assert ([e["id"] for e in rest["items"]], rest["next"]) == ([first["id"]], None)
    tag = http.get(f"{case.url}/exports/{first['id']}/file").headers["etag"]
    assert http.get(f"{case.url}/exports/{first['id']}/file", headers={"If-None-Match": tag}).status_code == 304
    for cursor in ("x", "WyJhIiwiYiJd"):
        problem(http.get(f"{case.url}/exports", params={"cursor": cursor}), 400, "invalid-cursor")


def test_an_export_waits_for_no_run(http: httpx.Client, case: Copied, tmp_path: Path) -> None:
    run_id = str(uuid.uuid4())
    with case.stores.database.tenant(case.org) as tx:
        start_run(tx, case.incident_id, run_id, RunParameters())
    exported(http, case, tmp_path, format="csv")
    with case.stores.database.tenant(case.org) as tx:
        assert runs.get_run(tx, run_id).state == "running"


def test_another_incidents_and_organisations_exports_are_unknown(
    http: httpx.Client, served: Served, stores: StoreSet, case: Copied, tmp_path: Path
) -> None:
    done, _ = exported(http, case, tmp_path, format="csv")
    for path in ("", "/file", "/manifest"):
        problem(http.get(f"/v1/incidents/SAMPLE/exports/{done['id']}{path}"), 404, "unknown-export")
        with client(served, new_key(stores, str(uuid.uuid4()))) as other:
            problem(other.get(f"{case.url}/exports/{done['id']}{path}"), 404, "unknown-incident")
    with client(served, new_key(stores, str(uuid.uuid4()))) as other:
        problem(other.post(f"{case.url}/exports", json={"format": "csv"}), 404, "unknown-incident")
