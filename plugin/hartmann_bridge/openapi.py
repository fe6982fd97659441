"""The OpenAPI 3.1 description, generated from the operations and the models that serve them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from hartmann_bridge.bodies import ErrorAnswer
from hartmann_bridge.operations import Operation, Parameter

_REFERENCES = "#/components/schemas/{model}"
_INTRODUCTION = (
    "Looks at a picture and writes a score for it: the local process between MuseScore and the Hartmann server. "
    "It listens on this machine alone. Every call but those marked open shows the token from bridge.json in the "
    "user's config folder: `Authorization: Bearer TOKEN`."
)
_ALWAYS_REFUSED = (HTTPStatus.FORBIDDEN,)


def openapi_of(operations: Iterable[Operation], url: str, version: str) -> dict[str, Any]:
    """The whole description."""
    operations = tuple(operations)
    schemas, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _described(operation, schemas)
        paths.setdefault(_plain(operation.path), {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hartmann bridge",
            "version": version,
            "description": _INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(
    operations: Iterable[Operation],
) -> tuple[dict[tuple[type[BaseModel], str], Any], dict[str, Any]]:
    """A reference for each model that is taken or given, and what the references lead to."""
    wanted: list[Any] = [(ErrorAnswer, "serialization")]
    for operation in operations:
        if operation.body is not None:
            wanted.append((operation.body, "validation"))
        if isinstance(operation.answer, type):
            wanted.append((operation.answer, "serialization"))
    found, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REFERENCES)
    references = {(model, str(mode)): schema for (model, mode), schema in found.items()}
    return references, definitions.get("$defs", {})  # type: ignore[return-value]


def _described(operation: Operation, schemas: dict[tuple[type[BaseModel], str], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": _identifier(operation),
        "summary": operation.summary,
        "responses": _responses(operation, schemas),
    }
    if operation.description:
        described["description"] = operation.description
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        schema = schemas[operation.body, "validation"]
        described["requestBody"] = {
            "required": any(field.is_required() for field in operation.body.model_fields.values()),
            "content": {"application/json": {"schema": schema}},
        }
    if operation.is_open:
        described["security"] = []
    return described


def _responses(operation: Operation, schemas: dict[tuple[type[BaseModel], str], Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if isinstance(operation.answer, str):
        answer["content"] = {operation.answer: {}}
    elif operation.answer is not None:
        schema = schemas[operation.answer, "serialization"]
        answer["content"] = {"application/json": {"schema": schema}}
    refused = {*operation.refusals, *_ALWAYS_REFUSED}
    refused |= set() if operation.is_open else {HTTPStatus.UNAUTHORIZED}
    refused |= {HTTPStatus.UNPROCESSABLE_ENTITY} if operation.body or operation.parameters else set()
    error = {"application/json": {"schema": schemas[ErrorAnswer, "serialization"]}}
    return {
        str(operation.status): answer,
        **{
            str(int(status)): {"description": HTTPStatus(status).phrase, "content": error}
            for status in sorted(refused)
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }


def _plain(path: str) -> str:
    """`{what:path}`, which is how the router writes it, as `{what}`."""
    return re.sub(r":\w+}", "}", path)


def _identifier(operation: Operation) -> str:
    words = re.findall(r"[a-z0-9]+", _plain(operation.path).removeprefix("/v1"))
    return "_".join([operation.method.lower(), *words]) if words else f"{operation.method.lower()}_root"
