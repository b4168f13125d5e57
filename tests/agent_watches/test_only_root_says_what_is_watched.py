"""allowed.d: root's files alone count, a wrong one is refused with file and field, and what ran before goes on."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.watched.stated import stated
from agent.watched.words import WrongFile
from agent.watched.yaml_text import plain_yaml
from readings.model import Gap
from readings.pattern import bounded_pattern

Host = Any  # the one of conftest, which a test folder without packages cannot import
NOBODY = 65534
SHELL = "processes: {shell: {program: no-such-program}}"


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_host_that_names_nothing_offers_nothing(host: Host) -> None:
    assert host.look() == {}
    assert {gap for gap, _ in host.gaps.values()} == {Gap.NOT_OFFERED}
    assert set(host.gaps) == {
        *("watched", "watched_processes", "watched_ports", "watched_files", "watched_certificates", "watched_commands")
    }


def test_what_root_names_is_watched(host: Host, port: int) -> None:
    host.write(f"ports: {{front: {{port: {port}}}}}")
    said = host.look()
    assert said["watched_configuration", "trading.yaml"] == 1
    assert said["watched_port_open", "front"] == 1
    assert said["watched_load_window_allowed", ""] == 0


def spoil_owner(host: Host) -> None:
    os.chown(host.folder / "trading.yaml", NOBODY, NOBODY)


def spoil_mode(host: Host) -> None:
    (host.folder / "trading.yaml").chmod(0o664)


def spoil_kind(host: Host) -> None:
    (host.folder / "trading.yaml").unlink()
    os.mkfifo(host.folder / "trading.yaml")


def spoil_link(host: Host) -> None:
    (host.folder / "trading.yaml").rename(host.etc / "elsewhere.yaml")
    (host.folder / "trading.yaml").symlink_to(host.etc / "elsewhere.yaml")


def spoil_length(host: Host) -> None:
    host.write("#" * 70_000)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(spoil_owner, "belongs to user 65534", id="another owner", marks=pytest.mark.peer("root")),
        pytest.param(spoil_mode, "can be written by others (mode 664)", id="others may write"),
        pytest.param(spoil_kind, "no plain file", id="a pipe"),
        pytest.param(spoil_link, "no plain file", id="a link"),
        pytest.param(spoil_length, "at most 65536", id="too long"),
    ],
)
def test_a_file_that_others_could_have_made_is_refused(host: Host, port: int, spoil: Any, why: str) -> None:
    host.write(f"ports: {{front: {{port: {port}}}}}")
    spoil(host)
    said = host.look()
    assert said == {("watched_configuration", "trading.yaml"): Gap.REFUSED, ("watched_load_window_allowed", ""): 0}
    (text,) = host.told("watched_refused")
    assert why in text
    assert text.startswith("trading.yaml: ")


@pytest.mark.parametrize("level", ["zhishou", "allowed.d"])
def test_a_folder_that_others_may_write_counts_for_nothing(host: Host, level: str) -> None:
    host.write(SHELL)
    (host.folder if level == "allowed.d" else host.folder.parent).chmod(0o777)
    assert host.look() == {}
    gap, why = host.gaps["watched"]
    assert gap is Gap.REFUSED
    assert level in why
    assert host.gaps["watched_processes"][0] is Gap.NOT_OFFERED


def test_a_folder_that_is_a_link_counts_for_nothing(host: Host) -> None:
    host.write(SHELL)
    host.folder.rename(host.etc / "real")
    host.folder.symlink_to(host.etc / "real")
    assert host.look() == {}
    assert "is a link" in host.gaps["watched"][1]


def test_a_wrong_file_is_left_out_alone_and_its_things_are_gaps(host: Host, port: int) -> None:
    host.write(f"ports: {{front: {{port: {port}}}}}", "good.yaml")
    host.write("ports: {bank: {port: 99999}}\ncommands: {queue: {argv: [/bin/true], user: root}}", "wrong.yaml")
    said = host.look()
    assert said["watched_configuration", "good.yaml"] == 1
    assert said["watched_configuration", "wrong.yaml"] == 0
    assert said["watched_port_open", "front"] == 1
    assert said["watched_port_open", "bank"] is Gap.UNREADABLE
    assert said["watched_command_exit_code", "queue"] is Gap.UNREADABLE
    (text,) = host.told("watched_refused")
    assert text.startswith("wrong.yaml: ports.bank.port: '99999' is not a whole number from 1 to 65535")


def test_a_file_that_turns_wrong_leaves_what_it_said_before(host: Host, port: int) -> None:
    host.write(f"ports: {{front: {{port: {port}}}}}")
    host.look()
    host.write("ports: {front: {port: many}}")
    said = host.look(4)
    assert said["watched_configuration", "trading.yaml"] == 2
    assert said["watched_port_open", "front"] == 1
    assert ["earlier version goes on" in text for text in host.told("watched_refused")] == [True]
    assert host.look(4)["watched_port_open", "front"] == 1
    assert host.told("watched_refused") == []  # said once


def test_a_corrected_file_comes_into_force_and_a_removed_one_goes(host: Host, port: int) -> None:
    file = host.write("ports: {front: {port: many}}")
    host.look()
    host.write(f"ports: {{front: {{port: {port}}}}}\nload_window: true")
    said = host.look(4)
    assert said["watched_configuration", "trading.yaml"] == 1
    assert said["watched_port_open", "front"] == 1
    assert said["watched_load_window_allowed", ""] == 1
    file.unlink()
    assert host.look(4) == {}
    assert host.gaps["watched_ports"][0] is Gap.NOT_OFFERED


def test_a_name_used_twice_belongs_to_the_first_file_until_it_gives_it_up(host: Host, port: int) -> None:
    first = host.write(f"ports: {{front: {{port: {port}}}}}", "a.yaml")
    host.write("ports: {front: {port: 1}}", "b.yaml")
    said = host.look()
    assert said["watched_configuration", "b.yaml"] == 0
    assert host.told("watched_refused") == ["b.yaml: ports.front: a.yaml names it already; nothing of it is watched"]
    first.unlink()
    said = host.look(4)
    assert said["watched_configuration", "b.yaml"] == 1
    assert said["watched_port_open", "front"] == 0


def test_more_files_than_are_read_are_refused_aloud(host: Host) -> None:
    for number in range(33):
        host.write("{}", f"{number:02}.yaml")
    host.look()
    assert host.gaps["watched"] == (Gap.REFUSED, "33 files; at most 32 are read")


WRONG = [
    pytest.param("ports: [1]", "ports: not a list of", id="a list of ports"),
    pytest.param("port: {a: {port: 1}}", "port: no such field (known: certificates, commands", id="unknown section"),
    pytest.param("ports: {a: {port: 1, open: yes}}", "ports.a.open: no such field", id="unknown field"),
    pytest.param("ports: {a: {port: '80'}}", "ports.a.port: '80' is not a whole number", id="text for a number"),
    pytest.param("ports: {a: {port: 80, host: db.example}}", "ports.a.host: 'db.example' is not an IP", id="a name"),
    pytest.param("ports: {a: {port: 80, time_limit: 1 h}}", "ports.a.time_limit: '1 h' is not between", id="patient"),
    pytest.param("ports: {a: {port: 80, time_limit: 5}}", "ports.a.time_limit: '5' is not a duration", id="no unit"),
    pytest.param("ports: {a/b: {port: 80}}", "ports: 'a/b' is no name", id="a name with a slash"),
    pytest.param("ports: {a: {port: 80}, a: {port: 81}}", "a: is told twice", id="told twice"),
    pytest.param("processes: {a: {user: root}}", "processes.a.program: neither program nor cmdline", id="anything"),
    pytest.param(
        "processes: {a: {cmdline: '(a+)+'}}", "processes.a.cmdline: '(a+)+': a group is repeated", id="endless"
    ),
    pytest.param("files: {a: {path: /etc/shadow}}", "is under none of file_roots (none are named)", id="no root"),
    pytest.param(
        "file_roots: [/data]\nfiles: {a: {path: /data/../etc/shadow}}", "without '.', '..' and '//'", id="dots"
    ),
    pytest.param("file_roots: [/]\n", "file_roots: '/' is every file", id="every file"),
    pytest.param("file_roots: [/data]\nfiles: {a: {path: /database/x}}", "is under none of", id="not that folder"),
    pytest.param("file_roots: [/data]\nfiles: {a: {path: '/data/*/x'}}", "in its last word only", id="any folder"),
    pytest.param(
        "file_roots: [/d]\nfiles: {a: {path: '/d/*.log', patterns: {p: {text: x}}}}",
        "files.a.patterns: new lines are followed in one file",
        id="lines of several",
    ),
    pytest.param(
        "file_roots: [/d]\nfiles: {a: {path: /d/x, patterns: {p: {text: x, regex: y}}}}",
        "files.a.patterns.p.text: say either",
        id="text and regex",
    ),
    pytest.param("certificates: {a: {file: /x.pem}}", "certificates.a.file: '/x.pem' is under none", id="any file"),
    pytest.param(
        "commands: {a: {argv: /bin/true, user: root}}", "commands.a.argv: '/bin/true' is not a list", id="text"
    ),
    pytest.param(
        "commands: {a: {argv: [true], user: root}}", "commands.a.argv[0]: 'True' is not a text", id="yaml true"
    ),
    pytest.param("commands: {a: {argv: [ls], user: root}}", "begins with the full path", id="searched on PATH"),
    pytest.param("commands: {a: {argv: [/bin/ls]}}", "commands.a.user: is missing", id="as nobody in particular"),
    pytest.param(
        "commands: {a: {argv: [/bin/ls], user: root, every: 5 s, time_limit: 6 s}}", "is longer than", id="overlap"
    ),
    pytest.param("load_window: sometimes", "load_window: 'sometimes' is neither", id="sometimes"),
    pytest.param("a: &a [1]\nb: *a", "refers to something said before", id="references"),
    pytest.param("- 1", "the file: '[1]' is not a list of 'field: value'", id="no mapping"),
    pytest.param("a: [", "not YAML", id="cut off"),
    pytest.param("[" * 5000, "not YAML", id="deep"),
    pytest.param("a: !!python/object/apply:os.system ['true']", "not YAML", id="an object"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_is_wrong_is_refused_with_its_field(text: str, why: str) -> None:
    with pytest.raises(WrongFile) as refused:
        stated(plain_yaml(text))
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "(a+)+$",
        "(a|a)*",
        "(ab){9}",
        r"(a)\1",
        "(?=a)",
        "(?i)a",
        ".*a.*b",
        "^a|.*b.*c",
        "a?" * 7,
        "a|" * 9,
        "x" * 201,
        "",
    ],
)
def test_a_pattern_that_may_take_without_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bounded_pattern(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (r"^/opt/.*/gateway --seat \d+", "/opt/trade/bin/gateway --seat 12"),
        (r"(?:初始化|启动)成功", "08:01 初始化成功"),
        (r"java .*SettlementMain", "java -Xmx4g -cp a.jar com.x.SettlementMain"),
        (r"[*+{]a\+", "+a+"),
    ],
)
def test_patterns_people_need_are_taken(text: str, line: str) -> None:
    assert bounded_pattern(text).search(line)


def test_the_example_that_is_shipped_can_be_used() -> None:
    example = Path(__file__).parents[2] / "deploy" / "agent" / "allowed.d" / "example.yaml"
    named = stated(plain_yaml(example.read_text(encoding="utf-8")))
    assert [*named.processes, *named.ports, *named.files, *named.certificates, *named.commands] == []
    spoken = "\n".join(
        line.replace("#: ", "", 1) for line in example.read_text(encoding="utf-8").splitlines() if "#: " in line
    )
    named = stated(plain_yaml(spoken))
    for section in (named.processes, named.ports, named.files, named.certificates, named.commands):
        assert section
