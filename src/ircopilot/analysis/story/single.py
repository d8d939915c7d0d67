"""A single record told as the act that it shows, when no process of the story explains it."""

from __future__ import annotations

from collections.abc import Callable

from ircopilot.analysis.query import Row
from ircopilot.analysis.story import names
from ircopilot.analysis.story.acts import ActBook, ActDraft, account, clip
from ircopilot.analysis.story.host_acts import registry_data, tell_script
from ircopilot.analysis.story.office import operation
from ircopilot.analysis.story.web import tell_request
from ircopilot.domain.findings import Detection
from ircopilot.domain.wording import UNNAMED

_Teller = Callable[[Row], ActDraft | None]


def tell_record(book: ActBook, row: Row, detection: Detection, context: bool = False) -> None:
    """Enter a matched record as an act: of its own kind where the record says enough, else as the match that it is."""
    if row["script_block_text"] and tell_script(book, row):
        return
    if tell_request(book, row):
        return
    teller = operation if row["source"] == "m365.audit" else _TELLERS.get((row["source"], row["event_code"]))
    draft = (teller(row) if teller else None) or _matched(row, detection)
    draft.why, draft.context = f"rule: {detection.title}", context
    key = (draft.subject, draft.objects) if draft.verb != "matched" else (draft.subject, detection.rule_id)
    book.add(draft, [row], *key)


def _matched(row: Row, detection: Detection) -> ActDraft:
    subject = (
        names.shown(row["process_executable"]) or account(row) or row["source_ip"] or row["host_name"] or row["source"]
    )
    what = clip(row["process_command_line"] or row["registry_path"] or row["file_path"] or row["image_loaded"], 160)
    detail = {
        "rule": detection.title,
        "code": row["event_code"],
        "source": row["source"],
        "account": account(row),
        "what": what,
    }
    return _draft("matched", subject, (), row, detail)


def _draft(verb: str, subject: str, objects: tuple[str, ...], row: Row, detail: dict[str, str]) -> ActDraft:
    return ActDraft(verb, subject, objects, row["host_name"], account(row), {k: v for k, v in detail.items() if v})


def _task(row: Row) -> ActDraft | None:
    name = row["service_name"] or row["file_path"]
    detail = {"account": account(row), "image": clip(row["service_executable"] or row["process_command_line"], 200)}
    return _draft("created-task", account(row), (name,), row, detail) if name and account(row) else None


def _account(row: Row) -> ActDraft | None:
    target = row["user_target_name"]
    return (
        _draft("created-account", account(row), (target,), row, {"account": account(row)})
        if target and account(row)
        else None
    )


def _group(row: Row) -> ActDraft | None:
    target = row["user_target_name"]
    return (
        _draft("changed-group", account(row), (target,), row, {"account": account(row)})
        if target and account(row)
        else None
    )


def _log(row: Row) -> ActDraft | None:
    detail = {"channel": row["winlog_channel"], "account": account(row)}
    return _draft("cleared-log", account(row) or UNNAMED, (), row, detail)


def _service(row: Row) -> ActDraft | None:
    who = account(row) if row["source"] == "windows.security" else ""
    detail = {"service": row["service_name"], "image": clip(row["service_executable"], 300), "account": who}
    return (
        _draft("installed-service", who or "the service control manager", (row["service_name"],), row, detail)
        if row["service_name"]
        else None
    )


def _logon(row: Row) -> ActDraft | None:
    who, domain, ip = row["user_target_name"], row["user_target_domain"], row["source_ip"]
    name = f"{domain}\\{who}" if domain else who
    draft = _draft("logged-on", name, (row["host_name"],), row, {"ip": ip, "type": row["logon_type"]})
    draft.user = name
    return draft if who and ip else None


def _subscription(row: Row) -> ActDraft | None:
    name = row["service_name"].strip('"')
    detail = {"account": account(row), "image": clip(row["service_executable"].strip('"'), 200)}
    return _draft("subscribed-events", account(row), (name,), row, detail) if name and account(row) else None


def _file(row: Row) -> ActDraft | None:
    detail = {
        "file": row["file_path"],
        "path": row["process_executable"],
        "pid": str(row["process_pid"] or ""),
        "account": account(row),
    }
    subject = names.shown(row["process_executable"])
    return (
        _draft("wrote-file", subject, (names.shown(row["file_path"]),), row, detail)
        if row["file_path"] and subject
        else None
    )


def _registry(row: Row) -> ActDraft | None:
    detail = {"data": registry_data(row), "pid": str(row["process_pid"] or "")}
    return (
        _draft("set-registry", names.shown(row["process_executable"]), (row["registry_path"],), row, detail)
        if row["registry_path"]
        else None
    )


_TELLERS: dict[tuple[str, str], _Teller] = {
    ("windows.security", "4698"): _task,
    ("windows.security", "4702"): _task,
    ("windows.security", "4720"): _account,
    ("windows.security", "4728"): _group,
    ("windows.security", "4732"): _group,
    ("windows.security", "4756"): _group,
    ("windows.security", "1102"): _log,
    ("windows.system", "104"): _log,
    ("windows.system", "7045"): _service,
    ("windows.security", "4697"): _service,
    ("windows.sysmon", "13"): _registry,
    ("windows.security", "4624"): _logon,
    ("windows.sysmon", "11"): _file,
    ("windows.sysmon", "19"): _subscription,
    ("windows.sysmon", "21"): _subscription,
    ("windows.sysmon", "20"): _subscription,
}
