"""Arabic and Irish replies under the shipped rules: the forms that five regions and three dialects use, and the traps."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.loader import load
from engine.reading import MIXED, UNKNOWN
from engine.ruleset import Ruleset
from engine.understanding import label, read

SHIPPED = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
HANDED_OVER = {UNKNOWN, MIXED, "question"}


@pytest.fixture(scope="module")
def rules() -> Ruleset:
    loaded = load(SHIPPED.read_text("utf-8"), rehearse=False).ruleset
    assert loaded is not None
    return loaded


def meaning(rules: Ruleset, language: str, text: str) -> str:
    return label(read(rules, text, language))


ARABIC = [
    ("نعم", "confirm"),
    ("نَعَم سَأَحضُر وشكراً", "confirm"),  # with vowel signs, "and" joined to its word
    ("نعـــم", "confirm"),
    ("السلام عليكم ورحمة الله وبركاته، نعم سأحضر", "confirm"),  # a greeting that holds what the bereaved say
    ("ايوا جاي ان شاء الله", "confirm"),
    ("هكون موجود الساعه ١٠", "confirm"),
    ("na3am, ra7 eji inshallah", "confirm"),
    ("لا تلغوا الموعد سأحضر", "confirm"),
    ("ما بدي الغي الموعد", "confirm"),
    ("أرجو عدم إلغاء موعدي", "confirm"),
    ("لا أستطيع الحضور", "cancel"),
    ("لا والله ما بقدر اجي", "cancel"),
    ("مقدرش احضر", "cancel"),
    ("مو جاية", "cancel"),
    ("ma ba2dar aji", "cancel"),
    ("msh 2ader aji sorry", "cancel"),
    ("بدي الغي الموعد", "cancel"),
    ("هل يمكن تأجيل الموعد؟", "reschedule"),
    ("الوقت لا يناسبني", "reschedule"),
    ("توفي والدي ولا أستطيع الحضور بسبب العزاء", "cancel"),  # a death told as the reason
    ("أعطوا موعدي لشخص آخر", "cancel"),
    ("في أي ساعة؟", "question"),
    ("هل تم إلغاء الموعد؟", "question"),
    ("لا أستطيع الحضور، أرجو تحديد موعد آخر", "reschedule"),
    ("الله يعطيك العافية", "thanks"),
    ("الله يرحم والديك", "thanks"),  # Maghrebi for "thank you", literally "God rest your parents"
    ("رح اتأخر ربع ساعة", "running_late"),
    ("حضرت الموعد الأسبوع الماضي", "already_attended"),
    ("لا ترسلوا لي رسائل", "stop"),
    ("هذا ليس رقم محمد", "wrong_number"),
    ("شفيت الحمد لله ولم أعد بحاجة إلى الموعد", "cancel"),
    ("توفي المريض الله يرحمه", "deceased"),
    ("انتقلت امي الى رحمة الله، ارجو إلغاء الموعد", "deceased"),
    ("ألم شديد في صدري", "urgent"),
    ("مش قادر اتنفس", "urgent"),
    ("بدي موت", "urgent"),
    ("اخدت حبوب كتيرة", "urgent"),
]

IRISH = [
    ("tá", "confirm"),
    ("Beidh mé ann", "confirm"),
    ("beidh me ann le cunamh de", "confirm"),
    ("Bead ann", "confirm"),
    ("Oireann an t-am sin go breá dom", "confirm"),
    ("yes beidh mé ann", "confirm"),
    ("Na cealaigh e, beidh me ann", "confirm"),
    ("Níl mé ag iarraidh é a chealú", "confirm"),
    ("ba mhaith liom an choinne a choinneáil", "confirm"),
    ("ni bheidh me in ann teacht", "cancel"),
    ("Tá brón orm ach ní bheidh mé ábalta teacht", "cancel"),
    ("Cha dtig liom a bheith ann", "cancel"),
    ("Caithfidh mé an choinne a chealú", "cancel"),
    ("Ní theastaíonn an choinne uaim", "cancel"),
    ("An féidir an choinne a athrú?", "reschedule"),
    ("Ní fheileann an lá sin dom", "reschedule"),
    ("Cealaigh é agus tabhair lá eile dom", "reschedule"),
    ("Conas a chealaím an choinne?", "question"),
    ("Scairt orm", "question"),
    ("grma", "thanks"),
    ("Beidh mé cúig nóiméad déanach", "running_late"),
    ("Bhí mé ann inné", "already_attended"),
    ("Ná seol a thuilleadh téacsanna chugam", "stop"),
    ("Ní mise Máire", "wrong_number"),
    ("Fuair m'athair bás", "deceased"),
    ("Ar dheis Dé go raibh a anam", "deceased"),
    ("ta pian uafasach i mo bhrollach", "urgent"),
    ("Ba mhaith liom lámh a chur i mo bhás féin", "urgent"),
    ("níl mé ag iarraidh maireachtáil", "urgent"),
]


@pytest.mark.parametrize(("text", "wanted"), ARABIC)
def test_arabic_is_understood(rules: Ruleset, text: str, wanted: str) -> None:
    assert meaning(rules, "ar", text) == wanted


@pytest.mark.parametrize(("text", "wanted"), IRISH)
def test_irish_is_understood(rules: Ruleset, text: str, wanted: str) -> None:
    assert meaning(rules, "ga", text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "لا",
        "لا شكرا",
        "la shukran",
        "ما فهمت",
        "مش عارف لسه",
        "ربما",
        "يمكن اجي",
        "لو قدرت",
        "سأحضر إن استطعت",
        "لا أظن أنني سأحضر",
        "نسيت أحضر",
        "لم أطلب إلغاء الموعد",
        "لا داعي لتغيير الموعد، متى هو؟",
        "توفيت خالتي",
        "بموت من الضحك",
        "عزيزي العميل رصيدك على وشك الانتهاء",
    ],
)
def test_arabic_that_is_not_certain_is_never_acted_on(rules: Ruleset, text: str) -> None:
    assert meaning(rules, "ar", text) in HANDED_OVER | {"thanks"}


@pytest.mark.parametrize(
    "text",
    [
        "Níl",
        "Ní hea",
        "Níl mé cinnte",
        "b'fhéidir go mbeidh mé ann",
        "Beidh mé ann má bhíonn an aimsir go maith",
        "ní bheidh mé déanach",
        "ní dúirt mé go mbeidh mé ann",
        "Is maith liom cáca milis",
        "Tá mé tinn",
        "Ní thuigim",
        "fuair m'uncail bás",
        "as oifig go dtí Dé Luain",
    ],
)
def test_irish_that_is_not_certain_is_never_acted_on(rules: Ruleset, text: str) -> None:
    assert meaning(rules, "ga", text) in HANDED_OVER


def test_ta_is_thanks_in_english_and_yes_in_irish(rules: Ruleset) -> None:
    assert meaning(rules, "en", "ta") == "thanks"
    assert meaning(rules, "ga", "ta") == "confirm"


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("تأكيد الموعد", "تاكيد الموعد"),  # hamza
        ("إلغاء الموعد", "الغاء الموعد"),
        ("متى الموعد؟", "متي الموعد?"),  # final ya, question mark
        ("متأخر ١٥ دقيقة", "متاخر 15 دقيقه"),  # figures, ta marbuta
        ("متأخر ۱۵ دقیقة", "متاخر 15 دقيقه"),  # Persian keyboard
        ("\u200fنعم\u200f", "نعم"),
    ],
)
def test_the_ways_to_write_an_arabic_letter_are_one(rules: Ruleset, written: str, same: str) -> None:
    assert read(rules, written, "ar").intent == read(rules, same, "ar").intent != UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "ní thiocfaidh mé liom féin, tiocfaidh mo mhac liom",
        "ní féidir liom teacht chuig an bhfón",
        "ní féidir liom teacht ar an áit",
        "ní rachaidh mé leis sin",
    ],
)
def test_an_irish_refusal_of_something_else_is_never_acted_on(rules: Ruleset, text: str) -> None:
    assert meaning(rules, "ga", text) in {UNKNOWN, MIXED, "question"}


@pytest.mark.parametrize("text", ["cealaigh é, ní féidir liom teacht liom féin", "ní bheidh mé ann, níl carr agam"])
def test_an_irish_refusal_with_its_reason_stays_one(rules: Ruleset, text: str) -> None:
    assert meaning(rules, "ga", text) == "cancel"
