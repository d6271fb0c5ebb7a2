"""A ruleset's intents and a language's lexicon made ready for reading: one phrasebook per language and ruleset
version.

Words go through two rewritings before anything is compared. Spelling turns slips, contractions and txt-speak into
plain words; sameness turns turns of phrase into one word ("be there", "make it" and "turn up" are all `attend`).
What a ruleset writes as a phrase goes through the same two, so one phrase in the file stands for the many ways in
which people say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from engine.asides import asides
from engine.lexicon import LEXICONS, NO_LEXICON, Lexicon, Role
from engine.normalise import ASKED, BREAK, Normalised, fold, is_number, normalise
from engine.ruleset import Intent, LanguageWords, Ruleset
from engine.sentences import Said, Sentences, Sources

NUMBER = "#"
DAY = "@"
ASK = "ask"
ASK_PAST = "ask_past"
WHILE = "while"  # a question word that asks nothing
SAYING = "saying"
SIGNS = "signs"  # of danger, in a layman's words
ALONE = "="  # before a phrase of a lexicon: it counts only as the whole of a reply
BARRING = "rather_than"
NAME = "firstname"
DECIDING = ("urgent", "deceased")  # of ALWAYS_INTENTS: their words decide wherever they stand
KIN = "kin"
DISTANT_KIN = "distant_kin"
_ANYTHING = frozenset({NUMBER, NAME, KIN, DISTANT_KIN, SAYING})  # words that stand for whatever one of a kind

SKIPPED = Role.STOP | Role.FILLER  # passed over when phrases are compared
_HEADS = Role.YES | Role.NO | Role.ACK | Role.COURTESY  # what a run-on may begin with: "yesthanks"
_BARE = Role.NEGATION | Role.HEDGE | Role.CONDITION | Role.CONTRAST | Role.JOIN
_BARRED = (Role.NEGATION, Role.QUESTION, Role.HEDGE, Role.CONDITION, Role.CONTRAST)
_COMMON = "en"  # the language whose yes and no patients of every other know
_NEVER_MEANT = Role.CONTRAST | Role.CONDITION  # a name is sooner misspelt than these: "Rafter" is not "after"
_REPAIR_FROM = 5  # shorter words are never a target for a slip of the finger: no/now, yes/yet, see/she
_TWO_SLIPS_FROM = 9  # letters: "definately" may be two slips away, "blessing" is not "bleeding"
_REPAIR_LIKE = 80.0
_LONGEST_WORD = 30
_THRICE = re.compile(r"(.)\1{2,}")
_TWICE = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of an intent, as compared. `words` are rewritten and without words that are skipped."""

    intent: str
    text: str
    words: tuple[str, ...]
    key: bool  # the last word is a key of the intent, so what follows it is its object
    weak: bool  # nothing but acknowledgement: any other meaning beside it decides; of an alarm, one in a layman's words
    negative: bool  # holds a negation of its own
    asks: bool  # is a question or a wish itself, so that a question mark does not speak against it

    @property
    def letter(self) -> bool:
        """A single letter or figure, which means something only where it stands alone."""
        return len(self.words) == 1 and len(self.words[0]) == 1 and self.words[0].isalnum()


class Rewriter:
    """Replaces stretches of words, the longest first, in one pass from the left."""

    __slots__ = ("_by_first", "_rules")

    def __init__(self) -> None:
        self._rules: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._by_first: dict[str, tuple[int, ...]] = {}  # lengths of the stretches that begin so, the longest first

    def add(self, words: Sequence[str], into: Sequence[str]) -> None:
        if words and tuple(words) != tuple(into) and self._rules.setdefault(tuple(words), tuple(into)) == tuple(into):
            lengths = {len(words), *self._by_first.get(words[0], ())}
            self._by_first[words[0]] = tuple(sorted(lengths, reverse=True))

    def copy(self) -> Rewriter:
        copied = Rewriter()
        copied._rules, copied._by_first = self._rules.copy(), self._by_first.copy()
        return copied

    def __call__(self, words: Sequence[str]) -> list[str]:
        by_first, rules = self._by_first, self._rules
        if by_first.keys().isdisjoint(words):
            return list(words)
        out: list[str] = []
        at, end = 0, len(words)
        while at < end:
            word = words[at]
            for length in by_first.get(word, ()):
                into = rules.get(tuple(words[at : at + length]))
                if into is not None:
                    out.extend(into)
                    at += length
                    break
            else:
                out.append(word)
                at += 1
        return out

    def words(self) -> Iterable[str]:
        for pattern, into in self._rules.items():
            yield from pattern
            yield from into


@lru_cache(maxsize=32)
def _rewriters(language: str) -> tuple[Rewriter, Rewriter, Rewriter, Rewriter]:
    """Spelling, people, sayings and sameness as the language's lexicon has them, for every ruleset alike."""
    lexicon = LEXICONS.get(language, NO_LEXICON)
    spelling, people, sayings, sameness = Rewriter(), Rewriter(), Rewriter(), Rewriter()
    for into, variants in lexicon.spellings.items():
        for variant in variants:
            spelling.add(_split(variant), _split(into))
    kin = {KIN: lexicon.lists["kin"], DISTANT_KIN: lexicon.lists["distant_kin"], NAME: lexicon.same.get(NAME, ())}
    for into, variants in kin.items():
        for variant in variants:
            people.add(spelling(_split(variant)), [into])
    for into, variants in lexicon.same.items():
        for variant in variants if into != NAME else ():
            sameness.add(people(spelling(_split(variant))), _split(into))
    for variant in lexicon.same.get(SAYING, ()):
        sayings.add(spelling(_split(variant)), [SAYING])
    return spelling, people, sayings, sameness


@lru_cache(maxsize=1)
def _answers() -> Mapping[str, frozenset[str]]:
    """How each language says yes and no, in one word."""
    return {
        language: frozenset(map(fold, (*lexicon.roles[Role.YES], *lexicon.roles[Role.NO])))
        for language, lexicon in LEXICONS.items()
    }


_ROLES_KEPT = 64
_PHRASES_KEPT = 16_384
Stretch = tuple[str, ...]
_Asked = tuple[str, bool]  # a phrase, and whether it decides wherever it stands
_roles: dict[tuple[str, LanguageWords], tuple[dict[str, int], Rewriter, dict[_Asked, Stretch]]] = {}


@lru_cache(maxsize=16_384)
def _cut(phrase: str) -> Normalised:
    """A phrase of a lexicon or a ruleset, normalised. No reply comes here."""
    return normalise(phrase)


@lru_cache(maxsize=32)
def _sentences(language: str) -> Sentences:
    """The whole sentences that the language's lexicon has, for every ruleset alike."""
    lexicon = LEXICONS.get(language, NO_LEXICON)
    spelling, *_ = _rewriters(language)
    marks = {fold(word): DAY for word in lexicon.roles[Role.WHEN]}
    marks |= {fold(word): NUMBER for word in (*lexicon.lists["clock"], NUMBER)}
    barred = {fold(word) for role in _BARRED for word in lexicon.roles[role] if word.isalpha()}
    lists = lexicon.lists
    sources = Sources(lexicon.sentences, lexicon.classes, lists["lead_ins"], lists["trails"], lists["goes_on"])
    return Sentences(
        sources,
        lambda words: spelling([fold(word) for word in words]),
        lambda word: NUMBER if is_number(word) else marks.get(word, ""),
        barred,
    )


class Phrasebook:
    """Everything that reading needs of one language: rewriting, the role of each word, the phrases of each intent."""

    def __init__(self, ruleset: Ruleset, language: str) -> None:
        lexicon = LEXICONS.get(language, NO_LEXICON)
        own = ruleset.words.get(language, LanguageWords())
        self.language = language
        self._spelling, self._people, self._sayings, same = _rewriters(language)
        self._sameness = same  # until roles are given: what a ruleset adds to it is its own
        self.known: frozenset[str] = frozenset()  # while empty, nothing is repaired
        self.aux = frozenset(map(fold, lexicon.lists["aux"]))
        self._subjects = frozenset(map(fold, lexicon.lists["subjects"]))
        self._articles = frozenset(map(fold, lexicon.lists["articles"])) | self._subjects
        self._modals = frozenset(map(fold, lexicon.lists["modals"]))
        self._past = frozenset(map(fold, lexicon.lists["past"]))
        self._refusals = frozenset(map(fold, lexicon.lists["refusals"]))
        self._unstressed = frozenset(map(fold, lexicon.lists["unstressed"]))
        self._holders = frozenset(map(fold, lexicon.lists["holders"]))
        self.personal = frozenset(map(fold, lexicon.lists["personal"]))
        self.polite = frozenset(map(fold, lexicon.lists["polite"]))
        self.familiar = frozenset(map(fold, lexicon.lists["familiar"]))
        self.titles = frozenset(map(fold, lexicon.lists["titles"]))
        closings = "|".join(map(re.escape, sorted(lexicon.lists["closings"], key=len, reverse=True)))
        name = r"((?:[^\W\d_][\w'’.-]*\s*){1,4})"
        self._closing = re.compile(rf"(?:^|[\n,.!] *)(?:{closings})\b[\s,.]+{name}$") if closings else None
        self._conjoining = frozenset(map(fold, lexicon.lists["conjoining"]))
        self._joined = frozenset(map(fold, lexicon.lists["joined"]))
        self.knows_names = bool(lexicon.same.get(NAME))
        self.pleas = frozenset(map(fold, lexicon.lists["pleas"]))
        self.beside_ack = frozenset(word for entry in lexicon.lists["beside_ack"] for word in _split(entry))
        self.elsewhere = frozenset(map(fold, lexicon.lists["elsewhere"]))
        self.concord = frozenset(map(fold, lexicon.lists["concord"]))
        self.beginnings = frozenset(map(fold, lexicon.lists["beginnings"]))
        self.parted = frozenset(map(fold, lexicon.lists["parted"]))
        self.openers = frozenset(map(fold, lexicon.lists["openers"]))
        self.speakers = self.openers & self._subjects
        self.governing = frozenset(map(fold, lexicon.lists["governing"]))
        self.roles, self._sameness, self._rewritten = self._given_roles(lexicon, own)
        self._elisions = frozenset(map(fold, lexicon.lists["elisions"]))
        self._negations = tuple(word for word, role in self.roles.items() if role & Role.NEGATION and len(word) > 1)
        self._heads: frozenset[str] = frozenset()
        self._targets: tuple[str, ...] = ()
        self._gravest: frozenset[str] = frozenset()

        self.phrases: dict[str, list[Phrase]] = {}
        self.deciding: dict[str, list[Phrase]] = {}
        self.alone: dict[str, list[Phrase]] = {}  # mean something only as the whole of a reply
        self.unless: dict[str, tuple[tuple[str, ...], ...]] = {}
        self.near: dict[str, list[tuple[Phrase, tuple[frozenset[str], ...]]]] = {}  # by each word of the first set
        self.light = [self._spelt_sets(sets) for sets in lexicon.near.get(SAYING, ())]
        for intent in ruleset.intents.values():
            self._load_intent(intent, lexicon)
        for table in (self.phrases, self.deciding):
            for phrases in table.values():
                phrases.sort(key=lambda phrase: -len(phrase.words))
        self.whole = {" ".join(p.words): p for phrases in self.phrases.values() for p in phrases}
        self.choices = tuple(self.whole)
        self.takers = frozenset(map(fold, lexicon.lists["takers"]))
        self.tapbacks = tuple(lexicon.lists["tapbacks"])
        trailers = "|".join(map(re.escape, lexicon.lists["trailers"]))
        named = "|".join(map(re.escape, sorted(lexicon.lists["identifiers"], key=len, reverse=True)))
        self.identifier = (
            re.compile(rf"\b(?:{named})[.:]?(?: ?(?:no|number|num|nr|#)[.:]?)?[: -]{{0,2}}[a-z]{{0,3}}\d[\d/. -]*")
            if named
            else None
        )
        self.trailer = re.compile(rf"(?m)^\s*(?:{trailers})\b[^?\n]*$") if trailers else None
        self.ours = frozenset(word for entry in lexicon.lists["ours"] for word in self.rewrite(_split(entry)))
        self.weighty = frozenset(word for entry in lexicon.lists["weighty"] for word in self.rewrite([fold(entry)]))
        self.theirs = tuple(tuple(_split(entry)) for entry in lexicon.lists["theirs"])
        self.own_plans = tuple(tuple(self.rewrite(entry.split())) for entry in lexicon.lists["own_plans"])
        self._sentences = _sentences(language)
        self._firstnames = frozenset(map(fold, lexicon.same.get(NAME, ())))
        self._load_vocabulary(lexicon)
        self.asides = asides(lexicon, self.spelt, self.grave)

    def _given_roles(self, lexicon: Lexicon, own: LanguageWords) -> tuple[dict[str, int], Rewriter, dict[_Asked, Stretch]]:
        """The roles of words, with them what is the same, and what phrases become by both. They hang on the lexicon and the
        ruleset's own words alone, so they are made once for all versions that have the same."""
        held = _roles.get((self.language, own))
        if held is None:
            self.roles = {ASK: Role.QUESTION, ASK_PAST: Role.QUESTION | Role.HEDGE, NUMBER: Role.WHEN}
            self._sameness = self._sameness.copy()
            self._load_roles(lexicon, own)
            held = self.roles, self._sameness, {}
            if len(_roles) >= _ROLES_KEPT:
                _roles.clear()
            _roles[self.language, own] = held
        if len(held[2]) >= _PHRASES_KEPT:
            held[2].clear()
        return held[0].copy(), held[1].copy(), held[2]

    def _load_roles(self, lexicon: Lexicon, own: LanguageWords) -> None:
        added = {Role.NEGATION: own.negations, Role.QUESTION: own.questions, Role.FILLER: own.fillers}
        heads = {fold(head) for head in (*lexicon.same, *lexicon.spellings)}
        for role, entries in lexicon.roles.items():
            for entry in (*entries, *added.get(role, ())):
                written = _split(entry.casefold())
                words = self.rewrite(written) if len(written) > 1 else self._same(self._spelling(written))
                if len(words) > 1:
                    name = "_".join(words)
                    self._sameness.add(self._people(self._spelling(written)), [name])
                    words = [name]
                elif words != written and words[0] in heads:
                    continue  # a group's name has the roles that the group is given, not those of its members
                if words:
                    self.roles[words[0]] = self.roles.get(words[0], Role.NONE) | role

    def _load_intent(self, intent: Intent, lexicon: Lexicon) -> None:
        keys = {word for key in intent.keys for word in self._content(key)}
        for key in intent.keys:
            if self._own_key(key):
                self._add(self.phrases, intent, key, keys)
        for phrase in intent.phrases.get(self.language, ()):
            self._add(self.phrases, intent, phrase, keys)
        shared = lexicon.always.get(intent.name, ())
        for phrase in intent.words.get(self.language, ()):
            self._add_deciding(intent, phrase)
        for phrase in shared:
            if phrase.startswith(ALONE):
                self._add(self.alone, intent, phrase.removeprefix(ALONE), keys)
            elif intent.name in DECIDING:
                self._add_deciding(intent, phrase)
            else:
                self._add(self.phrases, intent, phrase, keys)
        signs = lexicon.near.get(SIGNS, ()) if intent.name == DECIDING[0] else ()
        for sets in (*lexicon.near.get(intent.name, ()), *signs):
            text = " ".join(min(words) for words in sets)
            weak = sets in signs
            alarm = Phrase(intent.name, text, (), key=False, weak=weak, negative=False, asks=False)
            rarest = sorted(self._spelt_sets(sets), key=lambda words: (sum(map(bool, map(self.role, words))), len(words)))
            for word in rarest[0]:
                self.near.setdefault(word, []).append((alarm, tuple(rarest)))
        barred = (*intent.unless.get(self.language, ()), *lexicon.unless.get(intent.name, ()))
        found = map(self._content, barred)
        patterns = tuple(words for words in found if words)
        if patterns:
            self.unless[intent.name] = patterns

    def _spelt_sets(self, sets: Sequence[frozenset[str]]) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(part for word in words for part in self.spelt([word])) for words in sets)

    def _own_key(self, key: str) -> bool:
        """Whether a key is also a word of this language. A key of one may be another word in the next: Irish tá is no
        English "ta", Romanian da no "da" of a child, Portuguese sim no sim card.
        """
        folded = fold(key.casefold())
        if not key.isascii() and self._content(key) != (folded,):
            return False
        if len(folded) == 1 or self.role(folded) & (Role.YES | Role.NO):
            return True
        return all(folded not in words for language, words in _answers().items() if language not in (self.language, _COMMON))

    def _add(self, table: dict[str, list[Phrase]], intent: Intent, text: str, keys: set[str]) -> None:
        words = self._content(text)
        if all(self.role(word) & _BARE for word in words) or set(words) <= _ANYTHING:
            return  # nothing left to compare by: every "not" would be like it, or every name
        phrases = table.setdefault(words[0], [])
        if any(phrase.words == words for phrase in phrases):
            return  # the first intent in the file has it; the loader tells of one phrase under two intents
        phrases.append(
            Phrase(
                intent=intent.name,
                text=text,
                words=words,
                key=words[-1] in keys and not self.role(words[-1]) & Role.ACK,
                weak=all(self.role(word) & Role.ACK for word in words),
                negative=any(self.role(word) & (Role.NEGATION | Role.NO) or word in self._refusals for word in words),
                asks="?" in text or any(self.role(word) & (Role.QUESTION | Role.WISH) for word in words),
            )
        )

    def _add_deciding(self, intent: Intent, text: str) -> None:
        words = self._rewritten.get((text, True))
        if words is None:
            words = tuple(self.grave(self.spelt(_cut(text).words))) + ((BREAK,) if text.endswith(BREAK) else ())
            self._rewritten[text, True] = words
        if words and words[0] != SAYING:  # what a saying takes away is none of it
            self.deciding.setdefault(words[0], []).append(
                Phrase(intent.name, text, words, key=False, weak=False, negative=False, asks=False)
            )

    def grave(self, spelt: Sequence[str]) -> list[str]:
        """What words that decide wherever they stand are compared with: words as spelt, sayings apart, for no turn
        of phrase may add to so grave a meaning.
        """
        unstressed = self._unstressed
        return [
            NUMBER if self.role(word) & Role.WHEN or (is_number(word) and len(word) > 1) else word
            for word in self.apart(spelt)
            if word not in unstressed
        ]

    def apart(self, spelt: Sequence[str]) -> list[str]:
        """Spelt words, each saying that only sounds alarming made one word."""
        return self._sayings(spelt)

    def _content(self, text: str) -> Stretch:
        """A phrase's words that count, while nothing is known yet and so nothing is repaired."""
        found = self._rewritten.get((text, False))
        if found is None:
            words = self.rewrite([word for word in _cut(text).tokens if word is not BREAK and word is not ASKED])
            found = self._rewritten[text, False] = tuple(self.content(words))
        return found

    def content(self, words: Sequence[str]) -> list[str]:
        """Rewritten words without those that are skipped; dates and times in a row are one."""
        out: list[str] = []
        for word in words:
            role = self.role(word)
            if (not role & SKIPPED or role & Role.JOIN) and not (word == NUMBER and out and out[-1] == NUMBER):
                out.append(word)
        return out

    def courtesies(self, names: Iterable[str]) -> frozenset[str]:
        """Intents that are nothing but politeness here: each of their phrases is made of such words alone."""
        polite = []
        for name in names:
            own = [p for phrases in self.phrases.values() for p in phrases if p.intent == name]
            if own and all(self.role(word) & Role.COURTESY for phrase in own for word in phrase.words):
                polite.append(name)
        return frozenset(polite)

    def _load_vocabulary(self, lexicon: Lexicon) -> None:
        words = {
            word
            for table in (self.phrases, self.deciding, self.alone)
            for phrases in table.values()
            for p in phrases
            for word in p.words
        }
        near = {word for patterns in self.near.values() for _, sets in patterns for words in sets for word in words}
        self._gravest = frozenset(w for phrases in self.deciding.values() for p in phrases for w in p.words) | near
        words |= {word for word in self.roles if "_" not in word}
        in_phrases = words - self.roles.keys()
        targets = {
            word
            for word in words
            if len(word) >= _REPAIR_FROM and word.isalpha() and (word in in_phrases or not self.role(word) & _NEVER_MEANT)
        }
        targets |= {
            variant
            for groups in (lexicon.spellings, lexicon.same)
            for into, variants in groups.items()
            for variant in variants
            if (into in words or groups is lexicon.same) and len(variant) > _REPAIR_FROM and variant.isalpha()
        }
        words |= near | self.aux | self._articles | self.elsewhere | self._sentences.words
        words |= {word for rewriter in (self._spelling, self._people, self._sameness) for word in rewriter.words()}
        figures = {word for word in words if is_number(word)}  # read as numbers, but for slips such as "100" for certainly
        written = (word for variants in lexicon.spellings.values() for variant in variants for word in variant.split())
        words -= figures.difference(written)
        self.known = frozenset(words) | {fold(word) for word in lexicon.common}
        self._heads = frozenset(
            word for word in self.known if len(word) > 1 and any(self.role(w) & _HEADS for w in self.rewrite([word]))
        ) | frozenset(map(fold, lexicon.lists["heads"]))
        self._targets = tuple(sorted(targets))

    def role(self, word: str) -> int:
        return self.roles.get(word, Role.NONE)

    def roles_of(self, words: Sequence[str]) -> int:
        """All roles that any of the words has."""
        roles = Role.NONE
        for word in words:
            roles |= self.role(word)
        return roles

    def familiarity(self, words: Sequence[str]) -> int:
        """How many of the words, accents taken off, this language has."""
        known = self.known
        return sum(1 for word in words if word in known)

    def rewrite(self, words: Sequence[str]) -> list[str]:
        """Spelling, then sameness, then questions by their order of words ("will I", "is my ...")."""
        return self.alike(self.spelt(words))

    def unsigned(self, text: str) -> str:
        """A reply without the close of a letter and the name under it: "Yours sincerely, R. Ashworth"."""
        found = self._closing.search(text) if self._closing is not None else None
        if found is None:
            return text
        words = [word.strip(".") for word in found.group(1).split()]
        named = [word for word in words if len(word) > 1 and word not in self.titles]
        known = any(word in self.known and word not in self._firstnames for word in named)
        return text if known or not (named or len(words) == 1) else text[: found.start()]

    def spelt(self, words: Sequence[str]) -> list[str]:
        """The words put right and nothing more."""
        return self.joined(self.mended(words))

    def mended(self, words: Sequence[str]) -> list[Sequence[str]]:
        """Each word by itself put right: most as they are, a run-on in its words."""
        return [self._known_or_repaired(word) for word in words]

    def joined(self, mended: Iterable[Sequence[str]]) -> list[str]:
        """Mended words with those spellings that take several words put right."""
        return self._spelling([part for parts in mended for part in parts])

    def alike(self, spelt: Sequence[str], follows: bool = False) -> list[str]:
        """Spelt words with turns of phrase, questions by order of words and dates each made one word. `follows` tells that
        they go on after a sentence.
        """
        same = self._same(spelt)
        if len(same) > 1:
            self._mark_inversions(same)
            self._mark_conjunctions(same, follows)
        marked = [NUMBER if self.role(word) & Role.WHEN or is_number(word) else word for word in same]
        return [word for at, word in enumerate(marked) if not self._chooses_time(marked, at)]

    def said(self, spelt: Sequence[str], asked: bool) -> Said | None:
        """What a clause says by whole sentences, or None. `asked` tells that it ends in a question mark."""
        return self._sentences.said(spelt, asked, self._name_mark)

    def _name_mark(self, word: str) -> str:
        return "~" if word in self._firstnames else "" if word in self.known or not word[0].isalpha() else "^"

    def _same(self, spelt: Sequence[str]) -> list[str]:
        """People first, each as what they are, so that a turn of phrase need not name them all."""
        return self._sameness(self._people(spelt))

    def _mark_inversions(self, words: list[str]) -> None:
        for at in range(len(words) - 1):
            if words[at] in self.aux:
                followers = self._subjects if at else self._articles
                if words[at] in self._holders:  # "have this phone" has an object, "have you" asks
                    followers = self._subjects & self.openers
                if words[at + 1] in followers and (at == 0 or not self._leads_verb(words[at - 1])):
                    words[at] = ASK_PAST if words[at] in self._past else ASK

    def _mark_conjunctions(self, words: list[str], follows: bool) -> None:
        """A question word that only joins is none: "after 3, when the kids are home", "a day when I am off"."""
        for at in range(not follows, len(words) - 1):
            told = words[at + 1] in self._subjects or words[at + 1] in self._articles
            joins = not at or words[at - 1] in self._joined or bool(self.role(words[at - 1]) & Role.WHEN)
            if words[at] in self._conjoining and told and joins:
                words[at] = WHILE

    def _chooses_time(self, words: Sequence[str], at: int) -> bool:
        """Whether a word is the "or" of "Monday or Tuesday": that is a choice of times, and no condition."""
        if not 0 < at < len(words) - 1 or words[at - 1] != NUMBER or words[at + 1] != NUMBER:
            return False
        return self.role(words[at]) & (Role.CONDITION | Role.JOIN) == Role.CONDITION | Role.JOIN

    def _leads_verb(self, word: str) -> bool:
        """Whether a verb after `word` is told and not asked: "I do it", "cannot do it", "to do it"."""
        role = self.role(word)
        return word in self._subjects or (bool(role & Role.NEGATION) and not role & Role.NO) or word in self._modals

    def _known_or_repaired(self, word: str) -> Sequence[str]:
        folded = word if word.isascii() else fold(word)
        if folded in self.known or not (self.known or is_number(folded)):
            return (folded,)
        if not folded:  # nothing but accents
            return ()
        return (NUMBER,) if is_number(folded) else self._repaired(folded)

    def _repaired(self, word: str) -> list[str]:
        """A word that the language does not have, put right where one slip of the finger explains it; else as it is."""
        known = self.known
        for shorter in (_THRICE.sub(r"\1\1", word), _TWICE.sub(r"\1", word)):
            if shorter != word and shorter in known:
                return [shorter]
        if word.endswith("'s") and word[:-2] in known:
            return [word[:-2]]
        head, mark, rest = word.partition("'")
        if mark and rest and head in self._elisions:  # French "j'annule", "l'heure"
            return [head, *self._known_or_repaired(rest)]
        if len(word) > _LONGEST_WORD or not word.isalnum():
            return [word]
        parts = self._parted(word)
        if parts:
            return parts
        if len(word) >= _REPAIR_FROM - 1 and word.isalpha():
            found = process.extract(word, self._targets, scorer=fuzz.ratio, score_cutoff=_REPAIR_LIKE, limit=2)
            allowed = 1 if len(word) < _TWO_SLIPS_FROM else 2
            near = [
                target
                for target, _, _ in found
                if OSA.distance(word, target, score_cutoff=allowed) <= (1 if target in self._gravest else allowed)
            ]
            near = [target for target in near if not (self._contrary(word, target) or _begins_otherwise(word, target))]
            if near and (len(near) == 1 or found[0][1] > found[1][1]):
                return [near[0]]
        return [word]

    def _contrary(self, word: str, target: str) -> bool:
        """Whether the slip would take a negation away: Lithuanian "neatvyksiu" is no misspelt "atvyksiu"."""
        return any(
            word.startswith(negation) and OSA.distance(word[len(negation) :], target, score_cutoff=1) <= 1
            for negation in self._negations
        )

    def _parted(self, word: str, begun: bool = False, most: int = 6) -> list[str]:
        """A run-on in its words ("yesthanks"), begun by a word that stands alone well; empty where it is none."""
        for at in range(1, len(word)) if begun else range(len(word) - 1, 0, -1):
            head, rest = word[:at], word[at:]
            if (head in self._heads) if not begun else (head in self.known and (at > 1 or head in self._subjects)):
                if len(rest) > 1 and rest in self.known and self._people([rest]) != [NAME]:
                    return [head, rest]
                more = self._parted(rest, True, most - 1) if most > 2 and len(rest) > 2 else []
                if more:
                    return [head, *more]
        return []


def _begins_otherwise(word: str, target: str) -> bool:
    """Whether a short word of as many letters begins with another one: "loving" is no slip of "moving"."""
    return len(word) == len(target) < _TWO_SLIPS_FROM and word[0] != target[0] and word[:2] != target[1::-1]


def _split(text: str) -> list[str]:
    return [fold(word) for word in text.split()]


def holds(words: Sequence[str], pattern: tuple[str, ...]) -> bool:
    """Whether `pattern` stands in `words` as one stretch."""
    first, length = pattern[0], len(pattern)
    return any(word == first and tuple(words[at : at + length]) == pattern for at, word in enumerate(words))
