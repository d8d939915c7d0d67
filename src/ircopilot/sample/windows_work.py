"""Honest work that looks like an attack: an administrator's commands, management software, a new service."""

from __future__ import annotations

import base64

from ircopilot.sample.windows import (
    Machine,
    connect,
    explicit_logon,
    logon,
    privileges,
    script,
    service_installed,
    start,
    stop,
)
from ircopilot.sample.windows_noise import SYSTEM32
from ircopilot.sample.world import DEPLOY, LENA, SYSTEM, TOMAS, Flow, at

MANAGEMENT = "C:\\Program Files\\Tidemark\\TidemarkAgent.exe"
POLICY = "Get-CimInstance Win32_QuickFixEngineering | Select-Object HotFixID,InstalledOn | ConvertTo-Json -Compress"
POWERSHELL_EXE = f"{SYSTEM32}\\WindowsPowerShell\\v1.0\\powershell.exe"


def administer(m: Machine) -> None:
    """On OPS-WS03, Lena looks for a network fault by hand and reaches the server by remote PowerShell."""
    shell = start(m, at("08:12:40"), f"{SYSTEM32}\\cmd.exe", f'"{SYSTEM32}\\cmd.exe"', m.running["explorer.exe"], LENA,
                  level="High")  # fmt: skip
    for clock, image, command in (
        ("08:12:52", "whoami.exe", "whoami  /groups"), ("08:13:05", "ipconfig.exe", "ipconfig  /all"),
        ("08:13:41", "ping.exe", "ping  -n 4 10.20.8.12"), ("08:14:20", "nslookup.exe", "nslookup  erp"),
        ("10:22:10", "ipconfig.exe", "ipconfig  /flushdns"),
    ):  # fmt: skip
        p = start(m, at(clock), f"{SYSTEM32}\\{image}", command, shell, LENA, level="High")
        stop(m, at(clock) + 2, p)
    remote = start(m, at("08:16:00"), POWERSHELL_EXE, f'"{POWERSHELL_EXE}"', m.running["explorer.exe"], LENA)
    explicit_logon(m, at("08:16:20"), remote, LENA, "APP-SRV02.hollowbrook.example", "10.20.8.12")
    flow = Flow(at("08:16:21"), m.ip, 50321, "10.20.8.12", 5985, "tcp", "-", 240.0, 18220, 66100)
    connect(m, flow.time, remote, flow, "APP-SRV02.hollowbrook.example")
    script(m, at("08:16:25"), "Enter-PSSession -ComputerName APP-SRV02")


def administered(m: Machine) -> None:
    """What the same visit leaves on APP-SRV02, and the deployments of the morning."""
    logon(m, at("08:16:22"), LENA, 3, "10.20.4.40", 50321)
    privileges(m, at("08:16:22.100"), LENA)
    host = start(m, at("08:16:24"), f"{SYSTEM32}\\wsmprovhost.exe", f"{SYSTEM32}\\wsmprovhost.exe -Embedding",
                 m.running["svchost.exe"], LENA, level="High")  # fmt: skip
    script(m, at("08:17:02"), "Get-Service | Where-Object Status -ne 'Running' | Select-Object Name,StartType")
    script(m, at("08:18:40"), "Restart-Service -Name 'ErpConnector'")
    stop(m, at("08:20:11"), host)
    for clock in ("07:30:12", "08:30:11", "10:30:15"):
        logon(m, at(clock), DEPLOY, 3, "10.20.9.20", 41210)
        privileges(m, at(clock) + 0.1, DEPLOY)


def manage(m: Machine) -> None:
    """Management software asks for installed updates in its own way: encoded PowerShell, each hour."""
    agent = m.process(at("05:40:00"), MANAGEMENT, SYSTEM, f'"{MANAGEMENT}" --service')
    encoded = base64.b64encode(POLICY.encode("utf-16-le")).decode()
    for hour in ("07", "08", "09", "10"):
        time = at(f"{hour}:05:30")
        command = f"powershell.exe -NoProfile -NonInteractive -EncodedCommand {encoded}"
        p = start(m, time, POWERSHELL_EXE, command, agent, SYSTEM)
        script(m, time + 1, POLICY)
        stop(m, time + 7, p)


def develop(m: Machine) -> None:
    """On DEV-WS12, Tomas works with git and the AWS command line; the browser's updater brings a service."""
    code = start(m, at("07:24:00"), f"{SYSTEM32}\\cmd.exe", "cmd.exe", m.running["explorer.exe"], TOMAS)
    tool = "C:\\Program Files\\Amazon\\AWSCLIV2\\aws.exe"
    for clock, command in (
        ("07:41:09", "aws  sts get-caller-identity"), ("07:41:30", "aws  s3 ls"),
        ("09:11:40", "aws  s3 cp s3://hollowbrook-build-artifacts/web/app-4.18.2.tar.gz ."),
        ("10:02:17", "aws  ec2 describe-instances --region eu-west-1"),
    ):  # fmt: skip
        p = start(m, at(clock), tool, command, code, TOMAS, company="Amazon Web Services, Inc.", product="AWS CLI")
        flow = Flow(at(clock) + 1, m.ip, m.port(), "192.0.2.120", 443, "tcp", "ssl", 1.1, 2210, 8120,
                    extra=(("ssl", (("sni", "s3.eu-west-1.amazonaws.com"), ("subject", "CN=*.s3.amazonaws.com"),
                                    ("issuer", "CN=Amazon RSA 2048 M01,O=Amazon"))),))  # fmt: skip
        connect(m, flow.time, p, flow, "s3.eu-west-1.amazonaws.com")
        stop(m, at(clock) + 3, p)
    image = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\122.0.2365.66\\elevation_service.exe"
    service_installed(m, at("09:14:50"), "Microsoft Edge Elevation Service", f'"{image}"')
