"""A patient's name as staff see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def full_name(record: Mapping[str, Any]) -> str:
    """Of a patient's record; "" where it has none, as once the patient was erased."""
    return " ".join(filter(None, (record.get("first_name"), record.get("last_name"))))
