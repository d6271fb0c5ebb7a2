"""From what a hospital submits (a JSON object, a CSV line) to an AppointmentRecord, or to everything that is wrong
with it.

The fields are those of `fields.py`. A fault refuses the record. A doubt does not, since an appointment that we know
without a mobile number still reaches staff, and one that we refuse reaches nobody: it leaves the field out and says so
as a warning.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import phonenumbers
from phonenumbers import PhoneNumberType

from adapters.ipms.fields import FIELDS, LANGUAGE_NAMES, STATUS_DOUBTS, STATUS_WORDS, Field, Kind
from adapters.zone import TIMEZONE
from conversations.ports import AppointmentRecord, PatientRecord, Problem


@dataclass(frozen=True, slots=True)
class Checked:
    """`record` is None exactly where there are problems."""

    record: AppointmentRecord | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def read_appointment(data: Mapping[str, Any], timezone: str = TIMEZONE) -> AppointmentRecord | list[Problem]:
    """`check_appointment` for callers to whom warnings mean nothing."""
    checked = check_appointment(data, timezone)
    return list(checked.problems) if checked.record is None else checked.record


def check_appointment(data: Mapping[str, Any], timezone: str = TIMEZONE) -> Checked:
    """The record that `data` says, or all that is wrong with it at once. `timezone` is that of times without an
    offset."""
    check = _Check(timezone)
    patient = data.get("patient")
    if isinstance(patient, Mapping):
        check.names(patient, _PATIENT_FIELDS, "patient.")
        check.fields(patient, _PATIENT_FIELDS.values())
    else:
        absent = "is missing" if patient is None else "must be an object with the patient's id, names and mobile"
        check.problems.append(Problem("patient", absent))
    check.names(data, _APPOINTMENT_FIELDS, "")
    check.fields(data, _APPOINTMENT_FIELDS.values())
    if check.problems:
        order = {field.path: place for place, field in enumerate(FIELDS)}
        problems = sorted(check.problems, key=lambda problem: order.get(problem.where, len(order)))
        return Checked(None, tuple(problems), tuple(check.warnings))
    found = check.found
    of_patient = {field.name: found[field.path] for field in _PATIENT_FIELDS.values() if field.path in found}
    of_appointment = {name: found[name] for name in _APPOINTMENT_FIELDS if name in found}
    record = AppointmentRecord(patient=PatientRecord(**{"first_name": "", **of_patient}), **of_appointment)
    return Checked(record, (), tuple(check.warnings))


_APPOINTMENT_FIELDS = {field.name: field for field in FIELDS if not field.of_patient}
_PATIENT_FIELDS = {field.name: field for field in FIELDS if field.of_patient}
_MOST_UNKNOWN = 10


class _Fault(ValueError):
    """The value cannot be taken."""


class _Doubt(ValueError):
    """The value cannot be used, but the record can do without it."""


class _Check:
    __slots__ = ("found", "problems", "timezone", "warnings")

    def __init__(self, timezone: str) -> None:
        self.timezone = timezone
        self.found: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def names(self, data: Mapping[str, Any], known: Mapping[str, Field], prefix: str) -> None:
        """Refuses fields that we do not know: one that is misspelt would otherwise be lost without a word."""
        unknown = [name for name in data if name not in known and not (name == "patient" and not prefix)]
        for name in unknown[:_MOST_UNKNOWN]:
            near = get_close_matches(str(name)[:60], [*known, *([] if prefix else ["patient"])], 1)
            hint = f"; did you mean {prefix}{near[0]}?" if near else ""
            self.problems.append(Problem(prefix + _shown(str(name)), f"is not a field we know{hint}"))
        if len(unknown) > _MOST_UNKNOWN:
            self.problems.append(Problem(prefix or "appointment", f"{len(unknown)} fields are unknown to us"))

    def fields(self, data: Mapping[str, Any], fields: Any) -> None:
        for field in fields:
            value = data.get(field.name)
            try:
                read = self.value(field, value)
            except _Fault as fault:
                self.problems.append(Problem(field.path, str(fault)))
            except _Doubt as doubt:
                self.warnings.append(Problem(field.path, str(doubt)))
            else:
                if read is not None:
                    self.found[field.path] = read

    def value(self, field: Field, value: Any) -> Any:
        """None for a field that says nothing."""
        if isinstance(value, bool) and field.kind == "flag":
            return value
        if value is not None and not isinstance(value, str):
            wanted = "true or false" if field.kind == "flag" else "text in quotes"
            raise _Fault(f"must be {wanted}, not {_JSON_NAMES.get(type(value), 'that')}")
        text = "" if value is None else _clean(value, field.longest)
        if not text:
            if field.required:
                raise _Fault("is missing")
            return None
        if field.kind == "text":
            return _id(text) if field.path == "id" else text
        if field.kind == "instant":
            return read_instant(text, self.timezone)
        return _READERS[field.kind](text)


_JSON_NAMES: Mapping[type, str] = {
    int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "an object",
}  # fmt: skip

# Controls, line and paragraph separators, direction overrides, lone surrogates and non-characters.
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def _clean(value: str, longest: int) -> str:
    text = value.strip(" \u00a0")
    if unwanted := _UNWANTED.search(text):
        raise _Fault(f"holds a control character (U+{ord(unwanted.group()):04X}) at position {unwanted.start() + 1}")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if len(text) > longest:
        raise _Fault(f"is {len(text)} characters long; the most is {longest}")
    return text


def _shown(name: str) -> str:
    """A field name of the caller's, safe to send back."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:60])


def _id(text: str) -> str:
    # These two would mean something else in the path of a URL.
    if text in {".", ".."}:
        raise _Fault("must hold a letter or digit")
    return text


# ---- times -----------------------------------------------------------------------------------------------------------

_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(.*)", re.DOTALL)
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(Z|z|[+-]\d{2}:?\d{2})?"
)


def read_instant(text: str, timezone: str = TIMEZONE) -> datetime:
    """An instant in UTC from ISO 8601 or day-first text. Raises ValueError for what is no time, for a local time that
    the clocks skip, and for one that comes twice."""
    written = text
    if day_first := _DAY_FIRST.fullmatch(text):
        day, month, year, rest = day_first.groups()
        written = f"{year}-{month:0>2}-{day:0>2}{rest}"
    match = _ISO.fullmatch(written)
    if match is None:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
            raise _Fault("has no time of day; write it as 2026-06-20T10:00")
        raise _Fault("is not a time; write it as 2026-06-20T10:00 or 20/06/2026 10:00")
    day_text, clock, offset = match.groups()
    try:
        at = datetime.fromisoformat(f"{day_text}T{clock.replace(',', '.')}{(offset or '').upper()}")
        found = at.astimezone(UTC) if offset else _from_wall_clock(at, timezone)
    except OverflowError as error:
        raise _Fault("is not a time that we can keep") from error
    except _Fault:
        raise
    except ValueError as error:
        raise _Fault(f"is not a time: {error}") from error
    if not 1990 <= found.year <= 2100:
        raise _Fault(f"is in the year {found.year}; that cannot be right")
    return found


def _from_wall_clock(at: datetime, timezone: str) -> datetime:
    zone = ZoneInfo(timezone)
    first, second = at.replace(tzinfo=zone), at.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None and after is not None  # noqa: PT018  a ZoneInfo always knows its offset
    if before < after:
        raise _Fault(f"does not exist in {timezone}: the clocks go forward over {at:%H:%M} on {at:%Y-%m-%d}")
    if before > after:
        raise _Fault(
            f"comes twice in {timezone}: the clocks go back over {at:%H:%M} on {at:%Y-%m-%d}; "
            f"add {_offset(first)} for the first or {_offset(second)} for the second"
        )
    return first.astimezone(UTC)


def _offset(at: datetime) -> str:
    text = f"{at:%z}"
    return f"{text[:3]}:{text[3:]}"


def _day(text: str) -> str:
    written = text
    if day_first := _DAY_FIRST.fullmatch(text):
        day, month, year, rest = day_first.groups()
        written = f"{year}-{month:0>2}-{day:0>2}{rest}"
    try:
        found = date.fromisoformat(written) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written) else None
    except ValueError:
        found = None
    if found is None or not 1880 <= found.year <= 2100:
        raise _Fault("is not a date; write it as 1958-03-21 or 21/03/1958")
    return found.isoformat()


# ---- words -----------------------------------------------------------------------------------------------------------


def _bare(word: str) -> str:
    return re.sub(r"[\W_]+", "", word).casefold()


_STATUSES = {_bare(word): status for status, words in STATUS_WORDS.items() for word in (status, *words)}
_FLAGS = {"y": True, "yes": True, "true": True, "1": True, "n": False, "no": False, "false": False, "0": False}


@lru_cache(maxsize=1024)
def _status(text: str) -> str:
    bare = _bare(text)
    if bare in _STATUSES:
        return _STATUSES[bare]
    if doubt := STATUS_DOUBTS.get(bare):
        raise _Fault(doubt)
    near = get_close_matches(bare, _STATUSES, 1, 0.8)
    hint = f"did you mean {_STATUSES[near[0]]}?" if near else f"we know {', '.join(STATUS_WORDS)}"
    raise _Fault(f"is not a status we know; {hint}")


def _language(text: str) -> str:
    if known := LANGUAGE_NAMES.get(text.casefold()):
        return known
    if match := re.fullmatch(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*", text):
        return match[1].lower()
    raise _Doubt("is not a language we know; write a tag such as en or ga")


def _flag(text: str) -> bool:
    try:
        return _FLAGS[text.casefold()]
    except KeyError:
        raise _Fault("must be true or false, or Y or N") from None


# ---- mobiles ---------------------------------------------------------------------------------------------------------

# Irish mobiles as most records hold them, in the numbering of `phonenumbers`; anything else is asked of that library.
_IRISH_MOBILE = re.compile(r"(?:\+353|00353|0)(8[35-9][0-9]{7})")
_TEXTABLE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def _mobile(text: str) -> str:
    """E.164. Raises _Doubt for a number that cannot take texts."""
    if irish := _IRISH_MOBILE.fullmatch(text.replace(" ", "").replace("-", "")):
        return f"+353{irish[1]}"
    try:
        number = phonenumbers.parse(text, "IE")
    except phonenumbers.NumberParseException:
        raise _Doubt("is not a phone number; the patient cannot be texted") from None
    if number.extension:
        raise _Doubt("has an extension, which a mobile has not; the patient cannot be texted")
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.FIXED_LINE:
        raise _Doubt("is a landline; the patient cannot be texted")
    if kind not in _TEXTABLE:
        raise _Doubt("is not a mobile number; the patient cannot be texted")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_READERS: Mapping[Kind, Any] = {
    "status": _status, "mobile": _mobile, "language": _language, "flag": _flag, "day": _day,
}  # fmt: skip


# ---- and back --------------------------------------------------------------------------------------------------------


def to_payload(record: AppointmentRecord) -> dict[str, Any]:
    """The record as JSON in the field names of the API, empty fields left out: `read_appointment` reads it back."""
    patient = record.patient
    flat: dict[str, Any] = {
        "id": record.id, "start": record.start.isoformat(), "status": record.status, "clinic": record.clinic,
        "clinic_name": record.clinic_name, "clinician": record.clinician, "place": record.place, "type": record.type,
        "hospital": record.hospital, "phone": record.phone,
        "changed_at": None if record.changed_at is None else record.changed_at.isoformat(), "revision": record.revision,
    }  # fmt: skip
    of_patient: dict[str, Any] = {
        "id": patient.id, "first_name": patient.first_name, "last_name": patient.last_name, "mobile": patient.mobile,
        "language": patient.language, "deceased": patient.deceased, "do_not_text": patient.do_not_text,
        "date_of_birth": patient.date_of_birth,
    }  # fmt: skip
    payload = {name: value for name, value in flat.items() if value}
    payload["patient"] = {name: value for name, value in of_patient.items() if value}
    return payload


def content_key(record: AppointmentRecord, scope: str = "") -> str:
    """64 hex digits that name this submission: the SHA-256 of the record's content and of `scope`.

    A record with `changed_at` or `revision` names itself. One without needs a scope (the moment of arrival, the digest
    of the file it came in): an appointment that is moved and moved back is submitted twice with the same content, and
    the second time is news."""
    digest = hashlib.sha256(orjson.dumps(to_payload(record), option=orjson.OPT_SORT_KEYS))
    digest.update(b"\x00" + scope.encode())
    return digest.hexdigest()
