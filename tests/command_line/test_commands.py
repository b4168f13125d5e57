"""The commands that work on a centre's folder, running or not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from server.logs import without_secrets
from server.people.tokens import find_token
from server.records import Records
from server.secret import make_secret
from server.times import from_ms
from tests.command_line.conftest import Run


def test_the_token_is_the_last_word_and_works(run: Run, tmp_path: Path) -> None:
    made = run("token", "create", "prometheus", "--scope", "read")

    records = Records(tmp_path / "data" / "records.db")
    found = find_token(records, made.stdout.split()[-1], from_ms(0))
    records.close()

    assert made.returncode == 0
    assert found is not None
    assert (found.name, found.scope) == ("prometheus", "read")
    assert "prometheus\tread" in run("token", "list").stdout


def test_a_revoked_token_is_found_no_more(run: Run, tmp_path: Path) -> None:
    token = run("token", "create", "prometheus", "--scope", "read").stdout.split()[-1]

    assert run("token", "revoke", "prometheus").returncode == 0

    records = Records(tmp_path / "data" / "records.db")
    assert find_token(records, token, from_ms(0)) is None
    records.close()
    assert run("token", "revoke", "prometheus").returncode == 1


def test_a_generated_password_is_printed_once_and_a_given_one_never(run: Run) -> None:
    made = run("person", "create", "li", "--post", "sysadmin", "--display", "李")
    given = run("person", "create", "wang", "--post", "room_admin", ZHISHOU_PERSON_PASSWORD="correct horse battery")

    assert made.stdout.count("shown this once") == 1
    assert given.returncode == 0
    assert "correct horse battery" not in given.stdout + given.stderr
    listed = run("person", "list").stdout
    assert "li\twrite\tsysadmin\t李" in listed
    assert "wang\twrite\troom_admin" in listed


def test_a_conflict_of_posts_names_the_clause(run: Run) -> None:
    refused = run("person", "create", "li", "--post", "security_admin", "--post", "dba")

    assert refused.returncode == 1
    assert "1.1-4" in refused.stderr
    assert run("person", "list").stdout == ""


def test_an_enrolment_token_is_the_last_word(run: Run) -> None:
    made = run("enrolment", "create", "--device", "S-001", "--ttl", "30min")

    assert made.stdout.split()[-1].startswith("zse_")
    assert run("enrolment", "create", "--ttl", "soon").returncode == 2
    assert run("enrolment", "create", "--ttl", "30d").returncode == 1


def test_the_audit_chain_is_checked_and_read(run: Run) -> None:
    run("token", "create", "x", "--scope", "read")

    assert run("audit", "verify").stdout.startswith("the chain holds: 1 entries")
    assert "token.created" in run("audit", "list").stdout


def test_help_and_version_load_no_role() -> None:
    code = (
        "import sys, zhishou\n"
        "try: zhishou.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'server', 'agent', 'sqlmodel', 'fastapi', 'psutil'} & sys.modules.keys()"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr
    assert "usage: zhishou" in done.stdout


def test_no_secret_of_ours_gets_into_a_log_line() -> None:
    for prefix in ("zst", "zsa", "zse", "zss"):
        secret = make_secret(prefix)
        assert secret not in without_secrets(f"GET /?token={secret} failed")
