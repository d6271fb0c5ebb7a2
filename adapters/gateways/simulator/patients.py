"""Simulated patients: what people in Ireland might text back, and when. Made up for tests and demonstrations; the
shares below are a guess at a busy outpatient clinic, not a measurement, and no accuracy may be reported on these texts.

Per 1,000 reminders that ask for an answer (`QUESTION`):

    560 confirm     most with Y or a variant, some misspelt, some in a sentence, some by emoji
    215 silence
     65 reschedule  half with R alone, half with days and times that suit, or with a reason
     60 cancel      half with C alone, half with a reason; a few with a polite detour
     25 question    where, who, what for, can you ring me; some joined to a yes
     15 thanks      and nothing else
     10 mixed       a yes and a no in one text, or a condition
     10 change of mind   one answer, then another
     10 double      the same answer twice, or a second text that repairs a typo
      8 wrong number
      6 stop
      6 junk        dots, pocket texts, one letter
      4 robot       auto-replies, at once
      3 bereavement
      3 urgent

Times to answer are log-normal with a median of half an hour (published medians for questions by text: 0.35 and 0.64 h)
and end at three days; robots take seconds. The other tables say what comes back to our other texts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

Answer = list[tuple[float, str]]

# What a simulated patient does with a text: (rng, text, language) -> [(seconds from now, reply)].
Persona = Callable[[Random, str, str], Sequence[tuple[float, str]]]

QUESTION: tuple[tuple[str, int], ...] = (
    ("confirm", 560),
    ("silence", 215),
    ("reschedule", 65),
    ("cancel", 60),
    ("question", 25),
    ("thanks", 15),
    ("mixed", 10),
    ("change_of_mind", 10),
    ("double", 10),
    ("wrong_number", 8),
    ("stop", 6),
    ("junk", 6),
    ("robot", 4),
    ("bereavement", 3),
    ("urgent", 3),
)
# Asked again because we did not understand: most now keep to the letters.
AGAIN = (("confirm_plain", 62), ("reschedule_plain", 9), ("cancel_plain", 9), ("silence", 15), ("junk", 5))
# "Did you mean ...? Reply Y or N."
GUESS = (("yes", 72), ("no", 14), ("silence", 12), ("junk", 2))
WHICH_DAYS = (("days", 78), ("silence", 14), ("keep", 6), ("cancel", 2))
# A text that says what has been done and can be undone with one word.
UNDOABLE = (("silence", 88), ("thanks", 7), ("keep", 5))
NOTICE = (("silence", 91), ("thanks", 8), ("question", 1))
# The evening before: nobody is late for a visit of next week.
EVE = (("silence", 90), ("thanks", 7), ("late", 2), ("question", 1))

_PLAIN = {
    "yes": ("Y", "Yes", "y", "yes", "YES"),
    "no": ("N", "No", "n", "no"),
    "confirm_plain": ("Y", "Y", "y", "Yes"),
    "reschedule_plain": ("R", "r", "R"),
    "cancel_plain": ("C", "c", "C"),
}

_EN: dict[str, tuple[str, ...]] = {
    "confirm": (
        *("Y",) * 24, *("y",) * 6, *("Yes",) * 8, *("YES",) * 3, *("yes",) * 4, "Y.", "Y!", "Y thanks", "Yes thanks",
        "Yes thank you", "Y thank you", "yes please", "Yes I'll be there", "yes ill be there", "I will be there",
        "Ill be there thanks", "Grand, see you then", "grand thanks", "Yep", "Yeah no bother", "Yup", "Ok", "OK thanks",
        "👍", "Y 👍", "yess", "yed", "Yws", "Ye", "1", "Confirmed", "Confirm", "That's fine", "All good thanks",
        "No problem, see you then", "Perfect thank you", "That suits", "I can make it", "Will be there please God",
        "yes that is fine thanks a million", "Yes I confirm. Kind regards",
    ),
    "reschedule": (
        *("R",) * 8, *("r",) * 2, "Reschedule", "reschedule please", "R please", "R. Any Tuesday or Wednesday after 2",
        "Could I change it to the following week please", "Reschedule please, I'm away until the 28th",
        "Can I get another date, mornings only", "I'm working that day, could I have a Friday?",
        "R I have a funeral that day", "can i move it to after 3 as i have to collect the kids",
        "Would there be anything the week after", "rescedule pls", "Need another day, no lift to the hospital then",
        "Hi could I get a later appointment that day, bus doesn't get in til 11",
    ),
    "cancel": (
        *("C",) * 8, *("c",) * 2, "Cancel", "cancel please", "Please cancel", "cancel pls", "C thanks", "ancel",
        "I can't make it", "I wont be there, I had it done privately", "No longer need it thanks",
        "I won't be able to come, I'm in hospital", "cannot come sorry", "Please cancel, feeling much better now",
        "I've moved to Cork so no longer need this", "Got it done in the Mater already, please cancel",
    ),
    "question": (
        "Where is it?", "what time is it at", "What is this for?", "Who is this?", "Can someone ring me please",
        "Is it in the main building?", "Yes but what time?", "Y. Do I need to fast?", "Is there parking",
        "Can I bring my daughter with me?", "is it still going ahead", "What's the eircode",
    ),
    "thanks": ("Thanks", "Thank you", "thanks a mil", "Thanks very much", "🙏", "cheers"),
    "mixed": (
        "Yes but I might not make it", "Y or could I come earlier", "Yes if I can get a lift", "Y for me, C for Tom",
        "no I mean yes", "Yes and cancel my eye appointment", "not sure yet", "maybe",
    ),
    "wrong_number": (
        "Wrong number", "You have the wrong number", "This is not my number, I don't know this person",
        "Sorry wrong number I only got this phone last month", "Think ye have the wrong person",
    ),
    "stop": ("STOP", "stop", "Stop texting me", "Please stop", "STOP PLEASE", "No more texts"),
    "junk": (".", "Dj F   q", "?", "gjkl", "Hu", "🤷", "x", "asdfg hj", ""),
    "robot": (
        "I'm driving right now, I'll get back to you later.", "This number does not accept text messages.",
        "Auto-reply: I am out of the office until Monday.", "Sorry, I can't talk right now.",
    ),
    "bereavement": (
        "My mother passed away in March", "He died last week",
        "Mam passed away on Sunday, please take her off the list",
        "I'm sorry to say John is deceased",
    ),
    "urgent": (
        "Y but I have had chest pain since this morning", "I cant breathe properly", "I don't want to live anymore",
        "C, bleeding heavily since last night",
    ),
    "days": (
        "Any Tuesday after 2", "Mornings, not Fridays", "Week of the 9th if possible", "Anytime after Christmas",
        "Thursday or Friday", "any day except Monday, after 11", "Early as possible please", "Wed 14th am?",
        "After 3 because of school", "I'm easy, any day at all", "Not before the 20th",
    ),
    "keep": ("KEEP", "Keep", "keep it please", "Keep, I got a lift"),
    "late": ("Running late, be there in 15 mins", "Stuck in traffic on the M50", "I'm on my way but late"),
}

_GA: dict[str, tuple[str, ...]] = {
    "confirm": (
        *("Y",) * 4, "Tá", "tá", "Beidh mé ann", "beidh me ann", "Feicfidh mé ansin thú", "Tá sin ceart go leor",
        "Teastaíonn", "Beidh, go raibh maith agat", "Deimhnithe",
    ),
    "reschedule": ("R", "R", "Lá eile le do thoil", "An féidir é a athrú?", "Am eile le do thoil, tar éis a dó"),
    "cancel": ("C", "C", "Cealaigh", "Ní féidir liom teacht", "Ní bheidh mé ann", "Cealaigh an coinne le do thoil"),
    "question": ("Cá bhfuil sé?", "Cén t-am?", "Glaoigh orm le do thoil"),
    "thanks": ("Go raibh maith agat", "GRMA", "Míle buíochas"),
    "wrong_number": ("Uimhir mhícheart",),
    "stop": ("STAD", "STOP"),
    "bereavement": ("Fuair sé bás anuraidh",),
    "urgent": ("Tá pian cliabhraigh orm",),
    "days": ("Aon Mháirt tar éis a dó", "Maidin, ach ní Dé hAoine", "An tseachtain seo chugainn"),
    "keep": ("COINNIGH", "Coinnigh é"),
    "late": ("Beidh mé déanach",),
}


def answer(rng: Random, text: str, language: str = "en") -> Answer:
    """What a patient answers to a text of the hospital's, and after how many seconds; empty for silence. Draws on `rng`
    alone: the same rng in the same state gives the same answer. `language` is the patient's; some people whose language
    is Irish answer in English."""
    kind = _draw(rng, _shares(text))
    irish = language == "ga" and rng.random() < 0.75
    after = _thinking(rng)
    if kind == "silence":
        return []
    if kind == "robot":
        return [(rng.uniform(2.0, 6.0), _words(rng, kind, irish))]
    if kind == "double":
        first = _words(rng, "confirm", irish)
        second = rng.choice((first, first, "yes", "sorry I mean Y"))
        return [(after, first), (after + rng.uniform(1.0, 90.0), second)]
    if kind == "change_of_mind":
        first, second = rng.choice((("confirm", "cancel"), ("confirm", "reschedule"), ("cancel", "keep")))
        later = after + rng.uniform(120.0, 2 * 86_400.0)
        return [(after, _words(rng, first, irish)), (later, _words(rng, second, irish))]
    return [(after, _words(rng, kind, irish))]


def language_of(text: str) -> str:
    """The language that the hospital texted in, as far as the words tell: "ga" or "en"."""
    lowered = text.lower()
    return "ga" if any(word in lowered for word in ("coinne", "freagair", "go raibh", "téacs")) else "en"


def _shares(text: str) -> Sequence[tuple[str, int]]:
    """What a text asks for, from its words, as a patient would tell."""
    lowered = text.lower()
    if "which days" in lowered or "cé na laethanta" in lowered:
        return WHICH_DAYS
    if "did you mean" in lowered or "an é seo" in lowered:
        return GUESS
    if "did not understand" in lowered or "níor thuigeamar" in lowered:
        return AGAIN
    if "reply y" in lowered or "freagair y" in lowered:
        return QUESTION
    if "reply keep" in lowered or "freagair coinnigh" in lowered:
        return UNDOABLE
    if "see you on" in lowered or "feicfimid thú" in lowered:
        return EVE
    return NOTICE


def _draw(rng: Random, shares: Sequence[tuple[str, int]]) -> str:
    kinds, weights = zip(*shares, strict=True)
    return str(rng.choices(kinds, weights)[0])


def _words(rng: Random, kind: str, irish: bool) -> str:
    if kind in _PLAIN:
        return rng.choice(_PLAIN[kind])
    return rng.choice(_GA[kind] if irish and kind in _GA else _EN[kind])


def _thinking(rng: Random) -> float:
    return min(max(rng.lognormvariate(math.log(1800.0), 1.6), 8.0), 3 * 86_400.0)
