"""What Portuguese, Spanish, French, Romanian and Arabic refuse, keep and tell: what is said of a visit and what is not."""

from __future__ import annotations

import pytest

from engine.understanding import label, read
from evaluation.__main__ import reminder

RULES = reminder()


def meaning(language: str, text: str) -> str:
    return label(read(RULES, text, language, RULES.example))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "agora não consigo vir ao telefone"),
        ("pt", "não posso estar lá e aqui"),
        ("pt", "não quero que o meu marido saiba"),
        ("pt", "não posso com tanta coisa"),
        ("pt", "a minha vizinha desmarcou a dela"),
        ("es", "no puedo ponerme al teléfono"),
        ("es", "no puedo con tanto lío"),
        ("es", "no puedo con ustedes"),
        ("es", "mi vecina canceló su cita"),
        ("es", "no quiero que se enteren en casa"),
        ("fr", "je peux pas venir au téléphone là"),
        ("fr", "je peux pas être ici et là"),
        ("fr", "j'ai pas besoin de taxi"),
        ("fr", "on ne va pas se mentir"),
        ("ro", "nu pot ajunge la telefon"),
        ("ro", "n-am nevoie de taxi"),
        ("es", "otro día te cuento"),
        ("fr", "tu me raconteras une autre fois"),
        ("ar", "غير يوم بحكيلك"),
        ("es", "no puedo venir andando"),
        ("fr", "je peux pas venir à pied"),
        ("ro", "nu pot veni pe jos"),
        ("ar", "بنتي ما رح تجي عالغدا"),
        ("ro", "autobuzul nu merge la ora aia"),
        ("ar", "القطار ما بيجي"),
        ("ar", "ما بقدر كون هون وهناك"),
    ],
)
def test_a_refusal_of_something_else_changes_nothing(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "mixed", "question")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "não posso ir, o comboio não vem"),
        ("pt", "não vamos conseguir estar presentes"),
        ("pt", "não tenciono ir"),
        ("es", "no tengo intención de ir"),
        ("ro", "nu am de gând să vin"),
        ("ar", "تنازلت عن موعدي"),
        ("es", "paso de venir"),
        ("fr", "inutile de m'attendre"),
        ("fr", "nous ne pourrons pas être présents"),
        ("fr", "plus besoin de ce rendez-vous"),
        ("ro", "nu mai am nevoie de programare"),
        ("ro", "tăiați-mă de pe listă"),
        ("ar", "بطلت عايز الموعد"),
        ("ar", "بنتي ما رح تيجي"),
        ("ar", "ma ghadich nji"),
        ("ar", "mish ra7 a2dar eji"),
    ],
)
def test_a_refusal_of_the_visit_cancels_it(language: str, text: str) -> None:
    assert meaning(language, text) == "cancel"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "a confirmar"),
        ("pt", "pois sim, e eu sou a rainha"),
        ("es", "sí claro, y yo soy el papa"),
        ("es", "vale, nos vemos en el Lidl"),
        ("fr", "oui, et moi je suis le pape"),
        ("ro", "da, la paștele cailor"),
        ("ro", "ok, ne vedem la Kaufland"),
        ("ar", "سأحضر لكم القهوة"),
        ("ar", "اكيد باخدك الساعة ستة"),
    ],
)
def test_a_yes_in_jest_or_to_somebody_else_confirms_nothing(language: str, text: str) -> None:
    assert meaning(language, text) != "confirm"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "vou, mesmo que chova"),
        ("pt", "não tenho como faltar"),
        ("es", "allí estaré, salvo imprevistos"),
        ("es", "claro que voy, aunque nieve"),
        ("fr", "je viens, si tout va bien"),
        ("fr", "surtout n'annulez rien, je viens"),
        ("ro", "vin, dacă nu intervine nimic"),
        ("ro", "nu am cum să lipsesc"),
        ("ar", "جاي حتى لو شتت"),
        ("es", "a las 10 estoy allí"),
        ("fr", "à 10h je suis là"),
        ("ro", "totul e bine, vin"),
        ("pt", "não vejo motivo para cancelar"),
        ("pt", "não deem a minha vaga a ninguém"),
        ("es", "no den mi hueco a nadie"),
        ("fr", "hors de question d'annuler"),
        ("fr", "rien ne m'empêche d'y aller"),
        ("ro", "nici vorbă să anulez"),
        ("ar", "مستحيل الغي"),
    ],
)
def test_who_comes_whatever_happens_comes(language: str, text: str) -> None:
    assert meaning(language, text) == "confirm"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "O pai partiu no sábado"),
        ("pt", "a minha avó já não está entre nós"),
        ("es", "mi abuela ya no está con nosotros"),
        ("es", "no va a ir, Dios se la llevó"),
        ("fr", "ma grand-mère n'est plus parmi nous"),
        ("ro", "mama nu mai este"),
        ("ro", "bunicul nu mai e printre noi"),
        ("ro", "tata s-a stins aseară"),
        ("ar", "أبي ما عاد بيننا، الغوا الموعد"),
        ("ar", "baba mat embare7"),
        ("es", "cancelen, mi madre ya no está en este mundo"),
        ("ro", "nu mai vine, Dumnezeu s-o odihnească"),
    ],
)
def test_a_death_told_gently_or_beside_an_answer_is_heard(language: str, text: str) -> None:
    assert meaning(language, text) == "deceased"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "o pai partiu o braço"),
        ("pt", "o comboio partiu no horário"),
        ("es", "mi hijo nos dejó tirados"),
        ("fr", "ma soeur nous a quittés au parc"),
        ("ro", "s-a stins becul"),
        ("ro", "telefonul mi s-a stins"),
    ],
)
def test_who_leaves_or_what_goes_out_is_not_dead(language: str, text: str) -> None:
    assert meaning(language, text) not in ("deceased", "confirm", "cancel")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "não quero andar mais cá"),
        ("pt", "vou pôr fim a isto"),
        ("es", "no voy, todo se acaba hoy para mí"),
        ("fr", "je viens plus, tout s'arrête pour moi"),
        ("ro", "nu mai vin, îmi pun capăt zilelor"),
        ("ar", "رح انهي كل شي"),
        ("ar", "ma baddi 3ish"),
        ("pt", "não adianta, amanhã já não estou vivo"),
        ("es", "para qué, mañana no estaré vivo"),
        ("ar", "بكرا لن أكون عايش"),
    ],
)
def test_who_gives_up_more_than_the_visit_is_in_danger(language: str, text: str) -> None:
    assert meaning(language, text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "ça peut être un autre jour ?"),
        ("pt", "nessa quinta tenho o casamento da minha irmã"),
        ("es", "ese jueves tengo la comunión de mi hija"),
        ("fr", "ce jeudi j'ai le mariage de mon frère"),
        ("ar", "momken ta2jil la ba3d el 3id"),
        ("ar", "يا ريت تأخروه شهر"),
        ("pt", "dá para empurrar isto para a semana seguinte?"),
    ],
)
def test_another_day_is_asked_for(language: str, text: str) -> None:
    assert meaning(language, text) == "reschedule"
