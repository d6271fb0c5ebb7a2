"""A yes to another hour or day than was told is asked about, however and in whatever language the hour is written."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from engine.told import Told
from engine.understanding import label, read
from tests.engine.test_understanding import RULES

TOLD = Told(datetime(2026, 6, 20, 10, 0), "Dr. Smith", date(2026, 6, 1))


def meaning(text: str, language: str) -> str:
    return label(read(RULES, text, language, TOLD))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "yes see you tomorrow"),
        ("en", "yes c u tmrw"),
        ("en", "yes, see you tonight"),
        ("pl", "yes see you tomorrow"),
        ("es", "sí, voy a las dos"),
        ("es", "sí, nos vemos mañana"),
        ("pl", "tak, przyjdę o drugiej"),
        ("pl", "potwierdzam wizytę u dr Smilgi"),
        ("uk", "підтверджую візит на 21 червня"),
        ("uk", "так, буду о другій"),
        ("uk", "так, буду завтра"),
        ("ro", "da, vin la două"),
        ("pt", "sim, vou às duas"),
        ("fr", "oui, je serai là à deux heures"),
        ("fr", "oui, je viens demain"),
        ("lt", "taip, būsiu antrą valandą"),
        ("ga", "Tiocfaidh mé ar a dó a chlog"),
        ("ar", "نعم سأحضر غدا"),
        ("es", "El 20 ando en la embajada, el 22 sí puedo"),
        ("fr", "le 22 je viens"),
        ("pt", "dia 22 vou sim"),
        ("ro", "pe 22 vin"),
        ("pl", "22 pasuje, przyjdę"),
        ("uk", "прийду 22 числа"),
        ("lt", "22 ateisiu"),
        ("ar", "يوم 22 مناسب"),
    ],
)
def test_a_yes_to_another_hour_or_day_confirms_nothing(language: str, text: str) -> None:
    assert meaning(text, language) != "confirm"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "sí, voy a las diez"),
        ("pl", "tak, przyjdę o dziesiątej"),
        ("pl", "potwierdzam wizytę u dr Smitha"),
        ("uk", "підтверджую візит на 20 червня"),
        ("uk", "так, буду о десятій"),
        ("ro", "da, vin la zece"),
        ("pt", "sim, vou às dez horas"),
        ("fr", "oui, je serai là à dix heures"),
        ("ga", "Beidh mé ann ar a deich"),
        ("es", "sí, el 20 voy"),
        ("pl", "20 będę"),
    ],
)
def test_the_hour_or_day_that_was_told_is_confirmed(language: str, text: str) -> None:
    assert meaning(text, language) == "confirm"


@pytest.mark.parametrize(
    ("said_on", "text"),
    [(20, "yes see you today"), (19, "yes c u tmrw"), (19, "yes, see you tomorrow"), (18, "see you day after tomorrow")],
)
def test_a_yes_to_the_day_that_was_told_confirms_it_however_near_it_is(said_on: int, text: str) -> None:
    told = Told(TOLD.start, TOLD.clinician, date(2026, 6, said_on))
    assert label(read(RULES, text, "en", told)) == "confirm"
