"""Where each sealed value lies. It is sealed to its place, so that one that is put elsewhere does not open."""

from __future__ import annotations


def patient_place(patient_id: str) -> str:
    return f"patients|{patient_id}"


def text_place(key: str) -> str:
    return f"texts|{key}"


def write_place(key: str) -> str:
    return f"writes|{key}"


def task_place(key: str) -> str:
    return f"tasks|{key}"


def entry_place(conversation_id: str, seq: int) -> str:
    return f"transcript|{conversation_id}|{seq}"


def conversation_place(conversation_id: str) -> str:
    return f"conversations|{conversation_id}"


def proposal_place(key: str) -> str:
    return f"proposals|{key}"


def round_place(id: str) -> str:
    return f"rounds|{id}"


def inbox_place(source: str, external_id: str) -> str:
    return f"inbox|{source}|{external_id}"


def unmatched_place(id: str) -> str:
    return f"unmatched|{id}"
