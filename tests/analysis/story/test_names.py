"""What a name says to a responder: tables and shapes, on cases that have misled."""

import pytest

from ircopilot.analysis.story import names
from ircopilot.analysis.story.logins import names_any


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\Users\ann\Downloads\setup.exe", True),
        (r"C:\Windows\Temp\x.dll", True),
        ("/tmp/.hidden/run", True),
        ("/dev/shm/a", True),
        (r"\\fileserver\share\tool.exe", True),
        (r"C:\Windows\System32\cmd.exe", False),
        (r"C:\Program Files\Vendor\app.exe", False),
        (r"C:\Users\ann\AppData\Local\Microsoft\Teams\Teams.exe", False),
        ("/usr/bin/curl", False),
    ],
)
def test_places_that_anybody_can_write_to(path: str, expected: bool) -> None:
    assert names.user_writable(path) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\x\a.exe", True),
        (r"C:\x\a.exe:Zone.Identifier", True),
        (r"C:\x\a.txt", False),
        ("/srv/www/shell.php", True),
        (r"C:\x\exe", False),
    ],
)
def test_files_that_can_run(path: str, expected: bool) -> None:
    assert names.executable(path) is expected


def test_last_part_of_either_kind_of_path() -> None:
    assert names.base(r'"C:\Tools\Run Me.EXE"') == "run me.exe"
    assert names.shown("/opt/Tool") == "Tool"


def test_hosts_lose_their_domain_and_addresses_do_not() -> None:
    assert names.short_host("DC01.corp.example") == "dc01"
    assert names.short_host("10.1.2.3") == "10.1.2.3"


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "224.0.0.251", "169.254.169.254", "10.0.0.255", "0.0.0.0", "::1", "not an ip"]
)
def test_addresses_that_are_nobody_elses(ip: str) -> None:
    assert not names.peer_ip(ip)


def test_documentation_ranges_count_as_public_since_sanitised_evidence_uses_them() -> None:
    assert names.is_public("203.0.113.7")
    assert names.is_public("2001:db8::7")
    assert not names.is_public("192.168.1.1")


def test_a_value_is_found_whole_or_not_at_all() -> None:
    assert names_any("scan from 10.2.9.5, ignore", {"10.2.9.5"})
    assert not names_any("scan from 10.2.9.50, ignore", {"10.2.9.5"})
    assert not names_any("scan from 110.2.9.5", {"10.2.9.5"})
    assert names_any("Ask ANN. She knows.", {"ann"})
    assert not names_any("see ann.example.com", {"ann"})
