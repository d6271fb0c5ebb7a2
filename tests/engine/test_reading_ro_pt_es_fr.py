"""Replies in Romanian, Portuguese, Spanish and French under the shipped ruleset: the plain ways of saying each thing,
and the turns that mean something else than their words."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.loader import load
from engine.ruleset import Ruleset
from engine.understanding import label, read

LANGUAGES = ("ro", "pt", "es", "fr")
SHIPPED = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
CHANGES = {"confirm", "reschedule", "cancel", "stop"}


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    ruleset = load(SHIPPED.read_text("utf-8"), SHIPPED.name, rehearse=False).ruleset
    assert ruleset is not None
    assert set(LANGUAGES) <= set(ruleset.languages)
    return ruleset


READ = [
    # Romanian, mostly without diacritics
    ("ro", "da, o sa vin", "confirm"),
    ("ro", "Nicio problemă, ajung", "confirm"),
    ("ro", "nu anulati programarea va rog", "confirm"),
    ("ro", "n-am cum sa ajung", "cancel"),
    ("ro", "nu mai am nevoie de programare", "cancel"),
    ("ro", "nu pot veni, se poate alta zi?", "reschedule"),
    ("ro", "mai bine luni", "reschedule"),
    ("ro", "anulati si reprogramati va rog", "reschedule"),
    ("ro", "a murit bunica, nu pot veni", "cancel"),
    ("ro", "Tatăl meu a murit luna trecută", "deceased"),
    ("ro", "nu pot sa respir", "urgent"),
    ("ro", "vreau să mă sinucid", "urgent"),
    ("ro", "vin dar intarzii 10 minute", "running_late"),
    ("ro", "am fost ieri la consultatie", "already_attended"),
    ("ro", "ati gresit numarul", "wrong_number"),
    ("ro", "nu-mi mai trimiteti mesaje", "stop"),
    ("ro", "puteti confirma ora?", "question"),
    ("ro", "mersi mult", "thanks"),
    # Portuguese, of Brazil and of Portugal
    ("pt", "com ctz, vou sim", "confirm"),
    ("pt", "não vou faltar", "confirm"),
    ("pt", "não precisa remarcar", "confirm"),
    ("pt", "vou no dia 20", "confirm"),
    ("pt", "n vou poder ir", "cancel"),
    ("pt", "pode desmarcar pfv", "cancel"),
    ("pt", "já não preciso da consulta", "cancel"),
    ("pt", "não dá pra mim nesse dia, tem outro?", "reschedule"),
    ("pt", "esse dia não me dá jeito", "reschedule"),
    ("pt", "cancela e marca outro dia pf", "reschedule"),
    ("pt", "meu tio faleceu e preciso remarcar", "reschedule"),
    ("pt", "o paciente faleceu em março", "deceased"),
    ("pt", "tô com falta de ar", "urgent"),
    ("pt", "não quero mais viver", "urgent"),
    ("pt", "vou chegar um pouco atrasada", "running_late"),
    ("pt", "já fui semana passada", "already_attended"),
    ("pt", "esse número não é dela", "wrong_number"),
    ("pt", "n quero mais msg", "stop"),
    ("pt", "o q preciso levar", "question"),
    ("pt", "vlw", "thanks"),
    # Spanish
    ("es", "claro q si, ahi estare", "confirm"),
    ("es", "sin problema, voy", "confirm"),
    ("es", "no quiero cancelar la cita", "confirm"),
    ("es", "si Dios quiere allí estaremos", "confirm"),
    ("es", "no puedo", "cancel"),
    ("es", "ya no la necesito", "cancel"),
    ("es", "no puedo ese dia pero puedo la semana que viene", "reschedule"),
    ("es", "cambien la cita si es posible", "reschedule"),
    ("es", "cancelar y darme otra cita", "reschedule"),
    ("es", "murió mi tío y no puedo ir", "cancel"),
    ("es", "mi padre falleció en enero", "deceased"),
    ("es", "me duele mucho el pecho", "urgent"),
    ("es", "me quiero morir", "urgent"),
    ("es", "llego 10 min tarde", "running_late"),
    ("es", "ya me atendieron ayer", "already_attended"),
    ("es", "se ha equivocado de número", "wrong_number"),
    ("es", "dejen de mandarme mensajes", "stop"),
    ("es", "¿tengo que ir en ayunas?", "question"),
    ("es", "muxas gracias", "thanks"),
    # French
    ("fr", "ouais c bon pr moi", "confirm"),
    ("fr", "pas de souci, j'y serai", "confirm"),
    ("fr", "n'annulez pas svp", "confirm"),
    ("fr", "ça me va", "confirm"),
    ("fr", "j'peux pas", "cancel"),
    ("fr", "j'annule", "cancel"),
    ("fr", "je n'en ai plus besoin", "cancel"),
    ("fr", "annuler et reprendre un autre rdv", "reschedule"),
    ("fr", "je travaille ce jour la, avez vous une autre date", "reschedule"),
    ("fr", "ça me convient pas ce jour", "reschedule"),
    ("fr", "ma grand-mère est morte, je ne peux pas venir", "cancel"),
    ("fr", "monsieur nous a quittés", "deceased"),
    ("fr", "j'arrive pas à respirer", "urgent"),
    ("fr", "je veux en finir", "urgent"),
    ("fr", "j'arrive dans 10 minutes", "running_late"),
    ("fr", "j'y suis allée hier", "already_attended"),
    ("fr", "vous vous trompez de numéro", "wrong_number"),
    ("fr", "ne m'envoyez plus de sms", "stop"),
    ("fr", "c'est où ?", "question"),
    ("fr", "mrc", "thanks"),
]


@pytest.mark.parametrize(("language", "text", "meaning"), READ)
def test_a_reply_is_read_as_a_speaker_means_it(ruleset: Ruleset, language: str, text: str, meaning: str) -> None:
    assert label(read(ruleset, text, language)) == meaning


UNSETTLED = [
    ("ro", "nu"),
    ("ro", "nu multumesc"),
    ("ro", "nu confirm"),
    ("ro", "vin daca ma aduce cineva"),
    ("ro", "am anulat deja ieri"),
    ("ro", "anulati pentru fiul meu, pentru mine nu"),
    ("ro", "am analize de sange"),
    ("ro", "mor de foame"),
    ("pt", "não"),
    ("pt", "não confirmo"),
    ("pt", "vou se conseguir folga"),
    ("pt", "acho que sim"),
    ("pt", "posso cancelar?"),
    ("pt", "cancela a do meu filho, a minha não"),
    ("pt", "morto de sono"),
    ("es", "no"),
    ("es", "no confirmo"),
    ("es", "voy si me dan permiso"),
    ("es", "creo que no podré"),
    ("es", "la semana que viene"),
    ("es", "me da igual"),
    ("es", "me muero de ganas"),
    ("fr", "non"),
    ("fr", "non merci"),
    ("fr", "pas confirmé"),
    ("fr", "je viendrai si je trouve une voiture"),
    ("fr", "je viens de recevoir votre message"),
    ("fr", "je dois garder mes enfants"),
    ("fr", "oui pour moi, annulez celui de mon fils"),
    ("fr", "mort de rire"),
]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("language", "text"), UNSETTLED)
def test_what_settles_nothing_changes_nothing(ruleset: Ruleset, language: str, text: str, known: bool) -> None:
    """Whether or not the hospital's record names the language that the patient writes."""
    meaning = label(read(ruleset, text, language if known else ""))

    assert meaning not in CHANGES | {"deceased", "urgent", "wrong_number"}


@pytest.mark.parametrize(
    ("text", "languages"),
    [("no confirmo", ("es", "pt")), ("la semana que viene", ("es", "fr")), ("sin confirmar", ("es", "pt"))],
)
def test_a_word_of_two_languages_is_no_answer_in_either(ruleset: Ruleset, text: str, languages: tuple[str, ...]) -> None:
    for language in languages:
        assert label(read(ruleset, text, language)) not in CHANGES
