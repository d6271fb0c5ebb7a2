"""What may stand beside an answer without changing it, and what belongs to it though it sounds like another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.clauses import Clause
from engine.lexicon import Role
from engine.phrase import KIN, NAME, NUMBER, OPT_OUT, Phrase
from engine.phrasebook import Phrasebook
from engine.prepared import Prepared
from engine.ruleset import ALWAYS_INTENTS

_WITH_TIME = 1  # beside a time that would do: with more, it tells what was or is then, "under six feet of clay"


def wish(prepared: Prepared, parts: Sequence[Clause], outcomes: Mapping[str, Phrase]) -> Phrase | None:
    """Of two outcomes, what is wanted where the other belongs to it: "don't cancel, I just want a later date", "can't do
    Thursday, can do Friday", "no need to rebook, just cancel", "I can't come, I have a funeral that day". None where
    neither does.
    """
    affirming, yielding = prepared.affirming, prepared.yielding
    if _of_two(prepared, parts):
        return None
    mine = [phrase for phrase in outcomes.values() if phrase.intent in affirming]
    rest = [phrase for phrase in outcomes.values() if phrase.intent not in affirming]
    if not mine:
        cannot = next((phrase for phrase in rest if phrase.negative and not phrase.key and phrase.intent not in yielding), None)
        reason = next((phrase for phrase in rest if phrase.intent in yielding), None)
        return reason if cannot is not None and cannot.intent in prepared.answers else None
    if len(mine) != 1 or len(rest) != 1:
        return None
    (found,) = rest
    if found.intent == OPT_OUT and len(found.words) == 1:
        return None  # "Stop! Don't cancel me, I'll be there"
    if found.intent not in yielding:
        # "decided against it, don't cancel" keeps the very thing
        kept = any(prepared.keys.get(word, ("",))[0] == found.intent for word in mine[0].words)
        refused = mine[0].negative and not kept and set(mine[0].words).isdisjoint(found.words)
        told = found.key or not found.negative  # "please don't take me off the list" beside "can't come" refuses no move
        return found if refused and told and found.intent in prepared.answers and not found.letter else None
    for part in parts:
        wished = any(phrase.intent == found.intent for phrase, _ in part.found)
        for phrase, _ in part.found:
            belongs = (phrase.negative and not wished) or (part.flags & Role.WHEN and found.negative)
            if phrase.intent in affirming and not belongs:
                return None
    return found


def refused_but_offers(
    prepared: Prepared, book: Phrasebook, parts: Sequence[Clause], outcomes: Mapping[str, Phrase]
) -> Phrase | None:
    """Of two outcomes, the refusal that is followed by a time that would do: "I can't come at 10 but I can come at 2"
    wishes for another time, though no word of it says so. None where that is not what is said.
    """
    affirming = prepared.affirming
    cannot = next((phrase for phrase in outcomes.values() if phrase.intent not in affirming), None)
    can = [part for part in parts if any(phrase.intent in affirming for phrase, _ in part.found)]
    if cannot is None or cannot.key or not cannot.negative or cannot.intent not in prepared.answers:
        return None
    if not book.takers.isdisjoint(book.alike(cannot.words)):  # "yes to the 20th but I don't want the one in July"
        return None
    if _of_two(prepared, parts):
        return None
    return cannot if can and all(part.flags & Role.WHEN for part in can) and len(prepared.yielding) == 1 else None


def _of_two(prepared: Prepared, parts: Sequence[Clause]) -> bool:
    """Whether one answer is told of somebody close and another of the writer: "I can do the 20th but my mother can't"."""
    who = {KIN in part.words for part in parts if any(phrase.intent in prepared.answers for phrase, _ in part.found)}
    return len(who) > 1 and any(part.mine for part in parts if part.found and KIN not in part.words)


def another_time_beside(
    prepared: Prepared, book: Phrasebook, parts: Sequence[Clause], cannot: Phrase, told: Callable[[], bool]
) -> str | None:
    """The intent of a wish for another time, where a time is named beside a "cannot come": "can't come, next week?". To keep
    the patient on the list is safe; to cancel where they would have come later is not. None where that is not what is said.
    `told` tells whether the text says of no time but the appointment's ("burying my uncle that day").
    """
    if cannot.key or not cannot.negative or cannot.intent in prepared.yielding or cannot.intent in ALWAYS_INTENTS:
        return None
    if not book.takers.isdisjoint(book.alike(cannot.words)):  # what is not needed now is not needed then either
        return None
    # "can't come, you can cancel that for the 20th" says twice the same
    others = [part for part in parts if all(phrase.intent != cannot.intent for phrase, _ in part.found)]
    if any(part.flags & Role.QUESTION or (part.asked and part.unknown) for part in others):
        return None
    to_come = (part for part in others if part.flags & Role.WHEN and book.bygone.isdisjoint(part.words))
    elsewhen = any(len(part.unknown) <= _WITH_TIME for part in to_come) and not told()
    return next(iter(prepared.yielding)) if elsewhen and len(prepared.yielding) == 1 else None


def deferred(prepared: Prepared, book: Phrasebook, parts: Sequence[Clause], answer: Phrase, told: Callable[[], bool]) -> bool:
    """Whether a "cancel" has beside it when the patient would come: "cancel, back on the 28th", "cancel until I'm off the
    crutches". `told` tells whether the text names no day or hour but the appointment's. What has been ("I was in last week") is
    none. False for languages whose lexicon does not list the words that show it.
    """
    intent = answer.intent
    if not book.bygone or intent not in prepared.answers or intent in prepared.yielding or intent in ALWAYS_INTENTS:
        return False
    named = answer.key or any(prepared.keys.get(word, ("",))[0] == answer.intent for word in answer.words)
    if not named and not book.takers.isdisjoint(book.alike(answer.words)):  # what is not needed now is not needed then either
        return any(NUMBER in part.words and not part.negated and not book.takers.isdisjoint(part.words) for part in parts)
    own = [part for part in parts if any(phrase is answer for phrase, _ in part.found)]
    dated = any(NUMBER in part.words for part in own)  # "cancel the 20th": any other time is another
    for part in parts:
        said = set(part.words)
        times = part.words.count(NUMBER)
        if part in own:
            said.difference_update(answer.words)
            times -= answer.words.count(NUMBER) + 1  # one is its object
        elif NAME in said or part.strange or any(phrase.intent not in prepared.affirming for phrase, _ in part.found):
            continue  # a signature with a date of birth, or another answer
        elif times and not dated and told():
            times = 0
        occasion = not said.isdisjoint(book.occasions) and said.isdisjoint(book.returning)
        elsewhen = times > 0 and said.isdisjoint(book.bygone) and not occasion
        if not part.negated and (elsewhen or not said.isdisjoint(book.deferring)):
            return True
    return False


def half_meant(parts: Sequence[Clause], answer: Phrase) -> bool:
    """Whether a "but" after an answer leaves it open what is wanted: "cancel the scan but not the doctor", "I wanted to cancel
    but my daughter ..."; not one that nothing stands before ("sorry, but the child is sick and I can't come").
    """
    said = [bool(part.found or part.unknown) for part in parts]
    return not answer.asks and any(
        part.opened and not part.found and (part.negated or part.unknown) and any(said[:at]) for at, part in enumerate(parts)
    )


def led_up_to(prepared: Prepared, book: Phrasebook, parts: Sequence[Clause]) -> Phrase | None:
    """What is wanted where a bare yes only leads up to it: "yes cancel", "I confirm that I want to cancel"; not in "confirm
    reschedule", which picks two.
    """
    affirming = prepared.affirming
    for part in parts:
        found = [phrase for phrase, _ in part.found]
        if any(phrase.intent in affirming for phrase in found):
            lead, wanted = found[0], found[-1]
            bare = lead.key and len(lead.words) == 1 and lead.intent in affirming and part.words[0] == lead.words[0]
            bare = bare and (len(wanted.words) > 1 or lead.letter or bool(book.role(lead.words[0]) & Role.YES))
            other = wanted.intent in prepared.answers and wanted.intent not in affirming and not wanted.letter
            return wanted if len(found) == 2 and bare and other else None
    return None


def left_open(parts: Sequence[Clause]) -> bool:
    """Whether a clause of its own leaves an answer open: "she says to cancel, we'll see"."""
    return any(part.flags & Role.HEDGE and not (part.found or part.unknown or part.flags & Role.NEGATION) for part in parts)


def nothing_but_a_time(part: Clause) -> bool:
    """Whether a clause that asks names a day or an hour and nothing else: "the 22nd?"."""
    return part.asked and bool(part.flags & Role.WHEN) and not (part.found or part.unknown or part.flags & Role.QUESTION)
