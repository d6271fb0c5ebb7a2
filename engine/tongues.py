"""A reply that asks to be written to in another language: “po polsku proszę”, “as Gaeilge”, “English please”.

It counts only where the whole reply is that wish. A language that is named within another meaning (an interpreter, a doctor, a
yes) is left to the reading of replies, and so is one that is named beside another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from engine.conversation import PATIENT
from engine.effects import PreferLanguage
from engine.events import ReplyReceived
from engine.locales import locale
from engine.reading import LANGUAGE, Reading
from engine.turn import ACTED, ASKED, HANDED, Turn

_MOST_LETTERS = 100
_TOKEN = re.compile(r"[^\W_]+|[.,;:!?\n،؛؟]")
_HARMLESS_SIGNS = frozenset("🙏🙂😊")


def _folded(text: str) -> str:
    """Small letters without accents, vowel signs and invisible characters."""
    if text.isascii():
        return text.casefold()
    letters = unicodedata.normalize("NFKD", text.casefold()).replace("ł", "l").replace("đ", "d")
    return "".join(letter for letter in letters if unicodedata.category(letter) not in ("Mn", "Cf"))


def _words(text: str) -> frozenset[str]:
    return frozenset(_folded(text).split())


# How each of the ten languages is called in all of them, in the forms that such wishes have; then those that many patients in
# Ireland speak besides, in English and by their own names.
_NAMES: Mapping[str, frozenset[str]] = {
    code: _words(names)
    for code, names in {
        "en": (
            "English Béarla mBéarla bhéarla angielski angielskim angielsku англійська англійською англійську англійській "
            "английский английском английски engleză engleza englezește inglês inglés anglais anglų angliškai angliskai "
            "الإنجليزية بالإنجليزية إنجليزي انجليزي بالإنجليزي إنكليزي"
        ),
        "ga": (
            "Irish Gaelic Gaeilge Gaelige Gaelainn Gaolainn nGaeilge Ghaeilge irlandzki irlandzkim irlandzku ірландська "
            "ірландською ірландську irlandeză irlandês irlandés irlandais airių airiškai الأيرلندية أيرلندي بالأيرلندية"
        ),
        "pl": (
            "Polish polski polskim polsku polskiego Polainnis bPolainnis Pholainnis польська польською польську польськи "
            "poloneză polonês polaco polonais lenkų lenkiškai البولندية بالبولندية بولندي"
        ),
        "uk": (
            "Ukrainian Úcráinis ukraiński ukraińskim ukraińsku українська українською українську українськи украинский "
            "украинском украински ucraineană ucraniano ukrainien ukrainiečių ukrainietiškai الأوكرانية بالأوكرانية "
            "أوكراني"
        ),
        "ro": (
            "Romanian Rómáinis rumuński rumuńskim rumuńsku румунська румунською румунську română românește romeno rumano "
            "roumain rumunų rumuniškai الرومانية بالرومانية روماني"
        ),
        "pt": (
            "Portuguese Portaingéilis bPortaingéilis portugalski portugalskim portugalsku португальська португальською "
            "португальську portugheză português portugués portugais portugalų portugališkai البرتغالية بالبرتغالية "
            "برتغالي"
        ),
        "es": (
            "Spanish Spáinnis hiszpański hiszpańskim hiszpańsku іспанська іспанською іспанську spaniolă espanhol español "
            "castellano espagnol ispanų ispaniškai الإسبانية بالإسبانية إسباني"
        ),
        "fr": (
            "French Fraincis bhFraincis francuski francuskim francusku французька французькою французьку franceză "
            "francês francés français prancūzų prancūziškai الفرنسية بالفرنسية فرنسي"
        ),
        "lt": (
            "Lithuanian Liotuáinis litewski litewskim litewsku литовська литовською литовську lituaniană lituano "
            "lituanien lietuvių lietuviškai الليتوانية بالليتوانية ليتواني"
        ),
        "ar": (
            "Arabic Araibis arabski arabskim arabsku арабська арабською арабську arabă árabe arabe arabų arabiškai "
            "العربية بالعربية عربي بالعربي عربية"
        ),
        "ru": ("Russian русский русском русски російська російською російську rosyjski rosyjsku rusă ruso russe rusų rusiškai"),
        "zh": "Chinese Mandarin Cantonese 中文 普通话 國語 廣東話",
        "hi": "Hindi हिन्दी हिंदी",
        "ur": "Urdu اردو",
        "bn": "Bengali Bangla বাংলা",
        "ml": "Malayalam മലയാളം",
        "fil": "Filipino Tagalog",
        "hu": "Hungarian magyar magyarul",
        "sk": "Slovak slovensky slovenčina slovenčine",
        "cs": "Czech česky čeština češtině",
        "lv": "Latvian latviešu latviski",
        "de": "German deutsch",
        "it": "Italian italiano",
        "tr": "Turkish türkçe",
        "ka": "Georgian ქართული",
        "so": "Somali soomaali",
        "fa": "Persian Farsi فارسی",
        "ps": "Pashto پښتو",
        "ku": "Kurdish kurdî",
        "yo": "Yoruba",
        "ig": "Igbo",
        "ti": "Tigrinya",
        "am": "Amharic",
        "vi": "Vietnamese",
        "th": "Thai",
        "sq": "Albanian shqip",
        "hr": "Croatian hrvatski",
        "bg": "Bulgarian български",
        "ta": "Tamil",
        "te": "Telugu",
        "pa": "Punjabi",
        "gu": "Gujarati",
        "ne": "Nepali",
    }.items()
}
_CODES: Mapping[str, str] = {name: code for code, names in _NAMES.items() for name in names}
# What may stand beside the name: courtesy, prepositions, "write", "I speak", "do you have it in". Nothing that answers a
# question, and no word for an interpreter.
_BESIDE = _words(
    "please pls plz thanks thank you hi hello hey can could would i we want wish like prefer need only speak write read "
    "understand text texts texting txt message messages send reply answer change switch in into to me us my the this it is "
    "language lang instead sorry version brazilian do have there available le thoil led más é dia duit as sa fearr liom ba "
    "mhaith labhraím scríobh scríobhaigí chugam teanga go raibh maith agat agaibh grma an bhfuil amháin proszę po w języku "
    "język dziękuję dzień dobry chcę chciałbym chciałabym pisać piszcie mówię tylko można czy poproszę будь ласка дякую "
    "мовою мова мову можна пишіть хочу прошу по на добрий день пожалуйста языке язык можно спасибо vă rog te în limba "
    "mulțumesc doar vreau scrieți bună ziua se poate por favor em obrigado obrigada faz língua quero falo só escreva "
    "escrevam pode podem bom olá en gracias idioma hablo solo sólo escriba escriban puede pueden porfa hola buenos días "
    "svp stp s il vous plaît plait merci langue je parle veux voudrais bonjour uniquement seulement pouvez écrire écrivez "
    "prašau ačiū kalba kalbos rašykite norėčiau tik galima ar galite laba diena من فضلك لو سمحت رجاء الرجاء شكرا اللغة "
    "باللغة لغة أريد ممكن فقط أتكلم اكتبوا اكتبولي ابعتوا ابعتولي ارسلوا ترسلوا peut puteti "
    "scrie mandar mandarme enviar lo pueden l escrever rašykit rasykit parašykite siųskite "
    "пишите napiszcie wysyłajcie напишіть надсилайте я"
)
_NOT = _words("no not nie ne не нет non nu não pas ní níl لا ليس ما مش مو لست nekalbu nesuprantu nemoku dont don t")
# How who does not know our language says so: with a verb of the one that they do know.
_KNOWING: Mapping[str, frozenset[str]] = {
    code: _words(verbs)
    for code, verbs in {
        "ga": "labhraím labhair thuigim tuigim",
        "pl": "mówię mówimy rozumiem rozumiemy znam",
        "uk": "розмовляю розмовляємо розумію розуміємо говорю говоримо знаю",
        "ru": "понимаю говорим понимаем",
        "ro": "vorbesc vorbim înțeleg înţeleg înțelegem știu ştiu",
        "pt": "falo falamos entendo compreendo percebo entendemos",
        "es": "hablo hablamos entiendo entendemos comprendo",
        "fr": "parle parlons comprends comprenons",
        "lt": "kalbu kalbame suprantu suprantame moku nekalbu nesuprantu nemoku",
        "ar": "بحكي بفهم أفهم افهم اتكلم أتكلم اتحدث أتحدث نفهم احكي",
    }.items()
}
_KNOWN = frozenset().union(*_KNOWING.values())


def wish(text: str) -> str | None:
    """The code (ISO 639) of the language that the whole reply asks for, None where it asks for none. A bare code is none: “ES”
    may be a yes that lost its Y."""
    words = _said(text)
    if _CODES.keys().isdisjoint(words):
        return None
    asked: set[str] = set()
    refused: set[str] = set()
    negated = False
    for word in words:
        code = _CODES.get(word)
        if code is not None:
            (refused if negated else asked).add(code)
        elif word.isalnum() and word not in _BESIDE and word not in _NOT and word not in _KNOWN:
            return None
        negated = word in _NOT or (negated and code is None and word.isalnum())
    if negated or asked & refused:
        return None
    if refused and not asked:  # "no hablo inglés"
        asked = {code for code, verbs in _KNOWING.items() if not verbs.isdisjoint(words)} - refused
    return asked.pop() if len(asked) == 1 else None


def _said(text: str) -> list[str]:
    """The words and marks, folded; none where the reply is too long for such a wish, or holds a sign with a meaning of its
    own (👍)."""
    if len(text) > _MOST_LETTERS:
        return []
    if not text.isascii() and any(unicodedata.category(sign) == "So" and sign not in _HARMLESS_SIGNS for sign in text):
        return []
    return _TOKEN.findall(_folded(text))


def asks_for(language: str, reading: Reading) -> Reading:
    """The reading of a reply that is such a wish."""
    why = f"The whole reply asks to be written to in {name(language)}."
    return Reading(LANGUAGE, 100.0, LANGUAGE, reading.normalised, why=why)


def name(language: str) -> str:
    """The language's name in English, for staff."""
    return str(locale("en").languages.get(language, language))


# ---- what a talk does with it ----------------------------------------------------------------------------------------


def wished(turn: Turn, text: str) -> str | None:
    """As `wish`; a bare code, too, where our texts taught it in capitals: “Reply PL for Polish”."""
    words = [word for word in _said(text) if word.isalnum()]
    if len(words) != 1 or words[0] not in _NAMES:
        return wish(text)
    taught = re.compile(rf"\b{words[0].upper()}\b")
    prompts = (turn.ruleset.prompts.get(sent.prompt) for sent in turn.c.texts)
    said = (text for prompt in prompts if prompt is not None for text in prompt.texts.values())
    return words[0] if any(taught.search(text) for text in said) else None


def choose(turn: Turn, language: str, reply: str = "") -> None:
    """Write to the patient in this language from now on. `reply`: the one that asked for it, "" where another talk heard it."""
    if turn.c.patient.language == language:
        return
    turn.record("language.changed", {"language": language, "reply": reply}, PATIENT)
    if reply:
        turn.effects.append(PreferLanguage(language))


def say_in(turn: Turn, language: str, before: str, event: ReplyReceived) -> tuple[str, str]:
    """Say what we said last again in the language that was asked for, its question included; what became of the reply. A
    language that the rules do not have, or that we wrote in `before`, is for a person."""
    languages = turn.ruleset.languages
    last = turn.c.texts[-1] if turn.c.texts else None
    if language in languages and language != (before if before in languages else languages[0]):
        if last is None:
            return ACTED, f"written to in {name(language)} from now on"
        if turn.say_again(last):
            asked = turn.c.asked == turn.c.texts[-1].key
            return (ASKED if asked else ACTED), f"said again in {name(language)}"
    why = f"The patient wants to be written to in {name(language)}."
    turn.hand_over("question", why, words=event.text)
    return HANDED, "it could not be said in the language they asked for"
