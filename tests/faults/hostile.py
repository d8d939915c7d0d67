"""Evidence made to harm, by file name: each comes with words that its error in the report must hold."""

from __future__ import annotations

import io
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

GOOD = b"".join(
    b"2026-03-10T08:%02d:%02dZ web01 sshd[912]: Failed password for root from 203.0.113.9 port 5%03d ssh2\n"
    % (n // 60, n % 60, n)
    for n in range(600)
)


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A zip file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(name, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def flat_bomb() -> bytes:
    """Zeros, 1,000 to 1: 512 MiB in half of one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z, z.open("zeros", "w", force_zip64=True) as member:
        for _ in range(512):
            member.write(bytes(1 << 20))
    return out.getvalue()


def nested_bomb() -> bytes:
    """Sixteen copies of sixteen copies of 64 MiB of zeros: 16 GiB."""
    inner = zipped(("zeros", bytes(64 << 20)))
    middle = zipped(*((f"{n}.zip", inner + bytes([n])) for n in range(16)))
    return zipped(*((f"{n}.zip", middle + bytes([n])) for n in range(16)))


def deep_nest() -> bytes:
    """A log under thirty zip files."""
    data = zipped(("deep.log", GOOD))
    for level in range(30):
        data = zipped((f"{level}.zip", data))
    return data


def bad_members() -> bytes:
    """A tar of everything but honest files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, kind, target in (
            ("link", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard", tarfile.LNKTYPE, "../../etc/shadow"),
            ("tty", tarfile.CHRTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            t.addfile(info)
        info = tarfile.TarInfo("../../escaped.log")
        info.size = len(GOOD)
        t.addfile(info, io.BytesIO(GOOD))
    return out.getvalue()


def encrypted() -> bytes:
    """A zip whose member says that it is encrypted."""
    data = bytearray(zipped(("secret.log", GOOD)))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def cut_short() -> bytes:
    """A tar.gz that lost its second half."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for n in range(8):
            info = tarfile.TarInfo(f"{n}.log")
            info.size = 40_000
            t.addfile(info, io.BytesIO(os.urandom(30_000).hex().encode()[:40_000]))
    return out.getvalue()[: len(out.getvalue()) // 2]


def many_members() -> bytes:
    """Two hundred thousand empty members, made by hand: `zipfile` would take a while."""
    body, directory, count = bytearray(), bytearray(), 200_000
    for n in range(count):
        name, data = b"%06d" % n, b"x%d" % n
        crc = zlib.crc32(data)
        common = struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 0x5C6A, crc, len(data), len(data), len(name), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common
        directory += struct.pack("<HHHLL", 0, 0, 0, 0, len(body)) + name
        body += b"PK\x03\x04" + common + name + data
    at, size = len(body), len(directory)
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, count, count, size, at)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, at + size, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, size, at, 0)
    return bytes(body + directory + record + locator + end)


def broken_evtx() -> bytes:
    """A header of an event log, then a chunk that is none."""
    header = b"ElfFile\0" + struct.pack("<QQQLHHHH", 0, 0, 2, 128, 1, 3, 4096, 1) + bytes(76)
    header += struct.pack("<LL", 0, zlib.crc32(header[:120]))
    return header.ljust(4096, b"\0") + b"ElfChnk\0" + os.urandom(65528)


def deep_json() -> bytes:
    """A record nested ten thousand deep, between two that are not."""
    line = b'{"time":"2026-03-10T08:00:00Z","host":"a","n":1}\n'
    return (
        line
        + b'{"time":"2026-03-10T08:00:01Z","a":'
        + b"[" * 10_000
        + b"]" * 10_000
        + b"}\n"
        + line.replace(b"1}", b"2}")
    )


def long_line() -> bytes:
    """Twenty megabytes without a line end, between good lines."""
    return GOOD + b"2026-03-10T09:00:00Z web01 sshd[1]: " + b"A" * (20 << 20) + b"\n" + GOOD.replace(b"web01", b"web02")


# name → (content, words in its error; empty when it is read without one)
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bombs/flat.zip": (flat_bomb, "bomb"),
    "bombs/nested.zip": (nested_bomb, "bomb"),
    "bombs/deep.zip": (deep_nest, "nested deeper"),
    "bombs/many.zip": (many_members, "members"),
    "archives/bad-members.tar": (bad_members, "link"),
    "archives/encrypted.zip": (encrypted, "encrypted"),
    "archives/cut.tar.gz": (cut_short, "cut short"),
    "archives/not.zip": (lambda: b"PK\x03\x04" + os.urandom(400), "cut short"),
    "texts/long.log": (long_line, "longer"),
    "texts/deep.jsonl": (deep_json, ""),
    "texts/utf16.log": (lambda: GOOD.decode().encode("utf-16"), ""),
    "texts/invalid.log": (lambda: GOOD.replace(b"root", b"r\xff\xfet"), ""),
    "texts/nul.log": (lambda: GOOD.replace(b"sshd", b"ss\0hd"), ""),
    "texts/zeros.log": (lambda: bytes(100_000), "zeros"),
    "texts/empty.log": (lambda: b"", "empty"),
    "windows/broken.evtx": (broken_evtx, ""),
    "windows/short.evtx": (lambda: b"ElfFile\0" + bytes(100), ""),
    "good.log": (lambda: GOOD, ""),
}


def write_hostile(folder: Path) -> Path:
    """Write them all, a pipe and links that lead away; return the folder."""
    for name, (make, _) in HOSTILE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make())
    os.mkfifo(folder / "pipe.log")
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..", target_is_directory=True)
    (folder / os.fsdecode(b"odd-\xff\xfe.log")).write_bytes(GOOD.replace(b"web01", b"odd01"))
    return folder
