"""An agent tells its token to nobody but the centre whose authority the token names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readings.delivery.credential import kept
from readings.delivery.https import Untrusted, client
from readings.delivery.trust import authority_for, pinned, token_of
from server.tls.certificates import Certificates
from zhishou import main

# Those of conftest, which a test folder without packages cannot import.
Answering = Any
MakeCertificates = Callable[[str], Certificates]
SECRET = "zse_secret"


def enrol(url: str, token: str, state: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setenv("ZHISHOU_ENROLMENT_TOKEN", token)
    return main(["agent", "enrol", "--server", url, "--state", str(state), *more])


def said(somebody: Any) -> bytes:
    return b"".join(somebody.heard)


def test_the_first_contact_is_with_the_centre_and_its_authority_is_pinned(
    certificates: MakeCertificates, answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificates("centre")
    centre = answering(own)

    assert enrol(centre.url, f"{SECRET}.{own.fingerprint()}", tmp_path / "state", monkeypatch) == 0

    credential = kept(tmp_path / "state")
    assert credential is not None
    assert credential.credential == "zsa_granted"
    assert (tmp_path / "state" / "ca.crt").read_bytes() == own.authority_text()
    assert centre.asked == ["GET /api/v1/ca", "POST /api/v1/enrol"]
    assert f'"{SECRET}"'.encode() in said(centre), "the secret alone, without the fingerprint"


@pytest.mark.parametrize("offers", ["its own authority", "the centre's authority", "nonsense", "both authorities"])
def test_somebody_in_between_hears_nothing_of_the_token(
    offers: str,
    certificates: MakeCertificates,
    answering: Answering,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    true, false = certificates("centre"), certificates("between")
    offered = {
        "its own authority": false.authority_text(),
        "the centre's authority": true.authority_text(),  # passed on: but what it shows is not signed by it
        "nonsense": b"<html>a portal</html>",
        "both authorities": false.authority_text() + true.authority_text(),
    }[offers]
    between = answering(false, offered)

    assert enrol(between.url, f"{SECRET}.{true.fingerprint()}", tmp_path / "state", monkeypatch) == 1

    assert between.asked == ["GET /api/v1/ca"]
    assert SECRET.encode() not in said(between)
    assert kept(tmp_path / "state") is None
    assert capsys.readouterr().err.startswith("zhishou agent: ")


def test_a_wrong_fingerprint_is_said_with_both(
    certificates: MakeCertificates, answering: Answering, tmp_path: Path
) -> None:
    true, false = certificates("centre"), certificates("between")
    between = answering(false)

    with pytest.raises(
        Untrusted, match=f"{false.fingerprint()}, the token says {true.fingerprint()}.*nothing was sent"
    ):
        authority_for(between.url, token_of(f"{SECRET}.{true.fingerprint()}"), None)


def test_what_was_pinned_is_trusted_and_nobody_else(
    certificates: MakeCertificates, answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificates("centre")
    centre, other = answering(own), answering(certificates("other"))
    enrol(centre.url, f"{SECRET}.{own.fingerprint()}", tmp_path / "state", monkeypatch)

    pin = pinned(tmp_path / "state", None)

    with client(centre.url, pin) as http:
        assert http.post("/anything", content=b"x").status_code == 201
    with client(other.url, pin) as http, pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        http.post("/anything", content=b"x")
    assert other.asked == []


def test_the_public_authorities_are_never_asked(certificates: MakeCertificates) -> None:
    with pytest.raises(Untrusted, match="no certificate authority is pinned"):
        client("https://centre.example:8650", None)
    with client("https://centre.example:8650", certificates("centre").authority) as http:
        assert http.trust_env is False


def test_a_certificate_for_another_name_is_refused(
    certificates: MakeCertificates, answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificates("centre")
    elsewhere = answering(own, host="127.0.0.2")

    assert enrol(elsewhere.url, f"{SECRET}.{own.fingerprint()}", tmp_path / "state", monkeypatch) == 1

    assert elsewhere.asked == ["GET /api/v1/ca"]
    assert SECRET.encode() not in said(elsewhere)


@pytest.mark.parametrize(
    ("token", "because"),
    [
        pytest.param(SECRET, "carries no fingerprint", id="no fingerprint"),
        pytest.param(f"{SECRET}.abc", "copy the whole token", id="cut off"),
        pytest.param(f"{SECRET}.{'g' * 64}", "copy the whole token", id="not hex"),
    ],
)
def test_a_token_that_does_not_say_whom_to_trust_is_refused(
    token: str,
    because: str,
    certificates: MakeCertificates,
    answering: Answering,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    centre = answering(certificates("centre"))

    assert enrol(centre.url, token, tmp_path / "state", monkeypatch) == 1

    assert because in capsys.readouterr().err
    assert centre.asked == []


def test_an_authority_that_is_named_is_trusted_without_a_fingerprint(
    certificates: MakeCertificates, answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificates("centre")
    centre = answering(own)

    assert enrol(centre.url, SECRET, tmp_path / "state", monkeypatch, "--ca", str(own.authority)) == 0

    assert centre.asked == ["POST /api/v1/enrol"]
    assert (tmp_path / "state" / "ca.crt").read_bytes() == own.authority_text()


def test_a_named_authority_that_is_not_the_tokens_is_refused(
    certificates: MakeCertificates,
    answering: Answering,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own, other = certificates("centre"), certificates("other")
    centre = answering(own)
    token = f"{SECRET}.{own.fingerprint()}"

    assert enrol(centre.url, token, tmp_path / "state", monkeypatch, "--ca", str(other.authority)) == 1

    assert "the token says" in capsys.readouterr().err
    assert centre.asked == []


def test_a_token_for_https_is_not_told_over_plain_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enrol("http://127.0.0.1:1", f"{SECRET}.{'a' * 64}", tmp_path, monkeypatch) == 1
    assert "give its https address" in capsys.readouterr().err
