"""Whole sentences of the languages beside English, and what may stand beside a yes in them."""

from __future__ import annotations

import pytest

from engine.understanding import label, read
from evaluation.__main__ import reminder

RULES = reminder()


def meaning(language: str, text: str) -> str:
    return label(read(RULES, text, language, RULES.example))


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("pl", "oczywiście będziemy oboje z mężem", "confirm"),
        ("pl", "proszę nie skreślać mnie z listy, będę", "confirm"),
        ("pl", "20 nie dam rady ale 22 tak", "reschedule"),
        ("pl", "a może jest coś po południu w lipcu?", "reschedule"),
        ("pl", "proszę oddać mój termin komuś innemu", "cancel"),
        ("pl", "jestem już pod szpitalem ale nie ma gdzie zaparkować", "running_late"),
        ("pl", "mam to już za sobą", "already_attended"),
        ("pl", "ten numer nie należy już do pani Anny", "wrong_number"),
        ("uk", "син буде, я його привезу", "confirm"),
        ("uk", "20 ніяк але 22 буду", "reschedule"),
        ("uk", "викресліть мене зі списку", "cancel"),
        ("uk", "я біля лікарні не можу знайти де припаркуватись", "running_late"),
        ("uk", "я вже все пройшла", "already_attended"),
        ("es", "allí estaremos los dos sin falta", "confirm"),
        ("es", "me va bien el 20", "confirm"),
        ("es", "me la pueden cambiar para la semana que viene", "reschedule"),
        ("es", "den mi cita a otra persona por favor", "cancel"),
        ("es", "ya estoy fuera pero no encuentro dónde aparcar", "running_late"),
        ("es", "aquí no vive ninguna Carmen", "wrong_number"),
        ("fr", "ne m'enlevez pas, je serai là", "confirm"),
        ("fr", "vous avez quelque chose l'après-midi ?", "reschedule"),
        ("fr", "donnez ma place à quelqu'un d'autre svp", "cancel"),
        ("fr", "je suis devant mais je trouve pas de place pour me garer", "running_late"),
        ("fr", "il n'y a pas de Carmen ici", "wrong_number"),
        ("pt", "o dia 20 está ótimo pra mim", "confirm"),
        ("pt", "dia 20 não vai rolar", "reschedule"),
        ("pt", "passem a minha consulta a outra pessoa", "cancel"),
        ("pt", "este número é de um restaurante", "wrong_number"),
        ("ro", "data de 20 îmi convine perfect", "confirm"),
        ("ro", "dați locul meu altcuiva", "cancel"),
        ("ro", "sunt deja afară dar nu găsesc loc de parcare", "running_late"),
        ("ro", "ok ajung", "confirm"),
        ("lt", "ateisim abu su žmona tikrai", "confirm"),
        ("lt", "atiduokite mano laiką kitam", "cancel"),
        ("lt", "ar galite perkelti į kitą savaitę", "reschedule"),
        ("ga", "beidh mo mháthair ann ar an 20", "confirm"),
        ("ga", "an mbeadh aon rud agaibh tráthnóna?", "reschedule"),
        ("ga", "tabhair mo choinne do dhuine éigin eile", "cancel"),
        ("ar", "امي رح تجي يوم 20", "confirm"),
        ("ar", "اعطوا دوري لحدا تاني", "cancel"),
        ("ar", "ممكن نغيره للاسبوع الجاي", "reschedule"),
        ("ar", "انا برا بس مش لاقي موقف", "running_late"),
        ("es", "mi papá dice que va sin problema", "confirm"),
        ("fr", "on est retardés par un accident sur l'autoroute", "running_late"),
        ("lt", "šitą tyrimą dariau praeitą savaitę", "already_attended"),
        ("uk", "його більше немає з нами, не пишіть", "deceased"),
    ],
)
def test_a_whole_sentence_is_understood(language: str, text: str, wanted: str) -> None:
    assert meaning(language, text) == wanted


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "zjawię się na pewno bo długo czekałam na ten termin"),
        ("pl", "potwierdzam, wzięłam wolne, przyjadę autobusem"),
        ("es", "sí voy, ya pedí permiso en el trabajo"),
        ("fr", "oui je serai là, j'ai posé ma journée"),
        ("pt", "vou sim, já pedi folga, meu marido me leva"),
        ("lt", "būsiu, jau pasiėmiau laisvadienį"),
        ("ga", "beidh mé ann, tá lá saor tógtha agam"),
        ("ar", "نعم رح احضر، اخدت اجازة من الشغل"),
        ("uk", "прийду обов'язково бо довго чекала"),
        ("uk", "прийду, чоловік відпросився і мене привезе"),
    ],
)
def test_a_reason_takes_no_yes_back(language: str, text: str) -> None:
    assert meaning(language, text) == "confirm"


@pytest.mark.parametrize(
    ("language", "text", "never"),
    [
        ("pl", "będę w domu o 18, kup chleb", "confirm"),
        ("pl", "przywiozę dzieci w piątek", "confirm"),
        ("pl", "kurczę nie wyrobię się 20go", "confirm"),
        ("pl", "będę w pracy do 15", "confirm"),
        ("pl", "nikt nie umarł", "deceased"),
        ("es", "estaré en casa a las 6, trae pan", "confirm"),
        ("es", "está bien", "cancel"),
        ("es", "me viene bien a las 10", "reschedule"),
        ("fr", "on s'est trompé de bus", "wrong_number"),
        ("fr", "C'est où ?", "reschedule"),
        ("fr", "personne n'est mort", "deceased"),
        ("pt", "tá bom", "cancel"),
        ("pt", "chego às sete, apanha-me na estação", "confirm"),
        ("pt", "ninguém morreu", "deceased"),
        ("ro", "plec acum din Constanța, ajung pe seară", "confirm"),
        ("ro", "nu a murit nimeni", "deceased"),
        ("ro", "unchiul meu a murit de infarct, să mă îngrijorez?", "urgent"),
        ("lt", "atsisakau vizito", "confirm"),
        ("lt", "būsiu septintą, pasiimk mane iš stoties", "confirm"),
        ("lt", "niekas nemirė", "deceased"),
        ("ga", "tá go maith", "cancel"),
        ("ga", "ní bhfuair aon duine bás", "deceased"),
        ("ar", "تمام", "cancel"),
        ("ar", "ما بقدر ما اجي", "confirm"),
        ("ar", "ما حدا مات", "deceased"),
        ("pl", "lepiej", "cancel"),
        ("uk", "можна", "reschedule"),
        ("uk", "тут", "wrong_number"),
        ("es", "ya estoy bien", "cancel"),
        ("es", "voy a las 10", "running_late"),
        ("ro", "ora", "confirm"),
        ("lt", "nuimkit šitą vizitą, jau pasidariau Lietuvoje", "urgent"),
        ("uk", "приїду в неділю до мами", "confirm"),
        ("uk", "можливо", "reschedule"),
        ("uk", "краще п'ятниця, грає Динамо", "reschedule"),
    ],
)
def test_what_only_sounds_like_a_sentence_is_none(language: str, text: str, never: str) -> None:
    assert meaning(language, text) != never
