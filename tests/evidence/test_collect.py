"""The collector: what comes out of files, folders and containers, and how hostile ones end."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from tests.evidence.sinks import CountingSink, MemorySink

from ircopilot.evidence.archives import Limits
from ircopilot.evidence.collect import Collected, collect

LOG = b"2031-04-02T10:00:01Z bastion sshd[1]: Accepted password for noor from 198.51.100.7 port 1 ssh2\n"
OTHER = b"2031-04-02T10:00:02Z bastion sshd[1]: Failed password for root from 198.51.100.8 port 2 ssh2\n"


def taken(*paths: Path, limits: Limits | None = None) -> tuple[list[Collected], MemorySink]:
    sink = MemorySink()
    return list(collect(paths, sink, limits)), sink


def reasons(found: list[Collected]) -> str:
    return " | ".join(f"{c.name}: {e.locator} {e.reason}" for c in found for e in c.errors)


def artifacts(found: list[Collected]) -> list[str]:
    return [c.artifact.name for c in found if c.artifact and not c.duplicate_of]


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            z.writestr(name, data)
    return out.getvalue()


def tarred(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                t.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                t.addfile(info, io.BytesIO(member[1]))
    return out.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.zip", lambda d: zipped({"a.log": d})),
        ("a.tar", lambda d: tarred(("a.log", d))),
        ("a.tar.gz", lambda d: gzip.compress(tarred(("a.log", d)))),
        ("a.tgz", lambda d: gzip.compress(tarred(("a.log", d)))),
        ("a.log.gz", gzip.compress),
        ("a.log.bz2", bz2.compress),
        ("a.log.xz", lzma.compress),
        ("a.log.zst", lambda d: zstandard.ZstdCompressor().compress(d)),
        ("no-extension", lambda d: lzma.compress(tarred(("a.log", d)))),
    ],
)
def test_container_is_told_by_content_and_its_member_is_an_artifact(tmp_path: Path, name: str, pack) -> None:
    packed = pack(LOG)
    (tmp_path / name).write_bytes(packed)
    found, sink = taken(tmp_path)
    container, member = found
    assert container.is_container
    assert container.artifact is not None and member.artifact is not None
    assert container.artifact.sha256 == hashlib.sha256(packed).hexdigest()
    assert member.artifact.sha256 == hashlib.sha256(LOG).hexdigest()
    assert member.artifact.parent_sha256 == container.artifact.sha256
    assert member.artifact.name == f"{name}!/{member.artifact.member}"
    assert member.artifact.format == "lines/text_lines"
    assert sink.kept[member.artifact.sha256] == LOG
    assert not reasons(found)


def test_names_and_order_do_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    outcomes = []
    packed = zipped({"x/y.log": OTHER + LOG})
    for place in ("one", "two/deeper"):
        folder = tmp_path / place / "evidence"
        (folder / "b").mkdir(parents=True)
        for name, data in (("b/z.log", LOG), ("a.log", OTHER), ("b/pack.zip", packed)):
            (folder / name).write_bytes(data)
        outcomes.append([c.artifact for c in taken(folder)[0]])
    assert [a and a.name for a in outcomes[0]] == ["a.log", "b/pack.zip", "b/pack.zip!/x/y.log", "b/z.log"]
    assert outcomes[0] == outcomes[1]


def test_same_bytes_twice_are_one_artifact(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LOG)
    (tmp_path / "b.log").write_bytes(LOG)
    (tmp_path / "c.gz").write_bytes(gzip.compress(LOG))
    found, sink = taken(tmp_path)
    assert artifacts(found) == ["a.log", "c.gz"]
    assert {c.duplicate_of for c in found if c.duplicate_of} == {hashlib.sha256(LOG).hexdigest()}
    assert [c.name for c in found if c.duplicate_of] == ["b.log", "c.gz!/c"]
    assert len(sink.kept) == 2


def test_nested_containers_are_opened_down_to_the_limit(tmp_path: Path) -> None:
    data = zipped({"a.log": LOG})
    for level in range(3):
        data = tarred((f"level{level}.bin", data))
    (tmp_path / "deep").write_bytes(data)
    assert len(artifacts(taken(tmp_path)[0])) == 5
    found, _ = taken(tmp_path, limits=Limits(depth=2))
    assert "nested deeper than 2" in reasons(found)
    assert artifacts(found) == ["deep", "deep!/level2.bin", "deep!/level2.bin!/level1.bin"]


def test_members_that_would_do_harm_are_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(
        tarred(
            ("../../etc/passwd", LOG),
            ("/etc/shadow", LOG),
            special("link", tarfile.SYMTYPE, "/etc/passwd"),
            special("hard", tarfile.LNKTYPE, "good.log"),
            special("tty", tarfile.CHRTYPE),
            special("pipe", tarfile.FIFOTYPE),
            ("n" * 3000, LOG),
            ("good.log", OTHER),
        )
    )
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("../up.log", LOG)
        z.writestr("C:\\windows\\x.log", LOG)
        z.writestr(link, "/etc/passwd")
        z.writestr("good.log", LOG)
    (tmp_path / "b.zip").write_bytes(out.getvalue())
    found, _ = taken(tmp_path)
    assert artifacts(found) == ["a.tar", "a.tar!/good.log", "b.zip", "b.zip!/good.log"]
    said = reasons(found)
    for text in ("leaves the archive", "absolute path", "symbolic link", "hard link", "device", "named pipe", "longer"):
        assert text in said
    assert sum(len(c.errors) for c in found) == 10


def test_encrypted_member_is_said_and_others_are_read(tmp_path: Path) -> None:
    data = bytearray(zipped({"secret.log": LOG, "open.log": OTHER}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    found, _ = taken(tmp_path)
    assert artifacts(found) == ["a.zip", "a.zip!/open.log"]
    assert "secret.log it is encrypted" in reasons(found)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress])
def test_truncated_compressed_file_ends_in_an_error(tmp_path: Path, pack) -> None:
    data = pack(os.urandom(50_000))
    (tmp_path / "cut").write_bytes(data[:-1000])
    (tmp_path / "whole.log").write_bytes(LOG)
    found, sink = taken(tmp_path)
    assert "cut short" in reasons(found)
    assert artifacts(found) == ["cut", "whole.log"]
    assert len(sink.kept) == 2


def test_truncated_archives_keep_what_came_before(tmp_path: Path) -> None:
    tar = tarred(("a.log", LOG), ("b.log", OTHER * 200))
    (tmp_path / "a.tar").write_bytes(tar[:4000])
    (tmp_path / "b.zip").write_bytes(zipped({"a.log": LOG})[:-30])
    corrupt = bytearray(zipped({"bad.log": os.urandom(3000), "good.log": OTHER}))
    corrupt[200] ^= 0xFF
    (tmp_path / "c.zip").write_bytes(corrupt)
    found, _ = taken(tmp_path)
    assert artifacts(found) == ["a.tar", "a.tar!/a.log", "b.zip", "c.zip", "c.zip!/good.log"]
    said = reasons(found)
    assert "cut short inside this member" in said and "no central directory" in said and "cannot be unpacked" in said


def test_bombs_end_in_an_error_without_filling_anything(tmp_path: Path) -> None:
    zeros = zipped({"zeros.bin": b"\0" * (64 << 20)})
    (tmp_path / "bomb.zip").write_bytes(zeros)
    (tmp_path / "layers.gz").write_bytes(gzip.compress(gzip.compress(b"\0" * (64 << 20))))
    (tmp_path / "tall.zst").write_bytes(zstandard.ZstdCompressor().compress(b"\0" * (256 << 20)))
    (tmp_path / "z.log").write_bytes(LOG)
    sink = CountingSink()
    found = list(collect([tmp_path], sink, Limits(ratio_free_bytes=16 << 20, ratio=100)))
    assert reasons(found).count("as only a bomb does") == 3
    assert sink.most <= 32 << 20
    assert artifacts(found)[-1] == "z.log"


def test_member_size_total_and_count_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"big.log": LOG * 1000, "small.log": OTHER, "third.log": LOG}))
    found, _ = taken(tmp_path, limits=Limits(member_bytes=10_000))
    assert artifacts(found) == ["a.zip", "a.zip!/small.log", "a.zip!/third.log"]
    assert "big.log it unpacks to more than 10,000 bytes" in reasons(found)
    found, _ = taken(tmp_path, limits=Limits(total_bytes=1000))
    assert artifacts(found) == ["a.zip"]
    found, _ = taken(tmp_path, limits=Limits(count=2))
    assert artifacts(found) == ["a.zip"]
    assert "3 members, more than the limit of 2" in reasons(found)


def test_one_archive_of_many_members_does_not_crowd_out_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(tarred(*((f"{n}.log", LOG + bytes([n])) for n in range(9))))
    (tmp_path / "b.log").write_bytes(OTHER)
    found, _ = taken(tmp_path, limits=Limits(count=4))
    assert "more than 4 members" in reasons(found)
    assert len(artifacts(found)) == 1 + 3 + 1
    assert artifacts(found)[-1] == "b.log"


def test_archive_that_holds_itself_ends(tmp_path: Path) -> None:
    inner = zipped({"a.log": LOG})
    (tmp_path / "a.zip").write_bytes(zipped({"x.zip": inner, "y.zip": inner}))
    found, _ = taken(tmp_path)
    assert artifacts(found) == ["a.zip", "a.zip!/x.zip", "a.zip!/x.zip!/a.log"]


def test_links_pipes_and_unreadable_things_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    (tmp_path / "outside.log").write_bytes(OTHER)
    (folder / "real.log").write_bytes(LOG)
    (folder / "inside-link").symlink_to(folder / "real.log")
    (folder / "out-link").symlink_to(tmp_path / "outside.log")
    (folder / "broken").symlink_to(folder / "nothing")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    found, sink = taken(folder)
    assert artifacts(found) == ["real.log"]
    assert list(sink.kept.values()) == [LOG]
    assert sorted(c.name for c in found if c.errors) == ["broken", "out-link", "pipe"]


def test_given_link_is_followed_and_missing_path_raises(tmp_path: Path) -> None:
    (tmp_path / "real.log").write_bytes(LOG)
    (tmp_path / "link").symlink_to(tmp_path / "real.log")
    assert artifacts(taken(tmp_path / "link")[0]) == ["link"]
    with pytest.raises(FileNotFoundError):
        taken(tmp_path / "nothing")


def test_document_stays_whole_and_unknown_binary_is_kept_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}))
    (tmp_path / "b.bin").write_bytes(os.urandom(5000))
    (tmp_path / "c.empty").write_bytes(b"")
    found, sink = taken(tmp_path)
    assert artifacts(found) == ["a.docx", "b.bin", "c.empty"]
    assert {c.artifact.format for c in found if c.artifact} == {"unreadable"}
    assert all(c.errors and c.errors[0].locator == "" for c in found)
    assert len(sink.kept) == 3


def test_records_longer_than_the_sample_are_recognised(tmp_path: Path) -> None:
    event = {"eventTime": "2031-04-02T10:00:00Z", "eventName": "PutObject", "eventSource": "s3.amazonaws.com",
             "awsRegion": "eu-north-1", "requestParameters": {"x": "y" * 500_000}}  # fmt: skip
    (tmp_path / "long.json").write_text(json.dumps(event) + "\n" + json.dumps(event) + "\n")
    (tmp_path / "one.json").write_text(json.dumps({"Records": [event, event, event, event, event]}))
    found, _ = taken(tmp_path)
    assert [c.artifact.format for c in found if c.artifact] == [
        "json_lines/aws_cloudtrail",
        "json_objects/aws_cloudtrail",
    ]
