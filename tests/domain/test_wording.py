"""Every verb has words, and the gate knows every verb as the drafter hands it on."""

from datetime import UTC, datetime

import pytest

from ircopilot.domain.findings import Act
from ircopilot.domain.wording import VERBS, host_label, sentence
from ircopilot.report.draft_offline import GATE_VERB
from ircopilot.report.gate.roles import VERBS as GATE_VERBS

DETAIL = {name: name for name in ("file", "pipe", "access", "ip", "session", "text", "rule", "command", "key", "port")}


def act(verb: str) -> Act:
    return Act(
        verb=verb,
        time=datetime(2026, 1, 1, tzinfo=UTC),
        subject="subject",
        objects=("object",),
        host="h.example",
        detail=DETAIL,
        evidence=("0" * 32,),
    )


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_makes_a_sentence(verb: str) -> None:
    text = sentence(act(verb))
    assert text[0].isupper() or text.startswith(("subject", "object"))
    assert text.rstrip("”").endswith((".", "…"))
    assert "  " not in text


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_gate_knows_every_verb(verb: str) -> None:
    assert GATE_VERB.get(verb, verb) in GATE_VERBS


def test_hosts_are_named_without_their_domain() -> None:
    assert host_label("srv.corp.example") == "srv"
    assert host_label("10.0.0.1") == "10.0.0.1"


def test_a_match_that_names_only_its_host_names_it_once() -> None:
    told = sentence(act("matched").model_copy(update={"subject": "h.example", "detail": {"rule": "A rule"}}))
    assert told == "h.example matched the rule “A rule”."


@pytest.mark.parametrize("spelt", ["<unknown process>", "&lt;unknown process&gt;"])
def test_a_process_that_its_record_cannot_name_is_called_a_process(spelt: str) -> None:
    injected = act("injected").model_copy(update={"objects": (spelt,), "detail": {"target_pid": "2368"}})
    assert " injected into a process (pid 2368) by " in sentence(injected)
