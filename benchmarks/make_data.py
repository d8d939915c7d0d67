"""Invented Windows events in the shape of a real collection, for whoever has no evidence of their own to measure with.

    python -m benchmarks.make_data FILE [--megabytes 106]

JSON lines as NXLog writes Sysmon: the shares of the event ids, the fields and the length of the lines (2 KB) are those
of a recorded workstation. The same bytes each time.
"""

from __future__ import annotations

import argparse
import random
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

BEGIN = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
HOST = "ACC-WS11.fabrikam.example"
# Event id, share in per mille.
SHARES = ((10, 600), (7, 160), (13, 70), (12, 70), (18, 40), (11, 20), (3, 20), (1, 10), (22, 10))
FOLDERS = (
    "C:\\Windows\\System32",
    "C:\\Windows\\SysWOW64",
    "C:\\Program Files\\Contoso",
    "C:\\Program Files\\Fabrikam",
)
TITLES = {
    1: "Process Create", 3: "Network connection detected", 7: "Image loaded", 10: "Process accessed", 11: "File created",
    12: "Registry object added or deleted", 13: "Registry value set", 18: "Pipe Connected", 22: "Dns query",
}  # fmt: skip


def make_lines(path: Path, megabytes: int, seed: int = 1) -> int:
    """Write at least that many million bytes of JSON lines; returns how many lines."""
    rng = random.Random(seed)
    images = [f"{rng.choice(FOLDERS)}\\{name}" for name in _names(rng, "exe", 400)]
    libraries = [f"{rng.choice(FOLDERS)}\\{name}" for name in _names(rng, "dll", 900)]
    numbers, weights = zip(*SHARES, strict=True)
    count = written = 0
    moment = BEGIN
    with path.open("wb") as out:
        while written < megabytes * 1_000_000:
            moment += timedelta(milliseconds=rng.randrange(1, 400))
            number = rng.choices(numbers, weights)[0]
            line = orjson.dumps(_record(rng, number, moment, images, libraries)) + b"\n"
            written += out.write(line)
            count += 1
    return count


def _names(rng: random.Random, ending: str, count: int) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(rng.choices(letters, k=rng.randrange(5, 14))) + f".{ending}" for _ in range(count)]


def _record(
    rng: random.Random, number: int, moment: datetime, images: list[str], libraries: list[str]
) -> dict[str, object]:
    own = _own_fields(rng, number, images, libraries)
    utc = moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    seen = (
        (moment + timedelta(milliseconds=rng.randrange(5, 90)))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
    own = {"RuleName": "-", "UtcTime": utc, **own}
    told = "".join(f"\r\n{name}: {value}" for name, value in own.items())
    return {
        "SourceName": "Microsoft-Windows-Sysmon", "ProviderGuid": "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}", "Level": "4",
        "Keywords": "0x8000000000000000", "Channel": "Microsoft-Windows-Sysmon/Operational", "Hostname": HOST,
        "TimeCreated": seen, "@timestamp": seen, "EventID": str(number), "Message": f"{TITLES[number]}:{told}",
        "Task": str(number), **own,
    }  # fmt: skip


def _own_fields(rng: random.Random, number: int, images: list[str], libraries: list[str]) -> dict[str, str]:
    """The fields that this kind of event has; programs are drawn so that few stand for most, as in life."""
    image = images[min(int(rng.expovariate(0.03)), len(images) - 1)]
    pid = rng.randrange(400, 9000)
    user = {"User": rng.choice(("NT AUTHORITY\\SYSTEM", "FABRIKAM\\ida.holm", "NT AUTHORITY\\NETWORK SERVICE"))}
    if number == 10:
        return _access(rng, image, pid, images, libraries) | {"SourceUser": user["User"], "TargetUser": user["User"]}
    who = {"ProcessGuid": _guid(rng), "ProcessId": str(pid), "Image": image}
    return {**who, **_acted(rng, number, image, images, libraries), **user}


def _access(rng: random.Random, image: str, pid: int, images: list[str], libraries: list[str]) -> dict[str, str]:
    return {
        "SourceProcessGUID": _guid(rng), "SourceProcessId": str(pid), "SourceThreadId": str(pid + 4), "SourceImage": image,
        "TargetProcessGUID": _guid(rng), "TargetProcessId": str(pid + 9), "TargetImage": rng.choice(images),
        "GrantedAccess": rng.choice(("0x1000", "0x1400", "0x1fffff")),
        "CallTrace": "|".join(f"{rng.choice(libraries)}+{rng.randrange(0x1000, 0xFFFFF):x}" for _ in range(14)),
    }  # fmt: skip


def _acted(rng: random.Random, number: int, image: str, images: list[str], libraries: list[str]) -> dict[str, str]:
    loaded, key = rng.choice(libraries), f"HKLM\\System\\CurrentControlSet\\Services\\{rng.randrange(300)}\\Parameters"
    home = "C:\\Users\\ida.holm\\AppData\\Local"
    kinds: dict[int, dict[str, str]] = {
        1: {**_version(rng, image), "CommandLine": f'"{image}" --session {rng.randrange(1 << 20)} --profile "{home}\\Contoso"',
            "CurrentDirectory": "C:\\Windows\\system32\\", "ParentProcessGuid": _guid(rng), "ParentImage": rng.choice(images[:40])},
        3: {"Protocol": "tcp", "Initiated": "true", "SourceIp": "192.0.2.11", "SourcePort": str(rng.randrange(40000, 60000)),
            "DestinationIp": f"198.51.100.{rng.randrange(1, 250)}", "DestinationPort": rng.choice(("443", "80"))},
        7: {"ImageLoaded": loaded, **_version(rng, loaded), "Signed": "true", "Signature": "Microsoft Windows", "SignatureStatus": "Valid"},
        11: {"TargetFilename": f"{home}\\Temp\\{rng.randrange(1 << 30):x}.tmp"},
        12: {"EventType": "CreateKey", "TargetObject": f"{key}\\{loaded[-12:]}"},
        13: {"EventType": "SetValue", "TargetObject": f"{key}\\{loaded[-12:]}", "Details": f"DWORD (0x{rng.randrange(1 << 32):08x})"},
        18: {"EventType": "ConnectPipe", "PipeName": rng.choice(("\\srvsvc", "\\lsass", "\\wkssvc"))},
        22: {"QueryName": f"cdn{rng.randrange(200)}.contoso.example", "QueryStatus": "0", "QueryResults": "::ffff:198.51.100.7;"},
    }  # fmt: skip
    return kinds[number]


def _guid(rng: random.Random) -> str:
    return f"{{81056205-{rng.randrange(1 << 16):04x}-64d4-{rng.randrange(1 << 16):04x}-000000000800}}"


def _version(rng: random.Random, path: str) -> dict[str, str]:
    name = path.rpartition("\\")[2]
    hashes = (
        f"SHA1={rng.randrange(1 << 160):040X},MD5={rng.randrange(1 << 128):032X},SHA256={rng.randrange(1 << 256):064X}"
    )
    return {"FileVersion": "10.0.19041.546 (WinBuild.160101.0800)", "Description": f"{name} of Contoso", "Product": "Contoso",
            "Company": "Contoso", "OriginalFileName": name, "Hashes": hashes}  # fmt: skip


def longer_lines(source: Path, out: Path, megabytes: int) -> None:
    """The lines of `source`, again and again, until there are that many million bytes."""
    data = source.read_bytes().rstrip(b"\n") + b"\n"
    written = 0
    with out.open("wb") as file:
        while written < megabytes * 1_000_000:
            left = megabytes * 1_000_000 - written
            written += file.write(data if left >= len(data) else data[: data.find(b"\n", left) + 1] or data)


def longer_evtx(sources: list[Path], out: Path, megabytes: int) -> None:
    """One EVTX file with the filled chunks of all `sources`, again and again; chunks stand for themselves in this format.

    Half-empty chunks are left out: only a log's last chunk is one, and short recordings consist of nothing else.
    """
    header_size, chunk_size, mark = 4096, 65536, b"ElfChnk\x00"
    chunks = [
        chunk
        for path in sources
        for data in [path.read_bytes()]
        for at in range(header_size, len(data), chunk_size)
        if (chunk := data[at : at + chunk_size]).startswith(mark) and len(chunk) == chunk_size and _filled(chunk) > 0.9
    ]
    with out.open("wb") as file:
        file.write(sources[0].read_bytes()[:header_size])
        for number in range(megabytes * 1_000_000 // chunk_size):
            file.write(chunks[number % len(chunks)])


def _filled(chunk: bytes) -> float:
    """The share of an EVTX chunk that is written: its header says where the free space begins."""
    return float(struct.unpack_from("<I", chunk, 48)[0] / len(chunk))


def main() -> None:
    """Write the file and say how many lines it has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--megabytes", type=int, default=106)
    given = parser.parse_args()
    print(f"{make_lines(given.file, given.megabytes):,} lines in {given.file}")


if __name__ == "__main__":
    main()
