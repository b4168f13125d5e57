"""A network is looked through with care: what answers is proposed, what does not costs one request."""

from __future__ import annotations

import json

import pytest

import zhishou
from collector.scanning import addresses_of
from tests.polling.conftest import Responder, free_port


def test_what_answers_is_proposed(responder: Responder, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["collector", "scan", "127.0.0.1/32", "--port", str(responder.port), "--community", "geist", "--json"]
    assert zhishou.main(words) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == [
        {
            "device_no": "pwr-dc01-temp-rack1-01",
            "address": f"127.0.0.1:{responder.port}",
            "type": "geist_environment",
            "kind": "environment",
            "vendor": "Geist",
            "model": "WATCHDOG 15-P NPS (GBB15-P)",
            "name": "pwr-dc01-temp-rack1-01",
            "serial": "TB19020610",
        }
    ]
    assert said.err == "1 of 1 addresses answered\n"


def test_what_does_not_answer_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["collector", "scan", "127.0.0.0/30", "--port", str(free_port()), "--rate", "100", "--timeout", "0.2"]
    assert zhishou.main(words) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "0 of 2 addresses answered\n")


@pytest.mark.parametrize("network", ["10.0.0.0/8", "10.0.0.0/21", "ten", "10.0.0.1/8"])
def test_a_network_too_large_or_none_is_refused(network: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError):
        addresses_of(network)
    assert zhishou.main(["collector", "scan", network]) == 2
    assert network in capsys.readouterr().err


def test_no_flood_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert zhishou.main(["collector", "scan", "127.0.0.1/32", "--rate", "5000"]) == 2
    assert "5000 addresses in a second" in capsys.readouterr().err
