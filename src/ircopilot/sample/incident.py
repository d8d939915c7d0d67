"""The whole sample incident, told by every source at once, and its writing to a folder."""

from __future__ import annotations

from pathlib import Path

from ircopilot.sample.cloud import cloud_trail
from ircopilot.sample.dice import Dice
from ircopilot.sample.linux import jump_host_syslog
from ircopilot.sample.messages import edr_alerts, slack_export
from ircopilot.sample.network import add_network_noise, zeek_logs
from ircopilot.sample.windows import Machine
from ircopilot.sample.windows_attack import attack_server, attack_workstation
from ircopilot.sample.windows_layouts import nxlog_lines, winlogbeat_lines
from ircopilot.sample.windows_noise import EDGE, OFFICE, boot, live
from ircopilot.sample.windows_work import administer, administered, develop, manage
from ircopilot.sample.world import ACCOUNT, ERP, LENA, MIRA, TOMAS, VICTIM_CLOCK_S, World


def build_sample(world: World | None = None) -> dict[str, bytes]:
    """Every file of the incident by its path in the evidence folder. `world` counts what was written."""
    world = world or World()
    files = _windows(world)
    add_network_noise(world)
    files |= {f"zeek/{name}": log for name, log in zeek_logs(world).items()}
    files["jump01/syslog"] = jump_host_syslog(world)
    files[f"aws/{ACCOUNT}_CloudTrail_eu-west-1_20260310T1100Z.json.gz"] = cloud_trail(world)
    files |= {f"slack/{name}": content for name, content in slack_export(world).items()}
    files["alerts/edr-alerts.json"] = edr_alerts(world)
    return files


def write_sample(directory: Path) -> None:
    """Write the evidence of the sample incident into `directory`, the same bytes each time."""
    for name, content in sorted(build_sample().items()):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _windows(world: World) -> dict[str, bytes]:
    """Four machines: the victim with a wrong clock, a developer's, a server exported by channel, an administrator's."""
    office = (EDGE, f"{OFFICE}\\OUTLOOK.EXE", f"{OFFICE}\\EXCEL.EXE")
    victim, developer, server, admin = (
        Machine(name, ip, world, Dice(name))
        for name, ip in (("FIN-WS07", "10.20.4.17"), ("DEV-WS12", "10.20.4.32"), ("APP-SRV02", "10.20.8.12"),
                         ("OPS-WS03", "10.20.4.40"))
    )  # fmt: skip
    for machine, user, programs, events in (
        (victim, MIRA, office, 5600), (developer, TOMAS, office, 4200), (server, ERP, (), 4000),
        (admin, LENA, office, 1800),
    ):  # fmt: skip
        boot(machine, user, *programs)
        live(machine, user, events)
    develop(developer)
    manage(admin)
    administer(admin)
    administered(server)
    attack_workstation(victim)
    attack_server(server, victim)
    return {
        "windows/fin-ws07.jsonl": nxlog_lines(victim, VICTIM_CLOCK_S),
        "windows/dev-ws12.jsonl": nxlog_lines(developer),
        "windows/app-srv02.jsonl": nxlog_lines(server, by_channel=True),
        "windows/ops-ws03.ndjson": winlogbeat_lines(admin),
    }
