"""Whatever is written as a start or an end is answered, or refused as no time."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("moment", ["-1e30", "1e30", "1e18", "inf", "nan", "0001-01-01T00:00:00+23:00"])
@pytest.mark.parametrize("end", ["start", "end"])
def test_a_moment_nobody_can_mean_is_refused(client: Any, token: Any, centre: Any, end: str, moment: str) -> None:
    client.bear(token("write")).post("/api/v1/devices", json={"device_no": "A-1"})
    answer = client.get("/api/v1/devices/A-1/events", params={end: moment})
    assert (answer.status_code, answer.json()["title"]) == (422, "Not a time")
