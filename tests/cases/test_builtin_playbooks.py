"""The playbooks that come with the program."""

from __future__ import annotations

from ircopilot.cases.playbooks import built_in
from ircopilot.domain.incident import PHASES


def test_each_is_whole_and_usable() -> None:
    assert set(built_in()) == {"ransomware", "credential-theft", "phishing", "cloud-key-leak"}
    for playbook in built_in().values():
        titles = [step.title for step in playbook.steps]
        assert len(set(titles)) == len(titles) >= 8
        assert all(len(title) <= 500 for title in titles)
        assert {step.phase for step in playbook.steps} == set(PHASES)
        assert all(step.description and step.role and step.due_in_minutes for step in playbook.steps)
        assert playbook.steps[-1].phase == "post-incident"
