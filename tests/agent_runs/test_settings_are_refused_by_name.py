"""One file, the environment, the command line; what cannot stand is named with its place and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.settings import Settings, SettingsError, load_settings
from readings.delivery.address import check_server


def written(folder: Path, text: str) -> Path:
    file = folder / "agent.toml"
    file.write_text(text)
    return file


def test_the_command_line_beats_the_environment_beats_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'server = "https://a.example"\ninterval_s = 30\nstate = "/srv/state"\n')
    environment = {"ZHISHOU_AGENT_SERVER": "https://b.example", "ZHISHOU_AGENT_INTERVAL_S": "20", "PATH": "/bin"}
    said = load_settings(file, environment, interval_s=5.0, state=None)
    assert said == Settings(server="https://b.example", interval_s=5.0, state=Path("/srv/state"))


@pytest.mark.parametrize(
    ("text", "because"),
    [
        pytest.param("interval = 15", "interval: no such setting", id="unknown"),
        pytest.param('interval_s = "soon"', "interval_s: 'soon' is not a number", id="no number"),
        pytest.param("interval_s = 0", "interval_s: 0 is not between 1 and 3600", id="too small"),
        pytest.param("interval_s = true", "interval_s: True is not a number", id="a truth"),
        pytest.param("server = 5", "server: 5 is not a text", id="no text"),
        pytest.param('state = ""', "state: '' is not a path", id="no path"),
        pytest.param('server = "http://10.0.0.1:8650"', "server: .*plain HTTP", id="plain HTTP beyond this host"),
        pytest.param('server = "ftp://x"', "server: .*is not an address", id="no address"),
        pytest.param("= 5", "not TOML", id="no TOML"),
    ],
)
def test_a_wrong_setting_is_named(text: str, because: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError, match=because):
        load_settings(file, {})


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "none.toml", {})


def test_a_wrong_word_of_the_environment_is_named() -> None:
    with pytest.raises(SettingsError, match="environment: interval_s"):
        load_settings(None, {"ZHISHOU_AGENT_INTERVAL_S": "never"})


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:8650/", "http://localhost", "https://any.example"])
def test_addresses_that_stand(url: str) -> None:
    assert check_server(url) == url.rstrip("/")
