from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.appointment import Appointment, AppointmentStatus, Patient
from engine.dates_written import format_fault
from engine.lexicon import LEXICONS
from engine.ruleset import (
    PLACEHOLDERS,
    AppliesTo,
    DateFormats,
    Hours,
    Intent,
    Limits,
    Matching,
    Moment,
    Prompt,
    Ruleset,
    WeekHours,
)
from engine.sms import Segments, fold, segments
from engine.templates import TemplateFault, placeholders
from engine.wording import LONGEST, render
from engine.worst_case import of_prompt

REMINDER = (
    "Reminder: Your appointment with {clinician} is on {date} at {time}. "
    "Reply Y to confirm, R to Reschedule or C to Cancel."
)
ALL_DAY = WeekHours(days=(((time(0), time.max),),) * 7)


def ruleset(version: str = "v", accents: dict[str, str] | None = None, **texts: dict[str, str]) -> Ruleset:
    return Ruleset(
        name="test", summary="", version=version, languages=("en", "ga"), applies_to=AppliesTo(frozenset({"booked"})),
        hours=Hours("Europe/Dublin", ALL_DAY, ALL_DAY), limits=Limits(), matching=Matching(),
        accents={"ga": "keep"} if accents is None else accents,
        formats={"en": DateFormats(), "ga": DateFormats(date="d MMMM", time="HH:mm")}, words={},
        intents={"cancel": Intent("cancel", called={"en": "cancel the appointment", "ga": "an coinne a chealú"})},
        prompts={name: Prompt(name, by_language) for name, by_language in texts.items()},
        cadence=(), closes=Moment(), always={}, staff={}, states={},
    )  # fmt: skip


def appointment(**changes: object) -> Appointment:
    facts: dict[str, object] = {
        "id": "A1", "version": 1, "start": datetime(2026, 6, 20, 9, 0, tzinfo=UTC), "status": AppointmentStatus.BOOKED,
        "clinic": "EYE", "clinic_name": "Eye Clinic", "clinician": "Dr Nora Byrne", "place": "Level 2",
        "type": "", "hospital": "St Brigid's", "phone": "01 555 0100",
    }  # fmt: skip
    return Appointment(**{**facts, **changes})  # type: ignore[arg-type]


def patient(language: str = "en", first_name: str = "Ann") -> Patient:
    return Patient("P1", first_name, language)


class TestSegments:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", Segments("GSM-7", 0, 1)),
            ("a" * 160, Segments("GSM-7", 160, 1)),
            ("a" * 161, Segments("GSM-7", 161, 2)),
            ("a" * 306, Segments("GSM-7", 306, 2)),
            ("a" * 307, Segments("GSM-7", 307, 3)),
            ("é" * 160, Segments("GSM-7", 160, 1)),
            ("€" * 80, Segments("GSM-7", 160, 1)),
            ("€" * 81, Segments("GSM-7", 162, 2)),
            # 152 + € + 10: the pair would lie across the first part's edge and moves whole.
            ("a" * 152 + "€" + "b" * 10, Segments("GSM-7", 164, 2)),
            ("a" * 152 + "€" + "b" * 152, Segments("GSM-7", 306, 3)),
            ("á" * 70, Segments("UCS-2", 70, 1, "á")),
            ("á" * 71, Segments("UCS-2", 71, 2, "á")),
            ("á" * 134, Segments("UCS-2", 134, 2, "á")),
            ("á" * 135, Segments("UCS-2", 135, 3, "á")),
            ("👍", Segments("UCS-2", 2, 1, "👍")),
            ("👍" * 35, Segments("UCS-2", 70, 1, "👍")),
            # 66 + a pair + 66: the pair moves whole, so the last letter needs a third part.
            ("á" * 66 + "👍" + "á" * 66, Segments("UCS-2", 134, 3, "á")),
            ("ok €5 – fine", Segments("UCS-2", 12, 1, "–")),
            ("back`tick", Segments("UCS-2", 9, 1, "`")),
            ("tab\there", Segments("UCS-2", 8, 1, "\t")),
            ("ç", Segments("UCS-2", 1, 1, "ç")),
            ("Ç", Segments("GSM-7", 1, 1)),
        ],
    )
    def test_known_texts(self, text: str, expected: Segments) -> None:
        assert segments(text) == expected

    def test_every_letter_of_the_alphabet_costs_what_the_standard_says(self) -> None:
        one = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà"
        one += string.ascii_letters + string.digits
        two = "\f^{}\\[~]|€"
        assert len(set(one)) == 127  # 128 codes less the escape
        assert [segments(letter).units for letter in one] == [1] * 127
        assert [segments(letter).units for letter in two] == [2] * 10

    @given(st.text(st.sampled_from("aé€[á👍\u0301"), max_size=400))
    def test_packing_is_that_of_a_carrier(self, text: str) -> None:
        gsm = not set(text) & set("á👍\u0301")
        wide = {"€", "["} if gsm else {"👍"}
        alone, joined = (160, 153) if gsm else (70, 67)
        widths = [2 if letter in wide else 1 for letter in text]
        parts = [0]
        for width in widths:
            if parts[-1] + width > joined:
                parts.append(0)
            parts[-1] += width
        expected = 1 if sum(widths) <= alone else len(parts)
        assert (segments(text).units, segments(text).parts) == (sum(widths), expected)


class TestFold:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Seán Ó Súilleabháin", "Sean O Suilleabhain"),
            ("Sea\u0301n", "Sean"),
            ("Café Élan", "Café Élan"),
            ("Cafe\u0301", "Café"),
            ("O’Brien – “soon”…", "O'Brien - \"soon\"..."),
            ("a\u00a0b\u200bc", "a bc"),
            ("Müller, Łukasz", "Müller, Lukasz"),
            ("Żółć, ačiū, știți, coração", "Zolc, aciu, stiti, coracao"),
            ("Дякуємо, йод", "Дякуємо, йод"),
            ("شكراً", "شكراً"),
        ],
    )
    def test_known_texts(self, text: str, expected: str) -> None:
        assert fold(text) == expected

    @given(st.text())
    def test_twice_is_once(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)


class TestPlaceholders:
    def test_names_and_offsets_in_order(self) -> None:
        assert placeholders("On {date} at {nowhere}.") == [("date", 3), ("nowhere", 13)]

    @pytest.mark.parametrize(
        ("template", "offset"),
        [
            ("at {time", 3), ("at time}", 7), ("{a{date}", 0), ("x {} y", 2), ("{{date}}", 0), ("{date}}", 6),
            ("{a b}", 0),
        ],
    )  # fmt: skip
    def test_faults_point_at_the_brace(self, template: str, offset: int) -> None:
        with pytest.raises(TemplateFault) as fault:
            placeholders(template)
        assert fault.value.offset == offset
        assert fault.value.message


class TestRender:
    def test_the_reminder_word_for_word(self) -> None:
        rendered = render(ruleset(reminder={"en": REMINDER}), "reminder", appointment(), patient())
        assert rendered.text == (
            "Reminder: Your appointment with Dr Nora Byrne is on June 20 at 10:00 AM. "
            "Reply Y to confirm, R to Reschedule or C to Cancel."
        )
        assert rendered.language == "en"
        assert rendered.segments == Segments("GSM-7", 124, 1)

    def test_time_is_local_in_winter_and_summer(self) -> None:
        rules = ruleset(p={"en": "{weekday} {date} {time}"})
        winter = appointment(start=datetime(2026, 12, 1, 10, 5, tzinfo=UTC))
        summer = appointment(start=datetime(2026, 7, 31, 23, 30, tzinfo=UTC))
        assert render(rules, "p", winter, patient()).text == "Tuesday December 1 10:05 AM"
        assert render(rules, "p", summer, patient()).text == "Saturday August 1 12:30 AM"

    @pytest.mark.parametrize(
        ("wanted", "of_patient", "language"),
        [
            (None, "ga", "ga"), (None, "ga-IE", "ga"), (None, "pl", "en"), (None, "", "en"),
            ("en", "ga", "en"), ("pl", "ga", "ga"),
        ],
    )  # fmt: skip
    def test_language(self, wanted: str | None, of_patient: str, language: str) -> None:
        rules = ruleset(p={"en": "Hello {date}", "ga": "Dia duit {date}"})
        rendered = render(rules, "p", appointment(), patient(of_patient), language=wanted)
        assert rendered.language == language
        assert rendered.text == {"en": "Hello June 20", "ga": "Dia duit 20 Meitheamh"}[language]

    def test_a_prompt_without_the_patients_language_falls_back(self) -> None:
        assert render(ruleset(p={"en": "Hello"}), "p", appointment(), patient("ga")).text == "Hello"

    def test_guess_is_what_the_intent_is_called(self) -> None:
        rules = ruleset(p={"en": "Did you mean: {guess}?", "ga": "{guess}?"})
        assert render(rules, "p", appointment(), patient(), "cancel").text == "Did you mean: cancel the appointment?"
        assert render(rules, "p", appointment(), patient("ga"), "cancel").text == "an coinne a chealú?"
        assert render(rules, "p", appointment(), patient()).text == "Did you mean: something else?"

    def test_missing_values_have_something_sensible_in_their_place(self) -> None:
        rules = ruleset(
            p={"en": "{first_name}: {clinician}, {clinic}, {place}, {hospital}, {phone}.", "ga": "le {clinician}"}
        )
        bare = appointment(clinician="", clinic_name="", place="", hospital="", phone="")
        assert render(rules, "p", bare, patient(first_name="")).text == (
            "patient: EYE, EYE, the hospital, the hospital, the hospital."
        )
        named = appointment(clinician=" None ", place="", phone="N/A")
        assert render(rules, "p", named, patient()).text == (
            "Ann: Eye Clinic, Eye Clinic, Eye Clinic, St Brigid's, St Brigid's."
        )
        nothing = appointment(clinician="", clinic_name="", clinic="")
        assert render(rules, "p", nothing, patient("ga")).text == "le foireann an chlinic"

    def test_a_language_without_words_for_nothing_leaves_no_gap(self) -> None:
        rules = replace(ruleset(p={"en": "x", "de": "Hallo, {first_name}, bis bald ."}), languages=("en", "de"))
        assert render(rules, "p", appointment(), patient("de", "")).text == "Hallo, bis bald."

    @pytest.mark.parametrize("language", ["en", "ga", "pl", "uk", "ro", "pt", "es", "fr", "lt", "ar"])
    def test_every_language_that_is_shipped_has_words_for_nothing(self, language: str) -> None:
        of_lists = ("initial", "list", "count", "number")  # left out where there is nothing
        everything = "|".join(f"{{{name}}}" for name in PLACEHOLDERS if name not in of_lists)
        rules = replace(ruleset(p={language: everything}), languages=(language,))
        bare = appointment(clinician="", clinic_name="", clinic="", place="", hospital="", phone="")
        assert "" not in render(rules, "p", bare, patient(language, ""), guess="none").text.split("|")

    def test_a_language_may_have_a_limit_of_its_own(self) -> None:
        rules = replace(ruleset(p={"en": "{clinician} " + "x" * 290, "ga": "{clinician} " + "x" * 290}), segments={"ga": 5})
        long = appointment(clinician="Professor " * 20)
        assert render(rules, "p", long, patient()).segments.parts == 3
        assert render(rules, "p", long, patient("ga")).segments.parts > 3

    def test_accents_are_folded_only_where_the_ruleset_says_and_it_pays(self) -> None:
        rules = ruleset(p={"en": "With {clinician}.", "ga": "Le {clinician}."})
        fada = appointment(clinician="Seán Ó Sé")
        assert render(rules, "p", fada, patient()).text == "With Sean O Sé."
        assert render(rules, "p", fada, patient("ga")).text == "Le Seán Ó Sé."
        # GSM-7 has no Ю: folding the rest would cost letters and save nothing.
        both = appointment(clinician="Юрій Ó Sé")
        assert render(rules, "p", both, patient()).text == "With Юрій Ó Sé."

    def test_curly_quotes_never_make_a_text_dearer(self) -> None:
        rules = ruleset(accents={"en": "keep"}, p={"en": "You’re with {clinician}"})
        rendered = render(rules, "p", appointment(clinician="Dr O’Brien"), patient())
        assert (rendered.text, rendered.segments.encoding) == ("You're with Dr O'Brien", "GSM-7")

    def test_a_value_too_long_for_the_limit_is_cut_between_words(self) -> None:
        rules = ruleset(p={"en": "Your appointment is with {clinician} at {place}. " + "x" * 150})
        long = appointment(clinician="Professor " * 20, place="Ward " * 12)
        rendered = render(rules, "p", long, patient())
        assert rendered.segments.parts == rules.limits.segments
        assert f"with {' '.join(['Professor'] * 4)} at {' '.join(['Ward'] * 8)}." in rendered.text

    def test_a_percent_sign_is_just_that(self) -> None:
        rules = ruleset(p={"en": "100% sure, %s {clinic}"})
        assert render(rules, "p", appointment(clinic_name="50% Clinic"), patient()).text == "100% sure, %s 50% Clinic"

    def test_an_unknown_placeholder_is_refused(self) -> None:
        with pytest.raises(TemplateFault, match="doctor"):
            render(ruleset(p={"en": "With {doctor}"}), "p", appointment(), patient())

    def test_rulesets_of_one_version_do_not_share_texts(self) -> None:
        assert render(ruleset(p={"en": "one"}), "p", appointment(), patient()).text == "one"
        assert render(ruleset(p={"en": "two"}), "p", appointment(), patient()).text == "two"

    @given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=30), min_size=7, max_size=7))
    def test_whatever_a_record_holds_the_text_is_one_clean_line(self, values: list[str]) -> None:
        names = ("clinic", "clinic_name", "clinician", "place", "hospital", "phone")
        facts = appointment(**dict(zip(names, values, strict=False)))
        template = "{first_name}|{clinician}|{clinic}|{place}|{hospital}|{phone}|{date}"
        text = render(ruleset(p={"en": template}), "p", facts, patient(first_name=values[6])).text
        assert not re.search(r"[{}\n\r\x00]|None", text.replace("".join(values), ""))
        assert text.endswith("|June 20")


class TestWorstCase:
    def test_counts_with_the_longest_values(self) -> None:
        rules = ruleset(reminder={"en": REMINDER})
        worst = of_prompt(rules, "reminder", "en")
        fixed = len(re.sub(r"{\w+}", "", REMINDER))
        assert worst.segments.units == fixed + LONGEST["clinician"] + len("September 29") + len("10:30 PM")

    def test_a_fada_costs_what_it_costs(self) -> None:
        rules = ruleset(p={"en": "x", "ga": "Feicfidh {clinician} ann, " + "a" * 50})
        kept, without = of_prompt(rules, "p", "ga"), of_prompt(rules, "p", "ga", fadas=False)
        assert (kept.segments.encoding, kept.segments.parts) == ("UCS-2", 2)
        assert (without.segments.encoding, without.segments.parts) == ("GSM-7", 1)
        assert len(kept.text) == len(without.text)

    def test_a_month_with_a_fada_is_found_though_another_is_longer(self) -> None:
        # "Meitheamh" is the longest plain month of Irish, "Deireadh Fómhair" the longest of all.
        rules = ruleset(p={"en": "x", "ga": "ar {date}"})
        assert of_prompt(rules, "p", "ga", fadas=False).text == "ar 10 Deireadh Fómhair"

    def test_no_record_costs_more(self) -> None:
        rules = ruleset(reminder={"en": REMINDER})
        worst = of_prompt(rules, "reminder", "en").segments.units
        for month in range(1, 13):
            start = datetime(2026, month, 28, 22, 45, tzinfo=UTC)
            assert render(rules, "reminder", appointment(start=start), patient()).segments.units <= worst

    def test_the_longest_guess_counts(self) -> None:
        rules = ruleset(p={"en": "{guess}?"})
        assert of_prompt(rules, "p", "en").text == "cancel the appointment?"


class TestFormatFault:
    @pytest.mark.parametrize(
        ("language", "kind", "pattern"),
        [
            ("en", "date", "MMMM d"), ("ga", "date", "d MMMM"), ("pl", "weekday", "EEEE"), ("en", "time", "h:mm a"),
            ("en", "date", "EEEE 'the' d"), ("de", "time", "HH:mm 'Uhr'"), ("en-IE", "date", "d/M/y"),
        ],
    )  # fmt: skip
    def test_good_patterns(self, language: str, kind: str, pattern: str) -> None:
        assert format_fault(language, kind, pattern) is None

    @pytest.mark.parametrize("language", sorted(LEXICONS))
    @pytest.mark.parametrize(
        ("kind", "pattern"),
        [("date", "EEEE d MMM MMMM LLLL y G QQQQ w"), ("weekday", "EEE eee ccc"), ("time", "h a HH:mm"), ("time", "h B")],
    )
    def test_whatever_a_date_may_be_made_of_is_known_in_every_language(self, language: str, kind: str, pattern: str) -> None:
        assert format_fault(language, kind, pattern) is None

    @pytest.mark.parametrize(
        ("language", "kind", "pattern"),
        [
            ("tlh", "date", "d"), ("not a tag", "date", "d"), ("en", "date", "h:mm"), ("en", "time", "d MMMM"),
            ("en", "time", "HH:mm zzzz"), ("en", "date", ""), ("en", "date", "{date}"), ("en", "date", "d 'of"),
        ],
    )  # fmt: skip
    def test_bad_patterns(self, language: str, kind: str, pattern: str) -> None:
        assert format_fault(language, kind, pattern)
