"""The API described: what FastAPI knows, the one route it does not know of, the answers, and problems as errors."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from server.inbox.endpoint import PATH as BATCHES
from server.web.answers import ANSWERS, REFERENCE, ProblemAnswer, schemas
from server.web.problems import CONTENT_TYPE

TEXTS = ("/metrics", "/metrics/readings")
BATCHES_OPERATION: dict[str, Any] = {
    "tags": ["agents"],
    "summary": "Take a batch",
    "description": "An envelope of msgpack (readings/wire.py), sent with an agent's own credential. 200: on disk.",
    "operationId": "take_batch",
    "requestBody": {"required": True, "content": {"application/vnd.zhishou.batch": {}}},
    "responses": {
        "200": {"description": "The receipt: position, clocks, audit head"},
        "400": {"description": "Damaged"},
        "401": {"description": "No agent has this credential"},
        "403": {"description": "The agent waits for approval"},
        "409": {"description": "The numbers contradict what is held; `position` says what is"},
        "413": {"description": "Too large"},
        "422": {"description": "Malformed, or another version of the wire"},
        "503": {"description": "Cannot be stored now; keep it and come again"},
    },
}


def described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of everything."""
    schema = app.openapi()
    paths: dict[str, Any] = schema["paths"]
    paths.setdefault(BATCHES, {})["post"] = deepcopy(BATCHES_OPERATION)
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    components.update(schemas())
    for unused in ("HTTPValidationError", "ValidationError"):  # the framework's own: we never answer so
        components.pop(unused, None)
    problem = {"description": "Why not", "content": {CONTENT_TYPE: {"schema": _reference(ProblemAnswer)}}}
    for path, operations in paths.items():
        for method, operation in operations.items():
            answers: dict[str, Any] = operation["responses"]
            for status, answer in answers.items():
                if status >= "400":
                    answers[status] = {**problem, "description": answer["description"]}
                elif path in TEXTS:
                    answer["content"] = {"text/plain": {"schema": {"type": "string"}}}
                elif (method, path) in ANSWERS:
                    answer["content"] = {"application/json": {"schema": _reference(ANSWERS[method, path])}}
            answers["default"] = problem
    return schema


def _reference(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=shape.__name__)}
