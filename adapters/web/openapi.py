"""The OpenAPI 3.1 description of the API in `api.py`, made from the same table of fields that checks what comes in."""

from __future__ import annotations

from typing import Any

from adapters.ipms.fields import FIELDS, STATUS_WORDS, Field

_JSON = "application/json"
_NDJSON = "application/x-ndjson"


def describe(version: str, most_items: int) -> dict[str, Any]:
    """The document. `version` is the API's, `most_items` the most appointments that one bulk request may hold."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Freagra appointments API",
            "version": version,
            "summary": "How a patient management system tells Freagra of appointments.",
            "description": (
                "Every submission is a full snapshot of one appointment. 202 means that it is on disk. Sending the "
                "same again is harmless; of two snapshots the one with the later `changed_at` holds."
            ),
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "paths": {
            "/appointments/{id}": {"parameters": [_ID], "put": _put(), "get": _get()},
            "/appointments/bulk": {"post": _bulk(most_items)},
            "/openapi.json": {"get": _document()},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "The API key."}},
            "schemas": _schemas(),
        },
    }


_ID = {
    "name": "id", "in": "path", "required": True, "description": "The appointment's id in the iPMS.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}  # fmt: skip
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "Names this submission. Without it, its content and `changed_at` or `revision` do.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}  # fmt: skip


def _put() -> dict[str, Any]:
    return {
        "operationId": "putAppointment",
        "summary": "Take an appointment as it stands now",
        "parameters": [_IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": {_JSON: {"schema": _ref("Appointment")}}},
        "responses": {
            "202": _answer("It is on disk.", _ref("Taken")),
            **_faults(400, 401, 405, 413, 415, 422, 503),
        },
    }


def _get() -> dict[str, Any]:
    return {
        "operationId": "getAppointment",
        "summary": "What Freagra holds of an appointment, and how its conversation stands",
        "responses": {
            "200": _answer("It is known.", {"type": "object"}),
            **_faults(401, 404, 405, 503),
        },
    }


def _bulk(most_items: int) -> dict[str, Any]:
    item = {"allOf": [_ref("Appointment"), {"required": ["id"]}]}
    items = {"type": "array", "minItems": 1, "maxItems": most_items, "items": item}
    return {
        "operationId": "postAppointments",
        "summary": "Take many appointments at once",
        "description": (
            f"A JSON array, or one JSON object a line, of up to {most_items} appointments. Each is taken or refused by "
            "itself. 422 says that none could be taken."
        ),
        "parameters": [_IDEMPOTENCY_KEY],
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": items}, _NDJSON: {"schema": {"type": "string"}}},
        },
        "responses": {
            "202": _answer("What was taken is on disk.", _ref("BulkTaken")),
            **_faults(400, 401, 405, 413, 415, 422, 503),
        },
    }


def _document() -> dict[str, Any]:
    return {
        "operationId": "getDescription",
        "summary": "This document",
        "security": [],
        "responses": {"200": _answer("This document.", {"type": "object"})},
    }


_FAULTS = {
    400: "The body is not JSON; the message says where.",
    401: "The API key is missing or wrong.",
    404: "There is nothing here.",
    405: "This method is not for this address.",
    413: "The body is too large, or holds too many appointments.",
    415: "The body is of a type that is not taken here.",
    422: "The body is JSON but cannot be taken; `problems` lists all that is wrong.",
    503: "Nothing was taken; try again after `Retry-After` seconds.",
}


def _faults(*codes: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code in codes:
        found[str(code)] = _answer(_FAULTS[code], _ref("Error"))
        if code == 503:
            found["503"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return found


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


# ---- schemas ---------------------------------------------------------------------------------------------------------


def _schemas() -> dict[str, Any]:
    problem = _object({"where": {"type": "string"}, "message": {"type": "string"}}, ["where", "message"])
    problems = {"type": "array", "items": _ref("Problem")}
    index = {"type": "integer", "minimum": 0}
    taken = {
        "taken": {"const": True},
        "repeat": {"type": "boolean", "description": "The same was taken before; nothing is done twice."},
        "id": {"type": "string"},
        "warnings": {**problems, "description": "What was left out, and why."},
    }
    refused = {"taken": {"const": False}, "id": {"type": "string"}, "problems": problems, "warnings": problems}
    of_patient = [field for field in FIELDS if field.of_patient]
    patient = _object({field.name: _field(field) for field in of_patient}, _required(of_patient))
    of_appointment = [field for field in FIELDS if not field.of_patient]
    appointment = _object(
        {**{field.name: _field(field) for field in of_appointment}, "patient": _ref("Patient")},
        [*_required(of_appointment), "patient"],
    )
    # In a PUT the address says the id as well, so the body need not.
    appointment["required"].remove("id")
    appointment["description"] = "A full snapshot. `id` may be left out where the address says it."
    return {
        "Appointment": appointment,
        "Patient": patient,
        "Taken": _object(taken, ["taken", "repeat", "id", "warnings"]),
        "BulkTaken": _object(
            {
                "taken": index,
                "refused": index,
                "results": {
                    "type": "array",
                    "description": "One for each appointment submitted, in order.",
                    "items": {
                        "oneOf": [
                            _object({"index": index, **taken}, ["index", "taken", "repeat", "id", "warnings"]),
                            _object({"index": index, **refused}, ["index", "taken", "id", "problems", "warnings"]),
                        ]
                    },
                },
            },
            ["taken", "refused", "results"],
        ),
        "Problem": problem,
        "Error": _object(
            {
                "error": _object(
                    {
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "problems": problems,
                    },
                    ["code", "message", "problems"],
                )
            },
            ["error"],
        ),
    }


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _required(fields: list[Field]) -> list[str]:
    return [field.name for field in fields if field.required]


def _field(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"description": field.meaning, "examples": [field.example]}
    if field.kind == "flag":
        return {"type": ["boolean", "null"], **described}
    if field.kind == "status":
        described["examples"] = [field.example, *(words[0] for words in STATUS_WORDS.values() if words)]
    if field.required:
        return {"type": "string", "minLength": 1, "maxLength": field.longest, **described}
    return {"type": ["string", "null"], "maxLength": field.longest, **described}
