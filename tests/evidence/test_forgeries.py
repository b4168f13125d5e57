"""Somebody who knows the format writes the manifest anew, and more: how far they get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evidence_check import sentences
from server.audit.chain import canonical
from tests.evidence.conftest import SUBJECT, Line, check, faults, read, sha256_of, with_manifest

LINK = ("sequence", "previous_hash", "content_hash")
CONTENT = ("at_ms", "actor_kind", "actor", "address", "act", "subject", "old", "new")


def only(line: Line, names: tuple[str, ...]) -> str:
    return sha256_of({name: line[name] for name in names})


def index_of(lines: list[Line], act: str) -> int:
    return next(at for at, line in enumerate(lines) if line.get("act") == act)


def change_record(lines: list[Line]) -> None:
    lines[1]["content"]["items"][0]["value"] = 21.0


def rename_record(lines: list[Line]) -> None:
    change_record(lines)
    lines[1]["record"] = sha256_of(lines[1]["content"])


def reseal(lines: list[Line]) -> None:
    rename_record(lines)
    closing = lines[index_of(lines, "run.closed")]
    closing["new"] = f'{{"record_sha256":"{lines[1]["record"]}"}}'


def rehash_content(lines: list[Line]) -> None:
    reseal(lines)
    closing = lines[index_of(lines, "run.closed")]
    closing["content_hash"] = only(closing, CONTENT)


def rehash_entry(lines: list[Line]) -> None:
    rehash_content(lines)
    closing = lines[index_of(lines, "run.closed")]
    closing["hash"] = only(closing, LINK)


def rewrite_chain(lines: list[Line]) -> None:
    rehash_entry(lines)
    before = ""
    for line in lines[2:]:
        line["previous_hash"] = before or line["previous_hash"]
        line["hash"] = before = only(line, LINK)


def rewrite_all(lines: list[Line]) -> None:
    rewrite_chain(lines)
    lines[0]["head"]["hash"] = lines[-1]["hash"]


def forged(file: bytes, forge: Callable[[list[Line]], Any]) -> bytes:
    lines = read(file)[:-1]
    forge(lines)
    return with_manifest(lines)


@pytest.mark.parametrize(
    ("forge", "found"),
    [
        pytest.param(change_record, [(2, "record", "content")], id="the record"),
        pytest.param(rename_record, [(6, "entry", "new"), (2, "record", "record")], id="and its sha256"),
        pytest.param(reseal, [(6, "entry", "content_hash")], id="and the entry that sealed it"),
        pytest.param(rehash_content, [(6, "entry", "hash")], id="and that entry's content hash"),
        pytest.param(rehash_entry, [(7, "link", "previous_hash")], id="and that entry's hash"),
        pytest.param(rewrite_chain, [(1, "header", "head")], id="and the chain after it"),
    ],
)
def test_who_does_not_write_all_anew_is_found_at_the_place(
    file: bytes, forge: Callable[[list[Line]], None], found: list[tuple[int, str, str]]
) -> None:
    assert faults(forged(file, forge)) == found


def test_who_writes_all_anew_is_caught_by_a_head_kept_outside_and_by_nothing_else(file: bytes) -> None:
    true = {line["sequence"]: line["hash"] for line in read(file)[2:-1]}
    last = max(true)
    forgery = forged(file, rewrite_all)
    closed = read(file)[5]["sequence"]

    alone = check(forgery)
    assert alone.faults == []
    assert any("compared with no head kept outside" in en for _, en in sentences(alone))
    assert faults(forgery, (closed, true[closed])) == [(6, "entry", "hash")]
    assert faults(forgery, (last, true[last])) == [(7, "link", "hash")]
    # A head from before what was forged fits, and the checker says how far it reaches.
    earlier = check(forgery, (closed - 1, true[closed - 1]))
    assert earlier.faults == []
    assert any(f"entries {closed}–{last} were compared with no head" in en for _, en in sentences(earlier))


def change(at: int, **fields: Any) -> Callable[[list[Line]], None]:
    return lambda lines: lines[at].update(fields)


def drop(at: int, field: str) -> Callable[[list[Line]], None]:
    return lambda lines: lines[at].pop(field)


def relink(at: int, **fields: Any) -> Callable[[list[Line]], None]:
    """Change an entry and everything that follows from it, to the head."""

    def forge(lines: list[Line]) -> None:
        lines[at].update(fields)
        lines[at]["content_hash"] = only(lines[at], CONTENT)
        before = ""
        for line in lines[2:]:
            line["previous_hash"] = before or line["previous_hash"]
            line["hash"] = before = only(line, LINK)
        lines[0]["head"]["hash"] = before

    return forge


@pytest.mark.parametrize(
    ("forge", "found"),
    [
        *(
            pytest.param(change(5, **{name: 7 if name == "at_ms" else "x"}), (6, "entry", "content_hash"), id=name)
            for name in CONTENT
        ),
        pytest.param(change(3, content_hash="0" * 64), (4, "link", "hash"), id="content of a link"),
        pytest.param(change(4, sequence=9), (5, "entry", "sequence"), id="a place in the chain"),
        pytest.param(change(4, previous_hash="0" * 64), (5, "entry", "previous_hash"), id="a link of the chain"),
        pytest.param(lambda lines: lines.pop(3), (4, "entry", "sequence"), id="an entry taken out"),
        pytest.param(lambda lines: lines.pop(), (1, "header", "head"), id="the last entry taken out"),
        pytest.param(lambda lines: lines.pop(1), (5, "entry", "new"), id="the record taken out"),
        pytest.param(lambda lines: lines.pop(0), (1, "header", "format"), id="the header taken out"),
        pytest.param(lambda lines: lines.append(lines.pop(1)), (7, "record", ""), id="a record after the entries"),
        pytest.param(lambda lines: lines.append(lines[0]), (8, "header", ""), id="a second header"),
        pytest.param(change(1, at_ms=1), (2, "record", "at_ms"), id="the record's time"),
        pytest.param(relink(5, at_ms=1), (2, "record", "at_ms"), id="the closing act's time"),
        pytest.param(relink(5, act="run.touched"), (2, "record", "record"), id="no closing act"),
        pytest.param(relink(5, new=""), (6, "entry", "new"), id="a closing act without a record"),
        pytest.param(relink(5, new='{"record_sha256":[]}'), (6, "entry", "new"), id="a record that is none"),
        pytest.param(change(0, subject="run/C-1"), (3, "entry", "subject"), id="another subject"),
        pytest.param(relink(2, subject=f"{SUBJECT}1"), (3, "entry", "subject"), id="an act on something else"),
        pytest.param(change(0, version=2), (1, "header", "format"), id="another version"),
        pytest.param(change(0, format="x"), (1, "header", "format"), id="another format"),
        pytest.param(change(0, more=1), (1, "header", "more"), id="a field more"),
        pytest.param(drop(2, "address"), (3, "entry", "address"), id="a field less"),
        pytest.param(change(3, subject="x"), (4, "link", "subject"), id="half an entry"),
        pytest.param(change(2, at_ms=True), (3, "entry", "at_ms"), id="true for a time"),
        pytest.param(change(1, at_ms=10**20), (2, "record", "at_ms"), id="a time beyond all"),
        pytest.param(change(4, sequence=10**4200), (5, "entry", "sequence"), id="a place beyond all"),
        pytest.param(change(3, content_hash="ZZ"), (4, "link", "content_hash"), id="a hash that is none"),
        pytest.param(change(0, head=[]), (1, "header", "head"), id="a head that is none"),
        pytest.param(change(1, content=5), (2, "record", "content"), id="content that is none"),
    ],
)
def test_a_line_that_does_not_fit_the_others_is_named_whatever_the_manifest_says(
    file: bytes, forge: Callable[[list[Line]], Any], found: tuple[int, str, str]
) -> None:
    assert found in faults(forged(file, forge))


def test_the_manifests_own_fields_are_told_apart(file: bytes) -> None:
    *lines, manifest = read(file)
    number = len(lines) + 1
    spelled = file[: file.rindex(b'{"lines"')]

    def with_changed(**fields: Any) -> bytes:
        return spelled + f"{canonical({**manifest, **fields})}\n".encode()

    assert faults(with_changed(lines=1)) == [(number, "manifest", "lines")]
    assert faults(with_changed(sha256="0" * 64)) == [(number, "manifest", "sha256")]
    assert faults(with_changed(manifest=["0" * 64, *manifest["manifest"][1:]])) == [(number, "manifest", "manifest")]
    assert (number, "manifest", "lines") in faults(with_changed(manifest=[]))
    assert faults(with_changed(manifest=5)) == [(number, "manifest", "manifest")]
    assert faults(spelled) == [(number, "manifest", "")]


def test_faults_without_end_are_counted_and_the_first_kept(file: bytes) -> None:
    found = check(file + b"x\n" * 1000)

    assert len(found.faults) == 50
    assert found.count >= 1000
    assert any("DOES NOT HOLD" in en and str(found.count) in en for _, en in sentences(found))
