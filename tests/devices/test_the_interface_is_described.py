"""The description of the API is true: what is answered has the described shape, and nothing beside it."""

from __future__ import annotations

from typing import Any

import pytest

from server.web.answers import ANSWERS, ProblemAnswer
from tests.fixtures_centre import Client, MakeToken


@pytest.fixture
def described(client: Client, token: MakeToken) -> dict[str, Any]:
    client.bear(token(scope="write"))
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return found


def test_every_route_has_an_answer_and_every_error_is_a_problem(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            assert "application/problem+json" in answers["default"]["content"], path
            for status, answer in answers.items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
    assert {path for _, path in ANSWERS} <= described["paths"].keys()
    assert "text/plain" in described["paths"]["/metrics"]["get"]["responses"]["200"]["content"]


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]

    def references(said: Any) -> list[str]:
        if isinstance(said, dict):
            own = [said["$ref"]] if "$ref" in said else []
            return own + [each for value in said.values() for each in references(value)]
        return [each for value in said for each in references(value)] if isinstance(said, list) else []

    assert {each.rpartition("/")[2] for each in references(described)} <= schemas.keys()


def test_a_device_and_a_problem_have_the_described_shape(client: Client, described: dict[str, Any]) -> None:
    made = client.post("/api/v1/devices", json={"device_no": "srv-1"})
    ANSWERS["post", "/api/v1/devices"].model_validate(made.json())
    for path in ("", "/latest", "/events", "/findings", "/coverage"):
        answer = client.get(f"/api/v1/devices/srv-1{path}").json()
        ANSWERS["get", f"/api/v1/devices/{{device_no}}{path}"].model_validate(answer)
    ANSWERS["get", "/api/v1/devices"].model_validate(client.get("/api/v1/devices").json())
    ProblemAnswer.model_validate(client.get("/api/v1/devices/none").json())
