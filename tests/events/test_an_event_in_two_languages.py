"""What was told in both languages at once is read in one of them; what was told once stays as it was."""

from __future__ import annotations

import pytest

from server.happenings.tongues import tongues


@pytest.mark.parametrize(
    ("told", "zh", "en"),
    [
        pytest.param("端口断开 / the port went down", "端口断开", "the port went down", id="each half its own"),
        pytest.param(
            "槽 1 / 2 故障 / slot 1 / 2 failed", "槽 1 / 2 故障", "slot 1 / 2 failed", id="the device's own slashes"
        ),
        pytest.param("1.3.6.1.4 a=b / c=d", "1.3.6.1.4 a=b / c=d", "1.3.6.1.4 a=b / c=d", id="no Chinese in it"),
        pytest.param("端口 1 / 2 / 3", "端口 1 / 2 / 3", "端口 1 / 2 / 3", id="no middle"),
        pytest.param("端口断开", "端口断开", "端口断开", id="one language"),
        pytest.param("", "", "", id="nothing"),
    ],
)
def test_each_reads_their_half(told: str, zh: str, en: str) -> None:
    assert tongues(told) == (zh, en)
