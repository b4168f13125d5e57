"""Checks an evidence file of Zhishou (值守), alone and offline: python evidence_check.py FILE [--witness N:HASH]

A file holds one subject (a checklist, a verification) as JSON Lines in canonical form: keys sorted, no spaces, UTF-8.
  header    format, version, subject, exported_at, head {sequence, hash}: where the audit chain ended
  record    record, at_ms, content: what was frozen; the SHA-256 of the canonical content is ``record``
  entry     an act on the subject: sequence, previous_hash, content_hash, hash and the eight fields of its content;
            content_hash = SHA-256 of the canonical content, hash = SHA-256 of {content_hash, previous_hash, sequence}
  link      an act on something else: sequence, previous_hash, content_hash, hash
  manifest  lines, manifest (SHA-256 of each line before it), sha256 (of all bytes before it)
A change of any byte breaks the manifest. Who writes the manifest anew breaks a record against the entry that sealed it,
or an entry against its hash, or the chain. Who writes all of that anew meets a head somebody else kept: --witness.
Exit code 0: it holds; 1: it does not, each fault is named; 2: it cannot be read, or not compared as asked.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

FORMAT, VERSION = "zhishou-evidence", 1
MAX_FILE_BYTES, MAX_LINES, MAX_LINE_BYTES, MAX_MANIFEST_BYTES = 2**30, 1_000_000, 2**23, 67_000_200
MAX_RECORDS, MAX_ACTS, MAX_FAULTS, LAST_MS = 1000, 10_000, 50, 253_402_300_799_999
SEALING = ("run.closed", "verification.submitted", "verification.signed")  # their ``new`` names the frozen record
CONTENT = ("at_ms", "actor_kind", "actor", "address", "act", "subject", "old", "new")
HASHES, HEX = ("record", "hash", "previous_hash", "content_hash"), re.compile(r"[0-9a-f]{64}")
LINK: dict[str, type] = {"sequence": int, "previous_hash": str, "content_hash": str, "hash": str}
SHAPES: dict[str, dict[str, type]] = {
    "header": {"format": str, "version": int, "subject": str, "exported_at": str, "head": dict},
    "record": {"record": str, "at_ms": int, "content": dict},
    "entry": {**LINK, **dict.fromkeys(CONTENT, str), "at_ms": int},
    "link": LINK,
    "manifest": {"lines": int, "manifest": list, "sha256": str},
}
STARTS = {"exported_at": "header", "at_ms": "record", "act": "entry", "content_hash": "link", "lines": "manifest"}
ZH = {"header": "文件头", "record": "冻结记录", "entry": "审计条目", "link": "他项条目", "manifest": "清单"}
SAYS = {
    "end": ("行尾缺少换行符:文件被截断", "has no newline at its end: the file was cut off"),
    "json": ("不是规范 JSON:{0}", "is not canonical JSON: {0}"),
    "spelling": ("自第 {0} 字节起不是规范写法", "is not spelled canonically, from byte {0} on"),
    "place": ("不是本格式的行,或位置不对", "is no line of this format, or out of its place"),
    "shape": ("字段缺失、多余或类型不符", "is missing, not foreseen or of another kind"),
    "content": ("SHA-256 与内容不符", "the content does not give this SHA-256"),
    "sequence": ("此处应为条目 {0},实为 {1}", "entry {0} belongs here, not {1}"),
    "previous": ("不是前一条目的哈希:链断开", "is not the hash of the entry before: the chain is broken"),
    "subject": ("不属于本文件的主体 {0}", "is not the subject of this file, {0}"),
    "sealed": ("封存条目的 record_sha256 与冻结记录不对应", "no record and sealing entry name each other"),
    "witness": ("与外部留存的链头 {0} 不同:链被重写", "is not head {0} as kept outside: the chain was written anew"),
    "whole": ("与其余各行不符", "does not fit the other lines"),
    "named": ("第 {0} 行的 SHA-256 被改,该行本身未变", "its SHA-256 of line {0} was changed, the line itself was not"),
    "changed": ("被改动:与清单中的 SHA-256 不符", "was changed: it does not give the SHA-256 in the manifest"),
    "counted": ("此行起有 {0} 行,清单此处为 {1} 行", "from here {0} line(s) stand where the manifest names {1}"),
    "missing": ("缺失", "is missing"),
}


def canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(content: dict[str, Any], names: Sequence[str]) -> str:
    return hashlib.sha256(canonical({name: content[name] for name in names})).hexdigest()


def unfit(value: dict[str, Any], shape: dict[str, type]) -> list[str]:
    """The fields that are missing, not foreseen, of another kind, no hash, no time or no number of an entry."""
    kinds = {name: type(found) for name, found in value.items()}
    wrong = {name for name in shape | kinds if kinds.get(name) is not shape.get(name)}
    wrong |= {name for name in HASHES if kinds.get(name) is str and not HEX.fullmatch(value[name])}
    return sorted(wrong | {n for n in ("at_ms", "sequence") if kinds.get(n) is int and not 0 <= value[n] <= LAST_MS})


def alike(one: Sequence[Any], two: Sequence[Any]) -> int:
    """How many bytes, or lines, both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Each line with its end, never more than one in memory. Raises OSError beyond the limits."""
    size = number = 0
    while line := file.readline(MAX_MANIFEST_BYTES + 1):
        size, number = size + len(line), number + 1
        # Only a manifest is that long, and hashes leave few commas to it: anything else would grow in memory.
        fits = len(line) <= MAX_LINE_BYTES or (line.startswith(b'{"lines":') and 64 * line.count(b",") <= len(line))
        if not fits or len(line) > MAX_MANIFEST_BYTES or size > MAX_FILE_BYTES or number > MAX_LINES:
            raise OSError(f"line {number} is too long ({len(line)} bytes), or the file is ({size} bytes)")
        yield line


class Check:
    """Takes the lines in order, then ``close``. What does not fit is counted, and the first of it kept."""

    def __init__(self, witnesses: Sequence[tuple[int, str]] = ()) -> None:
        self.witnesses, self.compared = witnesses, set[int]()
        self.faults: list[dict[str, Any]] = []
        self.count = self.line = self.entries = self.links = self.first = self.ended = 0
        self.whole, self.digests, self.sections = hashlib.sha256(), list[str](), list[str]()
        self.header: dict[str, Any] = {}
        self.records: dict[str, tuple[int, int]] = {}  # sha256: line and time
        self.sealed: dict[str, int] = {}  # sha256: time of the first entry that names it
        self.acts: list[dict[str, Any]] = []
        self.before: tuple[int, str] | None = None  # sequence and hash of the last entry, None after a broken one

    def fault(self, section: str, field: str, says: str, *about: object, line: int = 0) -> None:
        self.count += 1
        if len(self.faults) < MAX_FAULTS:
            zh, en = (text.format(*about) for text in SAYS[says])
            self.faults.append({"line": line or self.line, "section": section, "field": field, "zh": zh, "en": en})

    def take(self, raw: bytes) -> None:
        self.line += 1
        section, value = self.read(raw)
        places = {"header": self.line == 1, "record": self.line > 1 and not self.entries, "unknown": False}
        wrong = unfit(value, SHAPES[section]) if value and section in SHAPES else []
        takers: dict[str, Callable[[dict[str, Any]], None]]
        takers = {"header": self.header.update, "record": self.take_record, "manifest": self.take_manifest}
        if misplaced := self.ended or not places.get(section, self.line > 1):
            self.fault(section, "", "place")
        for name in wrong:
            self.fault(section, name, "shape")
        if value is None or wrong or misplaced:
            self.entries, self.before = self.entries + (section in {"entry", "link"}), None
        else:
            takers.get(section, self.take_entry)(value)
        if len(self.records) > MAX_RECORDS or len(self.acts) > MAX_ACTS:
            raise OSError(f"line {self.line}: more than {MAX_RECORDS} records or {MAX_ACTS} acts on one subject")
        self.ended = self.ended or section == "manifest"
        self.sections.append(section)
        self.digests.append(hashlib.sha256(raw).hexdigest())
        self.whole.update(raw)

    def read(self, raw: bytes) -> tuple[str, dict[str, Any] | None]:
        """What the line is (in canonical form its first key says so) and holds; None when it cannot be parsed."""
        key = re.match(rb'\{"([a-z_]{1,20})":', raw)
        section = STARTS.get(key[1].decode() if key else "", "header" if self.line == 1 else "unknown")
        if not raw.endswith(b"\n"):
            self.fault(section, "", "end")
        text = raw.removesuffix(b"\n")
        try:
            value = json.loads(text.decode())
            wanted = canonical(value)
        except (ValueError, RecursionError) as error:  # also: not UTF-8, BOM, NaN, a number or a nesting without end
            self.fault(section, "", "json", error)
            return section, None
        if wanted != text:
            self.fault(section, "", "spelling", alike(text, wanted) + 1)
            section = STARTS.get(min(value, default=""), section) if isinstance(value, dict) else section
        return section, value if isinstance(value, dict) else None

    def take_record(self, value: dict[str, Any]) -> None:
        if digest(value["content"], value["content"]) != value["record"]:
            self.fault("record", "content", "content")
        self.records[value["record"]] = (self.line, value["at_ms"])

    def take_entry(self, value: dict[str, Any]) -> None:
        section, sequence, before = "entry" if "act" in value else "link", value["sequence"], self.before
        if not self.entries:
            self.first, before = sequence, (sequence - 1, "0" * 64 if sequence == 1 else value["previous_hash"])
        if before and sequence != before[0] + 1:
            self.fault(section, "sequence", "sequence", before[0] + 1, sequence)
        elif before and value["previous_hash"] != before[1]:
            self.fault(section, "previous_hash", "previous")
        if digest(value, ("sequence", "previous_hash", "content_hash")) != value["hash"]:
            self.fault(section, "hash", "content")
        self.entries, self.before = self.entries + 1, (sequence, value["hash"])
        self.compare(section, self.before)
        self.links += section == "link"
        if section == "entry":
            self.take_act(value, self.header.get("subject", value["subject"]))

    def take_act(self, value: dict[str, Any], subject: str) -> None:
        if digest(value, CONTENT) != value["content_hash"]:
            self.fault("entry", "content_hash", "content")
        if value["subject"] != subject and not value["subject"].startswith(f"{subject}/"):
            self.fault("entry", "subject", "subject", subject)
        self.acts.append({name: value[name] for name in ("sequence", "at_ms", "actor_kind", "actor", "act")})
        if value["act"] in SEALING:
            try:
                [sealed] = {json.loads(value["new"])["record_sha256"]} & self.records.keys()
                self.sealed.setdefault(sealed, value["at_ms"])
            except (ValueError, KeyError, TypeError, RecursionError):
                self.fault("entry", "new", "sealed")

    def compare(self, section: str, head: tuple[int, str]) -> None:
        for kept in (kept for number, kept in self.witnesses if number == head[0]):
            self.compared.add(head[0])
            if kept != head[1]:
                self.fault(section, "hash", "witness", head[0])

    def take_manifest(self, value: dict[str, Any]) -> None:
        """The lines before it leave one manifest possible; where this is another, find what is to blame."""
        named, stands = value["manifest"], value["sha256"] == self.whole.hexdigest()
        if named == self.digests and not stands:
            self.fault("manifest", "sha256", "whole")
        elif named != self.digests and not stands:
            self.blame(named, self.digests)
        elif named != self.digests:
            self.fault("manifest", "manifest", "named", alike(named, self.digests) + 1)
        if value["lines"] != len(named):
            self.fault("manifest", "lines", "whole")

    def blame(self, named: list[Any], found: list[str]) -> None:
        """What lies between that with which both begin and end was changed, swapped, added or taken out."""
        start = alike(named, found)
        end = alike(named[start:][::-1], found[start:][::-1])
        gone, come = named[start : len(named) - end], found[start : len(found) - end]
        changed = [start + at for at, (was, now) in enumerate(zip(gone, come, strict=False)) if was != now]
        if len(gone) != len(come):
            self.fault([*self.sections, "manifest"][start], "", "counted", len(come), len(gone), line=start + 1)
        for at in changed if len(gone) == len(come) else ():
            self.fault(self.sections[at], "", "changed", line=at + 1)

    def close(self) -> None:
        """What only the whole file can show."""
        for section, there in (("record", self.records), ("entry", self.acts), ("manifest", self.ended)):
            if not there:
                self.fault(section, "", "missing", line=self.line + 1)
        head = {"sequence": self.before[0], "hash": self.before[1]} if self.before else None
        if (self.header.get("format"), self.header.get("version")) != (FORMAT, VERSION):
            self.fault("header", "format", "place", line=1)
        elif head and canonical(self.header["head"]) != canonical(head):
            self.fault("header", "head", "whole", line=1)
        for sha256, (line, at_ms) in self.records.items():
            if self.sealed.get(sha256) != at_ms:
                field, says = ("at_ms", "whole") if sha256 in self.sealed else ("record", "sealed")
                self.fault("record", field, says, line=line)

    def result(self) -> dict[str, Any]:
        found = {"holds": not self.count, "subject": self.header.get("subject"), "lines": self.line, "acts": self.acts}
        chain = {"first": self.first, "head": self.before, "unopened": self.links, "witnessed": sorted(self.compared)}
        return {**found, "records": list(self.records), **chain, "faults": self.faults, "fault_count": self.count}


def sentences(check: Check) -> Iterator[tuple[str, str]]:
    """What was found, and what it does not prove, in Chinese and English."""
    for at in check.faults:
        zh = f"第 {at['line']} 行 {ZH.get(at['section'], '未知')} {at['field']}:{at['zh']}"
        yield zh, f"line {at['line']}, {at['section']} {at['field']}: {at['en']}"
    for number in {number for number, _ in check.witnesses} - check.compared:
        yield f"链头 {number} 不在本文件的范围内,未能比对", f"head {number} lies outside this file: it was not compared"
    if check.count or not check.before:
        yield f"不成立:{check.count} 处不符", f"DOES NOT HOLD: {check.count} fault(s)"
        return
    subject, (last, own), kept = check.header["subject"], check.before, max(check.compared, default=check.first - 1)
    for sha256 in check.records:
        yield f"冻结记录 {sha256}", f"frozen record {sha256}"
    for act in check.acts:
        when = datetime.fromtimestamp(act["at_ms"] / 1000, UTC).isoformat(" ", "milliseconds")
        yield (f"{act['sequence']} {when} {act['actor_kind']}/{act['actor']} {act['act']}",) * 2
    yield f"审计链 {check.first}–{last},链头 {last}:{own}", f"audit chain {check.first}–{last}, head {last}:{own}"
    yield f"成立:{subject},以上各项彼此相符", f"HOLDS: {subject}: all of the above fits together"
    alone = f"what {check.links} entries shown by hash alone say"
    yield f"未证明:{check.links} 个只有哈希的条目的内容、导出时间", f"not proven: {alone}; when this was exported"
    if kept < last:
        zh = f"未证明:条目 {kept + 1}–{last} 未与任何外部留存的链头比对 (--witness);能重写整条链的人可以伪造"
        en = f"not proven: entries {kept + 1}–{last} were compared with no head kept outside (--witness)"
        yield zh, f"{en}; whoever can write the whole chain anew can forge them"
    if check.compared:
        yield f"截至条目 {kept},与外部留存的链头相符", f"up to entry {kept} it is the chain whose head was kept outside"


def head(text: str) -> tuple[int, str]:
    [(sequence, kept)] = re.findall(r"\A([0-9]{1,15}):([0-9a-f]{64})\Z", text)
    return int(sequence), kept


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--witness", type=head, action="append", default=[], metavar="N:HASH", help="kept outside")
    parser.add_argument("--language", choices=("zh", "en"), help="default: both")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    check = Check(args.witness)
    try:
        with args.file.open("rb") as file:
            for line in lines_of(file):
                check.take(line)
    except OSError as error:
        sys.stderr.write(f"{args.file}: 无法读取 cannot be read: {error}\n")
        return 2
    check.close()
    columns = {"zh": (0,), "en": (1,)}.get(args.language, (0, 1))
    said = [json.dumps(check.result())] if args.json else [pair[n] for n in columns for pair in sentences(check)]
    for text in said:  # nothing a file holds may move the cursor or turn the writing round
        plain = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
        sys.stdout.buffer.write(f"{plain}\n".encode(sys.stdout.encoding, "backslashreplace"))
    return 1 if check.count else 2 if args.witness and not check.compared else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(description="证据文件离线核验 Checks an evidence file of Zhishou by itself.")
    add_arguments(words)
    raise SystemExit(run(words.parse_args()))
