"""What a text says where the record that fills its placeholders holds nothing."""

from __future__ import annotations

from collections.abc import Mapping


def _words(clinic: str, hospital: str, patient: str, guess: str) -> Mapping[str, str]:
    return {
        "clinician": clinic, "clinic": clinic, "place": hospital, "hospital": hospital, "phone": hospital,
        "first_name": patient, "guess": guess,
    }  # fmt: skip


# Chosen to stand after the prepositions that texts use ("with", "le", "avec"), and by themselves.
BLANKS: Mapping[str, Mapping[str, str]] = {
    "en": _words("the clinic", "the hospital", "patient", "something else"),
    "ga": {
        **_words("foireann an chlinic", "an ospidéal", "a chara", "rud eile"),
        "hospital": "foireann an ospidéil",
    },
    "pl": _words("przychodnia", "szpital", "Szanowni Państwo", "coś innego"),
    "uk": _words("клініка", "лікарня", "пацієнте", "щось інше"),
    "ro": _words("clinică", "spital", "pacient", "altceva"),
    "pt": _words("a clínica", "o hospital", "paciente", "outra coisa"),
    "es": _words("la clínica", "el hospital", "paciente", "otra cosa"),
    "fr": _words("la clinique", "l'hôpital", "patient", "autre chose"),
    "lt": _words("klinika", "ligoninė", "paciente", "kas nors kita"),
    "ar": _words("العيادة", "المستشفى", "المريض", "شيء آخر"),
}
