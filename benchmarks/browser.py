"""The pages in a browser: script at first load, Lighthouse, delay of interactions and frames with a million events.

    python -m benchmarks.browser --data DIR --prepare            the service on DIR, the sample and a million events in it
    python -m benchmarks.browser --data DIR [--lighthouse BIN] [--write]
    python -m benchmarks.browser --data DIR --stop

Needs `make web`, and Chromium. Lighthouse is a tool and no part of the product: `npm install --prefix DIR lighthouse`, then
`--lighthouse DIR/node_modules/.bin/lighthouse`; without one its rows are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Figure, as_table
from benchmarks.page import write_part
from benchmarks.service_stack import COMMAND
from benchmarks.timeline import fill
from ircopilot.domain.ids import stable_uuid
from ircopilot.embedded import running_stack
from ircopilot.stores import open_stores
from ircopilot.stores.postgres.loads import committed_load_ids

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
SITE = ROOT / "src" / "ircopilot" / "gateway" / "static"
ADDRESSES = ("IRCOPILOT_GATEWAY_ADDRESS", "IRCOPILOT_ORCHESTRATOR_ADDRESS", "IRCOPILOT_ORCHESTRATOR_HTTP")
MILLION = 1_000_000
BEGIN = datetime(2026, 3, 9, tzinfo=UTC)  # the sample's day is in the middle
OWNER = {"email": "bench@example.org", "name": "Bench", "password": "quiet harbour lanterns"}
FRAME_MS = 1000 / 60


def main() -> None:
    """Prepare, measure or stop, as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--lighthouse", type=Path)
    parser.add_argument("--write", action="store_true", help="write the part of docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.prepare:
        prepare(asked.data)
    elif asked.stop:
        subprocess.run([COMMAND, "down", "--data-dir", str(asked.data)], check=True)
    else:
        where = json.loads((asked.data / "bench.json").read_text())
        figures = felt(where) + (scores(where, asked.lighthouse) if asked.lighthouse else [])
        print(table := as_table(figures))
        if asked.write:
            write_part(PAGE, "browser", table, "python -m benchmarks.browser")


def prepare(data: Path) -> None:
    """Start the service, become its owner, analyse the sample, and lay a million events around it; all but the first, once."""
    before = json.loads((data / "bench.json").read_text()) if (data / "bench.json").is_file() else None
    addresses = before["addresses"] if before else {name: f"127.0.0.1:{_free_port()}" for name in ADDRESSES}
    environ = addresses | {"IRCOPILOT_DATA_DIR": str(data)}
    up = subprocess.run([COMMAND, "up"], env=os.environ | environ, check=True, capture_output=True, text=True)
    if before:
        return
    link = re.search(r"(http\S+)/sign-in/first\?token=(\S+)", up.stdout)
    assert link, up.stdout
    with httpx.Client(base_url=f"{link[1]}/v1", timeout=120, headers={"Origin": link[1]}) as client:
        began = client.post("/auth/first", json=OWNER | {"token": link[2]}).raise_for_status().json()
        client.headers["X-CSRF-Token"] = began["csrf_token"]
        key = _analysed(client)
        cookie = {"name": "ircopilot", "value": client.cookies["ircopilot"]}
    with running_stack(data) as urls, open_stores(urls) as stores:
        org = began["organisation_id"]
        with stores.database.tenant(org) as tx:
            load = committed_load_ids(tx, stable_uuid("incident", org, key))[0]
        print(f"{MILLION:,} events in {fill(stores, org, load, MILLION, BEGIN):.0f} s")
    where = {"origin": link[1], "cookie": cookie, "incident": key, "addresses": addresses}
    (data / "bench.json").write_text(json.dumps(where))


def _analysed(client: httpx.Client) -> str:
    key = str(client.post("/incidents", json={"title": "Sample"}).raise_for_status().json()["key"])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([COMMAND, "sample", f"{folder}/e"], check=True, capture_output=True)
        for path in sorted(p for p in Path(folder, "e").rglob("*") if p.is_file()):
            name = {"name": str(path.relative_to(f"{folder}/e"))}
            client.post(f"/incidents/{key}/evidence", params=name, content=path.read_bytes()).raise_for_status()
    run = client.post(f"/incidents/{key}/runs", json={}).raise_for_status().json()
    while run["state"] not in ("done", "failed", "cancelled"):
        time.sleep(0.5)
        run = client.get(f"/runs/{run['id']}").raise_for_status().json()
    assert run["state"] == "done", run
    return key


def felt(where: dict[str, Any]) -> list[Figure]:
    """What web/scripts/measure.mjs finds."""
    chromium = os.environ.get("IRCOPILOT_CHROMIUM") or shutil.which("chromium") or ""
    done = subprocess.run(
        ["node", "web/scripts/measure.mjs", json.dumps(where | {"browser": chromium})],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    goals = {"dashboard": 300.0}
    figures = [
        Figure("First load", f"JavaScript of {name}, gzip", _gzip_kb(one["scripts"]), "KB", f"first paint {one['paint']:.0f} ms", goals.get(name), False)
        for name, one in found["loads"].items()
    ]  # fmt: skip
    longest: dict[int, tuple[float, str]] = {}
    for name, took, interaction, work, waited, _ in found["events"]:
        said = f"{name}: {waited:.0f} ms until it was heard, {work:.0f} ms of work"
        longest[interaction] = max(longest.get(interaction, (0.0, "")), (took, said))
    delays = sorted(took for took, _ in longest.values())
    worst = max(longest.values(), default=(0.0, "none"))[1]
    told = f"{len(delays)} interactions of 16 ms or more (Event Timing), median {_at(delays, 0.5):.0f}; the worst a {worst}"
    figures.append(
        Figure("1,000,000 events", "INP: keys and clicks, worst", _at(delays, 1.0), "ms", told, 100.0, False)
    )
    for kind, name in (("wheel", "wheel"), ("pointermove", "drag and scrub")):
        times = sorted(took for what, took in found["moves"] if what == kind)
        figures.append(Figure("1,000,000 events", f"{name} to the next frame, 98 of 100", _at(times, 0.98), "ms",
                              f"{len(times)} events, median {_at(times, 0.5):.0f}, worst {_at(times, 1.0):.0f}", 100.0, False))  # fmt: skip
    for name, times in found["frames"].items():
        late = sum(took > 1.5 * FRAME_MS for took in times)
        told = f"{len(times)} frames, {late} late, the longest {max(times):.0f} ms; drawn by the processor"
        rate = 1000 / statistics.mean(times)
        figures.append(Figure("1,000,000 events", f"frames a second, {name}", rate, "", told, 60.0))
    return figures


def scores(where: dict[str, Any], lighthouse: Path) -> list[Figure]:
    """Of Lighthouse, for a desktop, on the dashboard and on the incident's page."""
    figures = []
    for name, path in (("dashboard", "/"), ("incident", f"/incidents/{where['incident']}/timeline")):
        cookie = json.dumps({"Cookie": f"{where['cookie']['name']}={where['cookie']['value']}"})
        done = subprocess.run(
            [str(lighthouse), where["origin"] + path, "--preset=desktop", "--output=json", "--quiet", f"--extra-headers={cookie}",
             "--only-categories=performance,accessibility,best-practices", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"],
            check=True, stdout=subprocess.PIPE, text=True, env=os.environ | {"CHROME_PATH": shutil.which("chromium") or ""},
        )  # fmt: skip
        found = json.loads(done.stdout)
        audits = found["audits"]
        told_of = (
            "first-contentful-paint",
            "largest-contentful-paint",
            "total-blocking-time",
            "cumulative-layout-shift",
        )
        beside = ", ".join(f"{audits[one]['title']} {audits[one]['displayValue']}" for one in told_of)
        for category in found["categories"].values():
            lacking = [
                ref["id"] for ref in category["auditRefs"]
                if ref["weight"] and (audits[ref["id"]]["score"] if audits[ref["id"]]["score"] is not None else 1) < 0.9
            ]  # fmt: skip
            told = beside if category["id"] == "performance" else ", ".join(lacking)
            figures.append(
                Figure("Lighthouse", f"{category['title']}, {name}", category["score"] * 100, "", told, 95.0)
            )
    return figures


def _gzip_kb(paths: list[str]) -> float:
    """As the gateway has them packed; what is too small to be packed goes as it is."""
    files = [SITE / path.lstrip("/") for path in set(paths)]
    packed = [file.with_name(file.name + ".gz") for file in files]
    return sum((gz if gz.is_file() else file).stat().st_size for file, gz in zip(files, packed, strict=True)) / 1000


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
