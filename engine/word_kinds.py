"""The words of one language by what they do in a reply: sets named as the lists of its lexicon, in which each is explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.grammar import Grammar
from engine.language import split
from engine.lexicon import Role
from engine.phrase import DISTANT_KIN, KIN, NAME, NUMBER, SAYING, TALE, by_first

ANYTHING = frozenset({NUMBER, NAME, KIN, DISTANT_KIN, SAYING})  # words that stand for whatever one of a kind
_ANSWERS = Role.YES | Role.ACK

# Kinds of words in a wish for another time (engine.wished): those that ask, and those that alone say when else
_ASKING = ("asks", "is_there", "hopes", "needs", "whatever", "what", "bids", "moves")
_ELSEWHEN = ("others", "sooner", "else", "instead", "moves", "forward", "bounds")


class WordKinds:
    """Every kind of word that reading asks for. A list that the lexicon has not is empty."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._language = grammar.language
        self.roles = grammar.roles
        words, lists = self._language.words, self._language.lexicon.lists
        self.aux = grammar.aux
        self.past = words("past")
        self.personal = words("personal")
        self.polite = words("polite")
        self.familiar = words("familiar")
        self.signs = self._language.signs
        self.points = self._language.points
        self.titles = words("titles")
        self.pleas = words("pleas")
        self.lacking = words("lacking")
        self.rueful = words("rueful")
        self.the_visit = words("the_visit")
        self.elsewhere = words("elsewhere")
        self.concord = words("concord")
        self.beginnings = words("beginnings")
        self.parted = words("parted")
        self.openers = words("openers")
        self.speakers = self.openers & grammar.subjects
        self.governing = words("governing")
        self.takers = words("takers")
        self.bygone = words("bygone")
        self.over = words("over")
        self.others = words("others")
        self.things = words("things")
        self.persons = words("persons")
        self.passing = words("passing")
        self.meeting = words("meeting")
        self.visiting = words("visiting")
        self.visited = words("visited")
        self.strays, self.paces, self.heeding = words("strays"), words("paces"), words("heeding")
        self.leading_off = by_first(self._spelt_lines(lists["leading_off"]))
        self.making, self.degrees, self.made = words("making"), words("degrees"), words("made")
        self.handled = words("handled")
        self.habits = words("habits")
        self.vague = words("vague")
        self.slots = words("slots")
        self.shifting = words("shifting")
        self.saying = words("saying")
        self.underwent = words("underwent")
        self.directions = words("directions")
        self.leading = words("leading")
        self.intending = words("intending")
        self.undergone = words("undergone")
        self.timing = words("timing")
        self.giving = words("giving")
        self.coming = words("coming")
        self.ahead = words("ahead")
        self.given = words("given")
        self.picking = words("picking")
        self.deferring = words("deferring")
        self.occasions = words("occasions")
        self.beside_danger = words("beside_danger")
        self.returning = words("returning")
        self.partings = words("partings")
        kinds = self._language.lexicon.wish_words
        self.wish_words = {word: kind for kind, listed in reversed([*kinds.items()]) for word in listed}
        self.asking_words, self.elsewhen_words = (
            frozenset(word for word, kind in self.wish_words.items() if kind in named) for named in (_ASKING, _ELSEWHEN)
        )
        self.that_day = lists["that_day"]
        self.loose, self.cries = (self._language.spelt_set(frozenset(lists[name])) for name in ("loose", "cries"))
        self.blamed, self.blaming = words("trifles"), words("blaming")
        trifles = self._rewritten(lists["trifles"]) - ANYTHING
        self.trifles = frozenset(word for word in trifles if not self.role(word))
        self._refusals = words("refusals")
        self._mundane = self._rewritten(lists["mundane"])
        self.bleak = by_first(self._spelt_lines(lists["bleak"]))
        self.knows_names = bool(self._language.firstnames)
        self.beside_ack = frozenset(word for entry in lists["beside_ack"] for word in split(entry))
        self.ours = frozenset(word for entry in lists["ours"] for word in grammar.rewrite(entry.split()))
        self.weighty = self._rewritten(lists["weighty"])
        self.reasons = self._rewritten(lists["reasons"])
        self.excuses = self._rewritten(lists["excuses"])
        self.tales = self._rewritten(lists["tales"]) | self.excuses
        self.told_beside = frozenset() if self.tales else self.reasons  # beside a yes, where no list tells more of it
        self.tales |= self.reasons if self.tales else frozenset()
        self.tales = frozenset(word for word in self.tales if not self.role(word) & _ANSWERS)  # "sorted" is an ok
        self.because = frozenset("_".join(split(entry)) for entry in lists["because"])  # as clauses hold them
        self.obstacles = self._rewritten(lists["obstacles"])
        self.telling = self._rewritten(lists["telling"])
        self.at_stake = self._rewritten(lists["at_stake"])
        self.thin = words("thin")
        self.bound_for = self._rewritten(lists["bound_for"])
        self.admitted = by_first(self._spelt_lines(lists["admitted"]))
        self.signing = words("signing")
        self.remarks = by_first(grammar.rewrite(entry.split()) for entry in lists["remarks"])
        self.leavings, self.delights = (by_first(self._spelt_lines(lists[name])) for name in ("leavings", "delights"))
        self._unstressed = words("unstressed") | self.polite
        self.echoes = frozenset(map(self.echo, self._spelt_lines(lists["echoes"])))
        self.taking_up, self.wondering = words("taking_up"), words("wondering")
        self.company, self.callers, self.idle = words("company"), words("callers"), words("idle")
        self.goes_with = {
            intent: self._rewritten(entries) for intent, entries in self._language.lexicon.goes_with.items()
        }
        self.theirs = tuple(tuple(split(entry)) for entry in lists["theirs"])
        self.own_plans = tuple(tuple(grammar.rewrite(entry.split())) for entry in lists["own_plans"])
        self.rites = frozenset(tuple(grammar.rewrite([entry])) for entry in lists["rites"])
        self.tapbacks = lists["tapbacks"]
        self.tells = bool(self._language.lexicon.sentences.get(TALE))

    def _spelt_lines(self, entries: Iterable[str]) -> Iterator[list[str]]:
        return (self._language.spelt(entry.split()) for entry in entries)

    def _rewritten(self, entries: Iterable[str]) -> frozenset[str]:
        return frozenset(word for entry in entries for word in self._grammar.rewrite([entry]))

    def role(self, word: str) -> int:
        return self.roles.get(word, Role.NONE)

    def denies(self, word: str) -> bool:
        """Whether a word takes back what stands straight after it. A letter does not: the n of "dizzy n light headed"."""
        return len(word) > 1 and bool(self.role(word) & (Role.NO | Role.NEGATION))

    def subject(self, words: Sequence[str]) -> str:
        """Whom a verb behind some words is told of: the last of them that is not passed over, "" where there is none."""
        return next((word for word in reversed(words) if word not in self.passing), "")

    def roles_of(self, words: Sequence[str]) -> int:
        """All roles that any of the words has."""
        return self._grammar.roles_of(words)

    def echo(self, spelt: Sequence[str]) -> tuple[str, ...]:
        """What of spelt words a clause is compared by that may answer a question which was not ours."""
        polite, roles = Role.FILLER | Role.COURTESY, self.roles
        return tuple(word for word in spelt if word not in self._unstressed and not roles.get(word, Role.NONE) & polite)
