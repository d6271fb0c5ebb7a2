"""What replies in Polish, Ukrainian (and the Russian and mixed speech of its speakers) and Lithuanian are read as: by what
the languages' own files say, without a phrase of the ruleset."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.loader import load
from engine.reading import MIXED, UNKNOWN
from engine.ruleset import Ruleset
from engine.understanding import label, read

SHIPPED = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
HANDED_OVER = {UNKNOWN, MIXED, "question"}


def shipped() -> Ruleset:
    ruleset = load(SHIPPED.read_text("utf-8"), rehearse=False).ruleset
    assert ruleset is not None
    return ruleset


RULES = shipped()


def meaning(text: str, language: str) -> str:
    return label(read(RULES, text, language))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Tak, będę.", "confirm"),
        ("bede na pewno, dziekuje", "confirm"),
        ("potwiedzam wizyte", "confirm"),
        ("Nie ma problemu, przyjdę z córką", "confirm"),
        ("Proszę nie odwoływać mojej wizyty", "confirm"),
        ("odwołuję", "cancel"),
        ("Niestety nie dam rady przyjść", "cancel"),
        ("Nie, nie przyjdę", "cancel"),
        ("Czy można prosić o inny termin?", "reschedule"),
        ("nie pasuje mi ten dzień", "reschedule"),
        ("może poniedziałek?", "reschedule"),
        ("Tkwię w korku, spóźnię się", "running_late"),
        ("już byłam u lekarza", "already_attended"),
        ("dzieki za przypomnienie", "thanks"),
        ("To nie ja, pomyłka", "wrong_number"),
        ("mąż nie żyje", "deceased"),
        ("boli mnie w klatce piersiowej", "urgent"),
        ("nie chce mi się żyć", "urgent"),
        ("nie piszcie do mnie więcej", "stop"),
        ("Czy muszę być na czczo?", "question"),
        ("prosze oddzwonic", "question"),
    ],
)  # fmt: skip
def test_polish_is_understood(text: str, wanted: str) -> None:
    assert meaning(text, "pl") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Так, буду", "confirm"),
        ("так обовязково прийдемо", "confirm"),
        ("Да, конечно", "confirm"),
        ("tak, budu", "confirm"),
        ("Не відміняйте, ми прийдемо", "confirm"),
        ("Нет проблем, приду", "confirm"),
        ("Відмініть запис, будь ласка", "cancel"),
        ("отмените пожалуйста", "cancel"),
        ("на жаль не зможу", "cancel"),
        ("ne pryidu", "cancel"),
        ("Чи можна перенести на інший день?", "reschedule"),
        ("можно попозже?", "reschedule"),
        ("краще у вівторок", "reschedule"),
        ("запізнююсь, стою в пробці", "running_late"),
        ("уже был на приеме", "already_attended"),
        ("щиро дякую, гарного дня", "thanks"),
        ("Вы ошиблись номером", "wrong_number"),
        ("чоловік помер у травні", "deceased"),
        ("мені дуже болить у грудях", "urgent"),
        ("жить не хочу", "urgent"),
        ("Не присылайте больше сообщений", "stop"),
        ("О котрій годині?", "question"),
        ("перезвоніть мені", "question"),
    ],
)  # fmt: skip
def test_ukrainian_russian_and_what_lies_between_are_understood(text: str, wanted: str) -> None:
    assert meaning(text, "uk") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Taip, būsiu", "confirm"),
        ("labas, ateisiu laiku", "confirm"),
        ("patvirtnu vizita", "confirm"),
        ("Neatšaukite, atvyksiu", "confirm"),
        ("nevėluosiu, būsiu laiku", "confirm"),
        ("Atšaukite vizitą prašau", "cancel"),
        ("negalesiu atvykti", "cancel"),
        ("neateisim", "cancel"),
        ("vizito nebereikia", "cancel"),
        ("Ar galima kita diena?", "reschedule"),
        ("penktadienį negaliu", "reschedule"),
        ("prašau perkelti", "reschedule"),
        ("Vėluoju, kamštis", "running_late"),
        ("vizitas jau įvyko", "already_attended"),
        ("aciu uz priminima", "thanks"),
        ("Aš ne Jonas", "wrong_number"),
        ("tėtis mirė balandį", "deceased"),
        ("spaudžia krūtinę", "urgent"),
        ("nebenoriu gyventi", "urgent"),
        ("Nebesiųskite man žinučių", "stop"),
        ("Ką pasiimti su savimi?", "question"),
        ("paskambinkite man", "question"),
    ],
)  # fmt: skip
def test_lithuanian_is_understood(text: str, wanted: str) -> None:
    assert meaning(text, "lt") == wanted


@pytest.mark.parametrize(
    ("language", "text"),
    [
        # a no to three choices, and words that are half a yes
        ("pl", "nie"),
        ("pl", "nie dziękuję"),
        ("pl", "no"),
        ("pl", "chyba tak"),
        ("uk", "ні"),
        ("uk", "нет спасибо"),
        ("uk", "мабуть так"),
        ("lt", "ne"),
        ("lt", "Ne, ačiū"),
        ("lt", "gal"),
        # "will be" followed by what one will be doing
        ("pl", "będę dzwonić"),
        ("pl", "będę w pracy"),
        ("uk", "буду працювати"),
        ("uk", "буду вдома"),
        ("lt", "būsiu darbe"),
        # a condition, another hour, a doubt
        ("pl", "Tak, ale o 11"),
        ("pl", "przyjdę jeśli dostanę wolne"),
        ("uk", "Так, але пізніше"),
        ("uk", "не впевнена що прийду"),
        ("uk", "навряд чи прийду"),
        ("pl", "wątpię, czy przyjdę"),
        ("lt", "vargu ar ateisiu"),
        ("lt", "Taip, bet vėliau"),
        ("lt", "ateisiu, jei pasveiksiu"),
        # contraries in one word and run together
        ("pl", "niepotwierdzam"),
        ("uk", "Не підтверджую"),
        ("uk", "непідтверджую"),
        ("lt", "Nepatvirtinu"),
        ("lt", "nesutinku"),
        ("lt", "pasikeitė planai"),
        # an ok to something else
        ("pl", "ok kupię mleko"),
        ("uk", "ок скину потім"),
        # what holds a key and asks, refuses or speaks of something else
        ("pl", "Czy wizyta jest odwołana?"),
        ("pl", "odwołuję taksówkę"),
        ("pl", "nie szukam innego terminu"),
        ("uk", "як скасувати запис?"),
        # one for the writer and another for somebody else, where the letter looks like a word
        ("pl", "Y dla mnie, męża odwołać"),
        ("uk", "Y для мене, а чоловіку відмініть"),
        ("uk", "Y, мамину скасуйте"),
        ("uk", "раніше я пила інші ліки"),
        ("lt", "kada kitas vizitas?"),
        ("lt", "nereikia kito laiko"),
        # a bare reason, an automatic answer
        ("pl", "jestem chora"),
        ("uk", "не можу зараз говорити"),
        ("lt", "Negaliu kalbėti, vairuoju"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("own", ["theirs", "en"])
def test_what_is_not_certain_goes_to_a_person(language: str, text: str, own: str) -> None:
    assert meaning(text, language if own == "theirs" else own) in HANDED_OVER


@pytest.mark.parametrize(
    ("language", "text", "never"),
    [
        ("pl", "Umieram z ciekawości co powie lekarz", "urgent"),
        ("pl", "telefon mi umarł, przepraszam", "deceased"),
        ("pl", "umarł mi wujek, nie przyjdę", "deceased"),
        ("pl", "proszę wypisać receptę", "stop"),
        ("pl", "nie wysyłajcie skierowania", "stop"),
        ("uk", "помираю від нетерпіння", "urgent"),
        ("uk", "бабуся померла, не можу прийти", "deceased"),
        ("uk", "прийду раніше ніж о 10", "urgent"),
        ("uk", "у мене новий номер", "wrong_number"),
        ("lt", "mirštu iš smalsumo", "urgent"),
        ("lt", "Mirė močiutė, negalėsiu atvykti", "deceased"),
        ("lt", "ištrinkite vizitą", "stop"),
        ("lt", "atvažiuoju", "cancel"),
    ],
)  # fmt: skip
def test_alarming_words_that_alarm_nobody(language: str, text: str, never: str) -> None:
    assert meaning(text, language) != never


@pytest.mark.parametrize(
    ("language", "text"),
    [("pl", "Zmarła mi babcia, czy mogę przełożyć?"), ("lt", "senelio laidotuvės, ar galima kita diena")],
)
def test_a_funeral_in_the_family_is_a_reason_to_move(language: str, text: str) -> None:
    assert meaning(text, language) == "reschedule"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "Nie mogę przyjść, proszę o nowy termin"),
        ("uk", "Не можу прийти, запишіть на інший день"),
        ("lt", "Negalėsiu atvykti, ar galima perkelti?"),
        ("pl", "Proszę odwołać i umówić mnie na inny termin"),
        ("uk", "скасуйте і запишіть на липень"),
    ],
)
def test_a_refusal_with_a_wish_is_the_wish(language: str, text: str) -> None:
    assert meaning(text, language) == "reschedule"


@pytest.mark.parametrize(
    ("language", "text"),
    [("pl", "Żona zmarła, proszę odwołać"), ("uk", "мама померла, вона не прийде"), ("lt", "mama mirė, ji neatvyks")],
)
def test_a_death_outranks_the_cancelling_beside_it(language: str, text: str) -> None:
    assert meaning(text, language) == "deceased"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "sama nie przyjdę, syn mnie zawiezie"),
        ("pl", "nie dam rady sam dojechać"),
        ("pl", "nie przyjadę pociągiem"),
        ("pl", "nie mogę dojść do telefonu"),
        ("pl", "nie mogę tego odczytać"),
        ("pl", "nie potrzebuję podwózki"),
        ("uk", "сам не приїду, дружина привезе"),
        ("uk", "не можу дійти до телефону"),
        ("uk", "не могу разобрать почерк"),
        ("uk", "не прийду без довідки"),
        ("lt", "vienas neatvažiuosiu, žmona atveš"),
        ("lt", "negaliu prieiti prie telefono"),
        ("lt", "neatvažiuosiu traukiniu"),
        ("lt", "negaliu perskaityti sms"),
    ],
)
def test_a_refusal_of_how_somebody_comes_or_of_something_else_goes_to_a_person(language: str, text: str) -> None:
    assert meaning(text, language) in HANDED_OVER


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "nie przyjdę bo jestem sama z dziećmi"),
        ("pl", "proszę odwołać, sama nie dam rady dojechać"),
        ("pl", "nie dam rady przyjść, nie mam samochodu"),
        ("uk", "не прийду, бо сама з дитиною"),
        ("uk", "не зможу приїхати, машина зламалась"),
        ("lt", "neateisiu, nes viena su vaikais"),
        ("lt", "negalėsiu atvykti, sugedo mašina"),
    ],
)
def test_the_same_words_as_the_reason_for_it_leave_it_a_refusal(language: str, text: str) -> None:
    assert meaning(text, language) == "cancel"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "proszę przełożyć, tata nie może złapać tchu"),
        ("pl", "żona leży i nie reaguje, nie przyjdziemy"),
        ("uk", "перенесіть, дружина не може дихати"),
        ("uk", "отнялись ноги, не приду"),
        ("lt", "perkelkit, žmona negali kvėpuoti"),
    ],
)
def test_danger_of_somebody_close_outranks_the_answer_beside_it(language: str, text: str) -> None:
    assert meaning(text, language) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "nie przyjdziemy na święta"),
        ("pl", "nie będzie nas na chrzcinach"),
        ("uk", "не приїдемо на свята"),
        ("lt", "neatvažiuosim per kalėdas"),
    ],
)
def test_a_feast_that_nobody_comes_to_is_no_visit(language: str, text: str) -> None:
    assert meaning(text, language) in HANDED_OVER


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("pl", "nie inaczej", "confirm"),
        ("pl", "da się to popchnąć o tydzień?", "reschedule"),
        ("uk", "буду, куди ж я дінусь", "confirm"),
        ("lt", "neturiu nieko prieš, tinka", "confirm"),
        ("lt", "užleidžiu vietą kitiems", "cancel"),
    ],
)
def test_turns_of_phrase_of_the_three_are_understood(language: str, text: str, wanted: str) -> None:
    assert meaning(text, language) == wanted
