"""What single Unix commands show."""

from __future__ import annotations

from ircopilot.analysis.story.commands import techniques_of_command


def test_a_call_of_pkexec_without_a_program_is_an_exploit_and_one_with_a_program_is_none() -> None:
    assert "T1068" in techniques_of_command("/usr/bin/pkexec")
    assert "T1068" not in techniques_of_command("pkexec /usr/sbin/gparted")
