from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ipms.fields import FIELDS, STATUS_WORDS
from adapters.ipms.records import check_appointment, content_key, read_appointment, to_payload
from conversations.ports import AppointmentRecord, PatientRecord, Problem
from engine.appointment import AppointmentStatus

WHOLE: dict[str, Any] = {
    "id": "A-1", "start": "2026-06-20T10:00:00+01:00", "status": "booked", "clinic": "EYE", "clinic_name": "Eye Clinic",
    "clinician": "Dr Nora Byrne", "place": "Level 2", "type": "NEW", "hospital": "St Brigid's", "phone": "020 910 0101",
    "changed_at": "2026-05-02T09:14:03Z", "revision": "7",
    "patient": {
        "id": "H1", "first_name": "Seán", "last_name": "Tierney", "mobile": "087 123 4567", "language": "ga-IE",
        "deceased": False, "do_not_text": True, "date_of_birth": "21/03/1958",
    },
}  # fmt: skip


def submission(patient: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {**WHOLE, **changes, "patient": {**WHOLE["patient"], **(patient or {})}}


def record(**changes: Any) -> AppointmentRecord:
    read = read_appointment(submission(**changes))
    assert isinstance(read, AppointmentRecord), read
    return read


def problems(data: dict[str, Any]) -> dict[str, str]:
    read = read_appointment(data)
    assert isinstance(read, list)
    return {problem.where: problem.message for problem in read}


def test_a_whole_submission() -> None:
    assert record() == AppointmentRecord(
        id="A-1", start=datetime(2026, 6, 20, 9, 0, tzinfo=UTC), status="booked", clinic="EYE",
        clinic_name="Eye Clinic", clinician="Dr Nora Byrne", place="Level 2", type="NEW", hospital="St Brigid's",
        phone="020 910 0101",
        changed_at=datetime(2026, 5, 2, 9, 14, 3, tzinfo=UTC), revision="7",
        patient=PatientRecord(
            id="H1", first_name="Seán", last_name="Tierney", mobile="+353871234567", language="ga", deceased=False,
            do_not_text=True, date_of_birth="1958-03-21",
        ),
    )  # fmt: skip


def test_the_least_that_will_do() -> None:
    least = {"id": "A", "start": "2026-06-20 10:00", "status": "booked", "clinic": "EYE", "patient": {"id": "H"}}
    read = read_appointment(least)
    assert isinstance(read, AppointmentRecord)
    assert (read.patient.first_name, read.patient.mobile, read.changed_at) == ("", None, None)


def test_all_problems_come_at_once_in_the_order_of_the_fields() -> None:
    read = read_appointment({"start": "soon", "status": "", "patient": {"first_name": 7}, "klinic": "EYE"})
    assert isinstance(read, list)
    assert [problem.where for problem in read] == [
        "id", "start", "status", "clinic", "patient.id", "patient.first_name", "klinic",
    ]  # fmt: skip
    assert all(isinstance(problem, Problem) and problem.message for problem in read)


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-06-20T10:00", datetime(2026, 6, 20, 9, 0, tzinfo=UTC)),
            ("2026-06-20 10:00:30", datetime(2026, 6, 20, 9, 0, 30, tzinfo=UTC)),
            ("2026-12-20T10:00", datetime(2026, 12, 20, 10, 0, tzinfo=UTC)),
            ("2026-06-20T10:00:00.250Z", datetime(2026, 6, 20, 10, 0, 0, 250_000, tzinfo=UTC)),
            ("2026-06-20T10:00+01:00", datetime(2026, 6, 20, 9, 0, tzinfo=UTC)),
            ("2026-06-20T10:00+0100", datetime(2026, 6, 20, 9, 0, tzinfo=UTC)),
            ("20/06/2026 10:00", datetime(2026, 6, 20, 9, 0, tzinfo=UTC)),
            ("1/6/2026 10:00", datetime(2026, 6, 1, 9, 0, tzinfo=UTC)),
            # The offset settles an hour that comes twice.
            ("2026-10-25T01:30+01:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
            ("2026-10-25T01:30+00:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ],
    )
    def test_taken(self, text: str, expected: datetime) -> None:
        assert record(start=text).start == expected

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("2026-03-29T01:30", "the clocks go forward"),
            ("2026-10-25T01:30", "add +01:00 for the first or +00:00 for the second"),
            ("2026-06-20", "no time of day"),
            ("06/20/2026 10:00", "month"),
            ("2026-02-30T10:00", "day"),
            ("2026-06-20T25:00", "hour"),
            ("tomorrow", "is not a time"),
            ("20260620T1000", "is not a time"),
            ("1026-06-20T10:00", "is in the year 1026"),
            ("9999-12-31T23:59-23:59", "is not a time"),
            ("0001-01-01T00:00+23:59", "is not a time"),
        ],
    )
    def test_refused(self, text: str, message: str) -> None:
        assert message in problems(submission(start=text))["start"]

    def test_another_hospital_clock(self) -> None:
        read = read_appointment(submission(start="2026-06-20T10:00"), "America/New_York")
        assert isinstance(read, AppointmentRecord)
        assert read.start == datetime(2026, 6, 20, 14, 0, tzinfo=UTC)


class TestStatuses:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("booked", "booked"), ("Scheduled", "booked"), ("DNA", "noshow"), ("Did Not Attend", "noshow"),
            ("no-show", "noshow"), ("Attended", "fulfilled"), ("Canceled", "cancelled"), ("CNA", "cancelled"),
            ("checked in", "checked-in"), ("entered-in-error", "entered-in-error"), ("Waiting List", "waitlist"),
        ],
    )  # fmt: skip
    def test_words(self, word: str, status: str) -> None:
        assert record(status=word).status == status

    def test_the_words_are_those_of_fhir(self) -> None:
        assert set(STATUS_WORDS) == {status.value for status in AppointmentStatus}

    def test_no_word_means_two_things(self) -> None:
        words = [(status, word) for status, each in STATUS_WORDS.items() for word in (status, *each)]
        assert [record(status=word).status for _, word in words] == [status for status, _ in words]

    @pytest.mark.parametrize(
        ("word", "hint"),
        [
            ("bookd", "did you mean booked?"),
            ("rescheduled", "the old time or the new one"),
            ("x", "we know proposed"),
        ],
    )
    def test_unknown_words_are_never_guessed(self, word: str, hint: str) -> None:
        assert hint in problems(submission(status=word))["status"]


class TestMobiles:
    @pytest.mark.parametrize(
        ("written", "number"),
        [
            ("0871234567", "+353871234567"), ("087-123 4567", "+353871234567"),
            ("+353 (0)87 123 4567", "+353871234567"),
            ("00353871234567", "+353871234567"), ("353871234567", "+353871234567"), ("871234567", "+353871234567"),
            ("０８７１２３４５６７", "+353871234567"), ("+44 7400 123456", "+447400123456"),
        ],
    )  # fmt: skip
    def test_taken(self, written: str, number: str) -> None:
        assert record(patient={"mobile": written}).patient.mobile == number

    @pytest.mark.parametrize(
        ("written", "reason"),
        [
            ("01 671 6533", "landline"), ("1850 123 123", "not a mobile"), ("50123", "not a mobile"),
            ("087 123", "not a mobile"), ("ask wife", "not a phone number"), ("087 123 4567 x12", "extension"),
            ("3.53872E+11", "not a phone number"),
        ],
    )  # fmt: skip
    def test_a_number_that_takes_no_texts_is_left_out_with_a_warning(self, written: str, reason: str) -> None:
        checked = check_appointment(submission(patient={"mobile": written}))
        assert checked.record is not None
        assert checked.record.patient.mobile is None
        (warning,) = checked.warnings
        assert warning.where == "patient.mobile"
        assert reason in warning.message
        assert written not in warning.message

    @given(st.sampled_from(["0", "+353", "00353"]), st.from_regex("8[0-9]{8}", fullmatch=True))
    def test_the_quick_way_and_the_library_agree(self, prefix: str, national: str) -> None:
        number = phonenumbers.parse(prefix + national, "IE")
        mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
        expected = "+353" + national if mobile else None
        assert record(patient={"mobile": prefix + national}).patient.mobile == expected


class TestText:
    @pytest.mark.parametrize("field", [field for field in FIELDS if field.kind == "text"], ids=lambda f: f.path)
    def test_lengths_are_bounded(self, field: Any) -> None:
        def filled(length: int) -> dict[str, Any]:
            value = {field.name: "é" * length}
            return submission(patient=value) if field.of_patient else submission(**value)

        assert isinstance(read_appointment(filled(field.longest)), AppointmentRecord)
        assert f"the most is {field.longest}" in problems(filled(field.longest + 1))[field.path]

    @pytest.mark.parametrize("letter", ["\x00", "\n", "\x1b", "\x85", "\u2028", "\u202e", "\ud800"])
    def test_control_characters_are_refused(self, letter: str) -> None:
        found = problems(submission(place=f"Level{letter}2"))
        assert f"U+{ord(letter):04X}" in found["place"]
        assert "position 6" in found["place"]

    @pytest.mark.parametrize("value", [1, 1.5, True, [], {}])
    def test_only_text_is_text(self, value: Any) -> None:
        assert "text in quotes" in problems(submission(id=value))["id"]

    def test_null_and_blank_say_nothing(self) -> None:
        assert record(place=None, type="  ").place == ""
        assert problems(submission(clinic=" ", patient={"id": None})) == {
            "clinic": "is missing", "patient.id": "is missing"
        }  # fmt: skip

    def test_letters_are_composed(self) -> None:
        assert record(patient={"first_name": "Sea\u0301n"}).patient.first_name == "Seán"

    @pytest.mark.parametrize("id", [".", ".."])
    def test_ids_that_would_be_paths(self, id: str) -> None:
        assert "id" in problems(submission(id=id))


class TestOtherFields:
    @pytest.mark.parametrize(("written", "flag"), [(True, True), ("Y", True), ("no", False), (None, False)])
    def test_flags(self, written: Any, flag: bool) -> None:
        assert record(patient={"deceased": written}).patient.deceased is flag

    @pytest.mark.parametrize("written", ["maybe", 1, []])
    def test_flags_that_are_none(self, written: Any) -> None:
        assert "true or false" in problems(submission(patient={"deceased": written}))["patient.deceased"]

    @pytest.mark.parametrize(("written", "tag"), [("en", "en"), ("GA", "ga"), ("Polish", "pl"), ("pt-BR", "pt")])
    def test_languages(self, written: str, tag: str) -> None:
        assert record(patient={"language": written}).patient.language == tag

    def test_a_language_that_is_none_is_left_out_with_a_warning(self) -> None:
        checked = check_appointment(submission(patient={"language": "Double Dutch"}))
        assert checked.record is not None
        assert checked.record.patient.language == ""
        assert [warning.where for warning in checked.warnings] == ["patient.language"]

    @pytest.mark.parametrize("written", ["1958-13-01", "03/21/1958", "1758-03-21", "March"])
    def test_dates_of_birth_that_are_none(self, written: str) -> None:
        assert "is not a date" in problems(submission(patient={"date_of_birth": written}))["patient.date_of_birth"]

    @pytest.mark.parametrize(
        ("data", "where", "hint"),
        [
            (submission(clinicain="x"), "clinicain", "did you mean clinician?"),
            (submission(pateint={}), "pateint", "did you mean patient?"),
            (submission(patient={"mobil": "x"}), "patient.mobil", "did you mean patient.mobile?"),
            (submission(zzz="x"), "zzz", "is not a field we know"),
        ],
    )
    def test_unknown_fields_are_refused(self, data: dict[str, Any], where: str, hint: str) -> None:
        assert hint in problems(data)[where]

    def test_a_flood_of_unknown_fields_is_counted(self) -> None:
        flood = submission(**{f"field{n}": "" for n in range(5000)})
        read = read_appointment(flood)
        assert isinstance(read, list)
        assert len(read) < 20
        assert any("5000 fields" in problem.message for problem in read)

    @pytest.mark.parametrize("patient", [None, "H1", []])
    def test_the_patient_must_be_an_object(self, patient: Any) -> None:
        assert "patient" in problems({**WHOLE, "patient": patient})


class TestPayload:
    @given(st.builds(
        AppointmentRecord,
        id=st.text("abc/ é", min_size=1, max_size=9).map(lambda text: "x" + text.strip()),
        patient=st.builds(
            PatientRecord, id=st.just("H1"), first_name=st.sampled_from(["", "Ann"]), last_name=st.just("Ó Sé"),
            mobile=st.sampled_from([None, "+353871234567", "+447400123456"]), language=st.sampled_from(["", "ga"]),
            deceased=st.booleans(), do_not_text=st.booleans(), date_of_birth=st.sampled_from(["", "1958-03-21"]),
        ),
        start=st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
        status=st.sampled_from(sorted(STATUS_WORDS)), clinic=st.just("EYE"), place=st.sampled_from(["", "Level 2"]),
        changed_at=st.none() | st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
        revision=st.sampled_from(["", 'W/"3"']),
    ))  # fmt: skip
    def test_what_is_written_is_read_back_alike(self, written: AppointmentRecord) -> None:
        assert read_appointment(json.loads(json.dumps(to_payload(written)))) == written

    def test_the_key_is_of_content_and_scope(self) -> None:
        assert content_key(record()) == content_key(record())
        assert content_key(record()) != content_key(record(place="Level 3"))
        assert content_key(record()) != content_key(record(patient={"mobile": "086 123 4567"}))
        assert content_key(record()) != content_key(record(), "another file")
        assert len(content_key(record())) == 64


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = [field.name for field in FIELDS]


@given(st.dictionaries(st.sampled_from([*NAMES, "patient"]) | st.text(), JSON, max_size=8))
def test_rubbish_is_a_list_of_problems(data: dict[str, Any]) -> None:
    assert isinstance(read_appointment(data), list)


@given(st.sampled_from(FIELDS), JSON)
def test_rubbish_in_one_field_is_about_that_field(field: Any, value: Any) -> None:
    data = submission(patient={field.name: value}) if field.of_patient else submission(**{field.name: value})
    checked = check_appointment(data)
    assert {problem.where for problem in (*checked.problems, *checked.warnings)} <= {field.path}
    assert (checked.record is None) == bool(checked.problems)
    orjson.dumps([problem.message for problem in checked.problems])
