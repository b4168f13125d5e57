"""Headers on every answer, errors too."""

from __future__ import annotations

import pytest

from tests.fixtures_centre import Client


@pytest.mark.parametrize("path", ["/healthz", "/sign-in", "/api/v1/devices", "/nothing"])
def test_nothing_from_elsewhere_in_no_ones_frame(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers
