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
        ("en", "Have my godson's confirmation that day"),
        ("en", "I can make it as far as Athlone only"),
        ("en", "the twenty first is fine"),
        ("en", "yes, the twenty-second"),
        ("en", "see you in July"),
        ("en", "make it July"),
        ("pl", "do zobaczenia w lipcu"),
        ("fr", "ok en juillet"),
        ("en", "20th fine, 27th no good"),
        ("en", "yes 11"),
        ("en", "Yes for 11"),
        ("en", "yes eleven"),
        ("en", "11ish yes"),
        ("en", "will be in for 11"),
        ("en", "yes quarter to 10"),
        ("en", "yes 11 30"),
        ("en", "yes noon"),
        ("en", "ok 12 noon"),
        ("en", "yes afternoon"),
        ("en", "see you lunchtime"),
        ("en", "yes on Wed"),
        ("en", "grand see you weds"),
        ("en", "see you Fri"),
        ("en", "yes 22"),
        ("pl", "tak 11"),
        ("pl", "tak w śr"),
        ("es", "si 11"),
        ("fr", "oui 11"),
        ("uk", "так 11"),
        ("uk", "так п'ятниця"),
        ("en", "так п'ятниця"),
        ("ro", "da 11"),
        ("ro", "da, vin luni la clinica"),
        ("ar", "نعم سأحضر الجمعة ان شاء الله"),
        ("pt", "sim 11"),
        ("pt", "sim sexta-feira"),
        ("pt", "sim, na sexta"),
        ("lt", "taip 11"),
        ("ga", "beidh mé ann Dé hAoine"),
        ("ga", "beidh mé ann 11"),
        ("ar", "نعم 11"),
        ("ar", "نعم ١١"),
    ],
)
def test_a_yes_to_another_hour_or_day_confirms_nothing(language: str, text: str) -> None:
    assert meaning(text, language) != "confirm"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "yes 10"),
        ("en", "see you in June"),
        ("en", "yes, waiting since October"),
        ("pl", "tak, w czerwcu ok"),
        ("en", "yes ten"),
        ("en", "10ish yes"),
        ("en", "yes 20"),
        ("en", "yes morning"),
        ("en", "see you sat"),
        ("en", "I sat on it yes"),
        ("en", "yes, 2 of us"),
        ("pl", "tak 10"),
        ("en", "the twentieth is fine"),
        ("en", "I'll be there on the twentieth of June"),
        ("pl", "tak w sob"),
        ("fr", "oui samedi"),
        ("uk", "так субота"),
        ("ga", "beidh mé ann Dé Sathairn"),
        ("ar", "نعم 10"),
        ("ro", "da, vin"),
        ("pt", "sim sábado"),
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
