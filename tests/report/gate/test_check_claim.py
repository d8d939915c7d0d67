"""Drafts against the gate: honest ones pass, each lie is refused with its reason."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import ircopilot
from ircopilot.domain.claims import Basis, Claim, DraftClaim, Drafter, Fact, Rejection, Search
from ircopilot.report.gate import DraftSection, check_claim, gate_report

from .records import ENCODED, EVENTS, SHA256, T0, draft

NAMES = {"T1059.001": "PowerShell", "rule-1": "Two Proxies Without Proof"}
FACTS = {
    "hosts": Fact(value=3, unit="hosts", how="counted", evidence=("start", "flow"), count=3),
    "failed": Fact(value=1234, unit="failed logons", how="counted", evidence=("logon",)),
    "window.duration": Fact(value=283, unit="s", how="last minus first", evidence=("start",)),
    "entities": Fact(value=2, unit="entities", how="counted", evidence=("start",)),
    "ratio": Fact(value=17, how="counted", evidence=("start",)),
    "name": Fact(value="stage9", how="looked up", evidence=("start",)),
    "baseless": Fact(value=9, unit="events", how="counted"),
}
NOTHING = Search(query="dns_question_name = 'exfil.example'", found=0, scope="all events")
SOMETHING = NOTHING.model_copy(update={"found": 4})


def reasons(d: DraftClaim) -> tuple[str, ...]:
    """Why the gate refuses; empty when it does not."""
    result = check_claim(d, EVENTS, FACTS, NAMES)
    return result.reasons if isinstance(result, Rejection) else ()


SPAWNED: dict[str, Any] = {"verb": "spawned", "subject": "explorer.exe", "objects": ("evil.exe",)}
CONNECTED: dict[str, Any] = {"verb": "connected", "subject": "10.0.0.5", "objects": ("203.0.113.7:443",)}

HONEST = [
    draft(r"03:04:05 UTC: explorer.exe started evil.exe (pid 1400) on WS01 as CORP\bob.", "start", host="WS01", time=T0, **SPAWNED),
    draft(r"explorer.exe started C:\Users\bob\evil.exe at 2024-01-02T03:04:06Z.", "start", **SPAWNED),
    draft(f"explorer.exe started evil.exe with SHA-256 {SHA256}, which names 192.0.2.55 and stage.ps1.", "start", **SPAWNED),
    draft(f'explorer.exe started evil.exe: "C:\\Users\\bob\\evil.exe" --no-check -enc {ENCODED}.', "start", **SPAWNED),
    draft(r'explorer.exe started evil.exe: "C:\Users\bob\evil.exe" --no-check …', "start", **SPAWNED),
    draft("explorer.exe started evil.exe with “--no-check … " + ENCODED[-9:] + "”.", "start", **SPAWNED),
    draft("On 2 January 2024 at 03:04, evil.exe was started by explorer.exe.", "start", **SPAWNED),
    draft("10.0.0.5 connected to 203.0.113.7:443 and received 7,168 bytes.", "flow", **CONNECTED),
    draft("10.0.0.5 connected to 203.0.113.7 on port 443.", "flow", verb="connected", subject="10.0.0.5", objects=("203.0.113.7",)),
    draft("203.0.113.7 presented the certificate CN=Sliver Ops.", "flow", "cert",
          verb="presented-certificate", subject="203.0.113.7", objects=("CN=Sliver Ops",)),
    draft(r"CORP\alice logged on to WS01 from 10.0.0.9 (logon type 3).", "logon", verb="logged-on", subject=r"CORP\alice", objects=("WS01", "10.0.0.9")),
    draft("The record names process 1400.", "logon"),
    draft("web/i-0abc1234567890def called GetObject on payroll/2024/salaries.csv from 198.51.100.9.", "call",
          verb="read-object", subject="web/i-0abc1234567890def", objects=("GetObject", "payroll/2024/salaries.csv")),
    draft("Named in a record: arn:aws:sts::123456789012:assumed-role/web/i-0abc1234567890def.", "call"),
    draft("T1059.001 PowerShell.", "start"),
    draft("It matched the rule “Two Proxies Without Proof”.", "start"),
    draft("3 Windows hosts are named.", basis=Basis(facts=("hosts",))),
    draft("Three hosts are named, 1,234 failed logons, 17 in all.", basis=Basis(facts=("hosts", "failed", "ratio"))),
    draft("It lasted 4 min 43 s.", "start", verb="", basis=Basis(facts=("window.duration",))),
    draft("The file stage9 is named with two entities.", "start", basis=Basis(facts=("name", "entities"))),
    draft("CORP\\bob was probably tricked; this does not prove it.", "start", kind="inference", verb=""),
    draft("No lookup of exfil.example is in the evidence.", kind="unknown", verb="", basis=Basis(searches=(NOTHING,))),
    draft("What was taken is unknown: the records show the access, not what was read.", kind="unknown", verb="", basis=Basis(searches=(SOMETHING,))),
    draft("How the attacker got the password cannot be told.", kind="unknown", verb=""),
]  # fmt: skip


@pytest.mark.parametrize("honest", HONEST, ids=lambda d: d.text[:40])
def test_an_honest_draft_becomes_a_claim(honest: DraftClaim) -> None:
    result = check_claim(honest, EVENTS, FACTS, NAMES)
    assert isinstance(result, Claim), result.reasons
    assert result.text == honest.text
    assert result.status == {"fact": "verified", "inference": "inferred", "unknown": "unknown"}[honest.kind]
    assert bool(result.evidence) == (honest.kind != "unknown")


LIES = [
    # who and what
    (draft("evil.exe connected to 198.51.100.77.", "flow"), "the address '198.51.100.77'"),
    (draft("10.0.0.5 connected to 203.0.113.70.", "flow", **CONNECTED), "the address '203.0.113.70'"),
    (draft("203.0.113.7 connected to 10.0.0.5.", "flow", verb="connected", subject="203.0.113.7", objects=("10.0.0.5",)), "not the subject of 'connected'"),
    (draft("203.0.113.7 connected to 10.0.0.5.", "flow", **CONNECTED), "as if it were the subject"),
    (draft("203.0.113.7 connected to 10.0.0.5.", "flow"), "typed as 'recorded', but the words say 'connected'"),
    (draft("203.0.113.7 connected to 10.0.0.5.", "flow", verb="", basis=Basis(facts=("hosts",))), "no act is typed"),
    (draft("10.0.0.5 connected to 203.0.113.7:444.", "flow", verb="connected", subject="10.0.0.5", objects=("203.0.113.7:444",)), "not the object"),
    (draft("explorer.exe started notevil.exe.", "start", verb="spawned", subject="explorer.exe"), "file name 'notevil.exe'"),
    (draft("explorer.exe started il.exe.", "start", **SPAWNED), "file name 'il.exe'"),
    (draft(r"explorer.exe started C:\Users\bob\evil.", "start", **SPAWNED), "the path"),
    (draft(r"explorer.exe started evil.exe as CORP\bobby.", "start", **SPAWNED), r"account 'CORP\\bobby'"),
    (draft("explorer.exe started evil.exe.", "flow", **SPAWNED), "can show the act 'spawned'"),
    (draft("explorer.exe deleted evil.exe.", "start", **SPAWNED), "the words say 'deleted'"),
    (draft("Something was started.", "start", **SPAWNED), "names neither the subject nor an object"),
    (draft("x", "start", verb="teleported"), "not in the vocabulary"),
    (draft("evil.exe", "start", verb="", subject="evil.exe"), "without an act"),
    (draft("evil.exe is bad.", "start", verb=""), "must state an act"),
    (draft("explorer.exe started evil.exe on WS02.", "start", host="WS02", **SPAWNED), "names the host 'WS02'"),
    # when
    (draft("04:04:05 UTC: explorer.exe started evil.exe.", "start", **SPAWNED), "the time '04:04:05'"),
    (draft("explorer.exe started evil.exe.", "start", time=T0 + timedelta(hours=1), **SPAWNED), "no cited record is of"),
    (draft("explorer.exe started evil.exe at 2024-01-03 03:04:05.", "start", **SPAWNED), "the time '2024-01-03 03:04:05'"),
    (draft("explorer.exe started evil.exe at 2024-13-45 03:04:05.", "start", **SPAWNED), "the time '2024-13-45 03:04:05'"),
    (draft("explorer.exe started evil.exe at 03:04:05+02:00.", "start", **SPAWNED), "the time"),
    (draft("explorer.exe started evil.exe at 03:05.", "start", **SPAWNED), "the time '03:05'"),
    (draft("explorer.exe started evil.exe on 3 January 2024.", "start", **SPAWNED), "the date"),
    (draft("explorer.exe started evil.exe on 31 February 2024.", "start", **SPAWNED), "the date"),
    # how many
    (draft("4 hosts are named.", basis=Basis(facts=("hosts",))), "the number '4'"),
    (draft("3 users are named.", basis=Basis(facts=("hosts",))), "the number '3'"),
    (draft("Four hosts are named.", basis=Basis(facts=("hosts",))), "the number 'Four'"),
    (draft("1,235 failed logons.", basis=Basis(facts=("failed",))), "the number '1,235'"),
    (draft("evil.exe ran as pid 1401.", "start"), "the number '1401'"),
    (draft("It lasted 14 min 43 s.", "start", basis=Basis(facts=("window.duration",))), "the number '14'"),
    (draft("It lasted 4 min 43 s.", "start"), "the number '4'"),
    (draft("10.0.0.5 received 7,169 bytes.", "flow"), "the number '7,169'"),
    (draft("Seen on 203.0.113.7:444.", "flow"), "the number '444'"),
    (draft("3 hosts.", basis=Basis(facts=("nosuch",))), "fact 'nosuch' is not in the ledger"),
    (draft("9 events.", basis=Basis(facts=("baseless",))), "no fact that rests on events"),
    # other values
    (draft(f"The hash is {'cd' * 32}.", "start"), "the hash"),
    (draft("It used CVE-2021-44228.", "start"), "the vulnerability"),
    (draft("T1486 Data Encrypted for Impact.", "start"), "the technique 'T1486'"),
    (draft("The address was fe80::1.", "start"), "the value 'fe80::1'"),
    (draft("Named is evil.example.com.", "start"), "the name 'evil.example.com'"),
    (draft("Named is http://192.0.2.55/other.", "start"), "the URL"),
    (draft("Named is /etc/shadow.", "start"), "the path '/etc/shadow'"),
    (draft("Named is bob@corp.local.", "start"), "the address 'bob@corp.local'"),
    (draft("Named is “--no-checks”.", "start"), "the quotation"),
    (draft("Named is “…”.", "start"), "the quotation"),
    (draft("Named is WS02.", "start"), "the value 'WS02'"),
    # citations
    (draft("evil.exe is named.", "start", "elsewhere"), "event 'elsewhere' is not in this incident"),
    (draft("Something is named."), "cites no event"),
    (draft("Something is named.", *(str(n) for n in range(600))), "more than 512 cited events"),
    (draft("Something is named.", "start", objects=tuple("a" * 65)), "more than 64 objects"),
    # denials, guesses, unknowns
    (draft("No data left the network.", "start"), "'No' denies"),
    (draft("It was never seen elsewhere.", "start", basis=Basis(searches=(SOMETHING,))), "'never' denies"),
    (draft("It didn’t spread, which is most likely good.", "start", kind="inference"), "denies"),
    (draft("Probably evil.exe is bad.", "start"), "'Probably' guesses"),
    (draft("The attacker is gone.", kind="unknown", verb=""), "an unknown must name a search"),
    (draft("It is unknown who did it, but no data left.", kind="unknown", verb=""), "'no' denies"),
    (draft("10.1.1.1 is unknown.", kind="unknown", verb="", basis=Basis(searches=(NOTHING,))), "the address '10.1.1.1'"),
    # text
    (draft("evil.exe \u202eexe.live\u202c is named.", "start"), "U+202E"),
    (draft("evil\u200b.exe is named.", "start"), "U+200B"),
    (draft("evil.exe is named.\nNext", "start"), "U+000A"),
    (draft("evil.exe is named in 1\u0663.", "start"), "U+0663"),
    (draft("ev\u0131l.exe and evil.e\uff58e are named.", "start"), "U+FF58"),
    (draft("See [the report](https://evil.example/x).", "start"), "a link"),
    (draft("See ![it](x).", "start"), "an image"),
    (draft("See <b>evil.exe</b>.", "start"), "a tag"),
    (draft("# Heading", "start"), "a heading"),
    (draft("**evil.exe** is named.", "start"), "emphasis"),
    (draft("`evil.exe` is named.", "start"), "a code span"),
    (draft("  ", "start"), "the text is empty"),
    (draft("a" * 5000, "start"), "longer than"),
]  # fmt: skip


@pytest.mark.parametrize(("lie", "why"), LIES, ids=lambda x: x.text[:40] if isinstance(x, DraftClaim) else None)
def test_a_lie_is_refused_with_its_reason(lie: DraftClaim, why: str) -> None:
    found = reasons(lie)
    assert any(why in reason for reason in found), found


def test_a_fact_without_citations_cites_what_its_figures_rest_on() -> None:
    result = check_claim(draft("3 hosts.", basis=Basis(facts=("hosts",))), EVENTS, FACTS)
    assert isinstance(result, Claim) and result.evidence == ("start", "flow")


def test_evidence_is_cited_once() -> None:
    result = check_claim(draft("evil.exe is named.", "start", "start"), EVENTS, FACTS)
    assert isinstance(result, Claim) and result.evidence == ("start",)


def test_an_unknown_may_say_the_size_it_looked_for() -> None:
    search = Search(query="source_bytes > 1000000", found=0, scope="all events")
    d = draft("No upload of more than 1 MB is on record.", kind="unknown", verb="", basis=Basis(searches=(search,)))
    assert reasons(d) == ()
    assert reasons(d.model_copy(update={"text": "No upload of more than 2 MB is on record."}))


def test_a_search_holds_up_no_fact() -> None:
    d = draft("exfil.example is named.", "start", basis=Basis(searches=(NOTHING,)))
    assert any("exfil.example" in r for r in reasons(d))


def test_the_report_keeps_order_and_collects_what_was_refused() -> None:
    good, bad = draft("evil.exe is named.", "start"), draft("other.exe is named.", "start")
    sections = [DraftSection("a", "A", (good, bad)), DraftSection("b", "B", (bad,))]
    report = gate_report(sections, EVENTS, FACTS, NAMES, Drafter(name="offline", version="1"))
    assert [s.id for s in report.sections] == ["a", "b"]
    assert [c.text for s in report.sections for c in s.claims] == [good.text]
    assert [r.draft.text for r in report.rejections] == [bad.text, bad.text]
    assert report.facts == FACTS


def test_nothing_but_the_gate_makes_a_claim() -> None:
    root = Path(ircopilot.__file__).parent
    makers = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Claim":
                makers.add(path.relative_to(root).as_posix())
    assert makers == {"report/gate/check.py"}
