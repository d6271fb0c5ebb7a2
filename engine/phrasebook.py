"""Everything that reading needs of one language under one ruleset: the phrases of each intent, and the words that are known."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain

from engine.asides import Asides, asides
from engine.grammar import Grammar, grammar
from engine.language import answers, language, split
from engine.lexicon import Role
from engine.normalise import fold, is_number
from engine.phrase import DECIDING, OPT_OUT, SAYING, TALE, Phrase, Phrases
from engine.ruleset import Intent, LanguageWords, Ruleset
from engine.sentences import Said
from engine.speller import REPAIR_FROM, Speller
from engine.word_kinds import ANYTHING, WordKinds

SIGNS = "signs"  # of danger, in a layman's words
ALONE = "="  # before a phrase of a lexicon: it counts only as the whole of a reply
WRITTEN = "=="  # the same, and only as it is written: "ye" is another word for "you" in any other reply

_HEADS = Role.YES | Role.NO | Role.ACK | Role.COURTESY  # what a run-on may begin with: "yesthanks"
_BARE = Role.NEGATION | Role.HEDGE | Role.CONDITION | Role.CONTRAST | Role.JOIN
_COMMON = "en"  # the language whose yes and no patients of every other know
_NEVER_MEANT = Role.CONTRAST | Role.CONDITION  # a name is sooner misspelt than these: "Rafter" is not "after"

_WITH_DANGER = (
    "weighty", "passed_over", "unstressed", "present", "gravest", "denied", "following", "determiners", "ours", "titles",
)  # fmt: skip

Sets = tuple[frozenset[str], ...]


class Phrasebook(WordKinds):
    """One language under one ruleset version. What reading asks of its words stands here, whoever knows it."""

    def __init__(self, ruleset: Ruleset, code: str) -> None:
        super().__init__(grammar(language(code), ruleset.words.get(code, LanguageWords())))
        self.language = code
        self._make_patterns()

        self.phrases = Phrases()
        self.deciding = Phrases()
        self.alone = Phrases()  # mean something only as the whole of a reply
        self.written: dict[tuple[str, ...], Phrase] = {}  # and only as they are written
        self.unless: dict[str, list[tuple[str, tuple[str, ...]]]] = {}  # by first words: of which intent, in what it is none
        self.near: dict[str, list[tuple[Phrase, Sets]]] = {}  # by each word of the first set
        self.light = [self._spelt_sets(sets) for sets in self._language.lexicon.near.get(SAYING, ())]
        self._topics: list[tuple[frozenset[str], str]] = []  # questions that a text answers, by the words of a phrase
        self._asked_with: frozenset[str] = frozenset()  # all of these words
        for intent in ruleset.intents.values():
            if intent.kind_of:
                self._load_topic(intent)
            else:
                self._load_intent(intent)
        self.whole = {" ".join(phrase.words): phrase for phrase in self.phrases}
        self.choices = tuple(self.whole)
        self.asides = _asides(self._grammar)
        self._speller = self._load_vocabulary()
        self.known = self._speller.known

    def _make_patterns(self) -> None:
        lists = self._language.lexicon.lists
        closings, named, trailers = _one_of(lists["closings"]), _one_of(lists["identifiers"]), _one_of(lists["trailers"])
        name = r"((?:[^\W\d_][\w'’.-]*\s*){1,4})"
        number = r"(?: ?(?:no|number|num|nr|#)[.:]?)?[: -]{0,2}[a-z]{0,3}\d[\d/. -]*"
        self._closing = re.compile(rf"(?:^|[\n,.!] *)(?:{closings})\b[\s,.]+{name}$") if closings else None
        self.identifier = re.compile(rf"\b(?:{named})[.:]?{number}") if named else None
        self.trailer = re.compile(rf"(?m)^\s*(?:{trailers})\b[^?\n]*$") if trailers else None

    def _load_intent(self, intent: Intent) -> None:
        lexicon, phrase = self._language.lexicon, self._grammar.phrase
        keys = {word for key in intent.keys for word in phrase(key)}
        for key in intent.keys:
            if self._own_key(key):
                self._add(self.phrases, intent, key, keys)
        for text in intent.phrases.get(self.language, ()):
            self._add(self.phrases, intent, text, keys)
        shared = lexicon.always.get(intent.name, ())
        for text in intent.words.get(self.language, ()):
            self._add_deciding(intent, text)
        for text in shared:
            if text.startswith(WRITTEN):
                said = text.removeprefix(WRITTEN)
                words = tuple(said.split())
                self.written[words] = Phrase(intent.name, said, words, key=False, weak=False, negative=False, asks=False)
            elif text.startswith(ALONE):
                self._add(self.alone, intent, text.removeprefix(ALONE), keys)
            elif intent.name in DECIDING:
                self._add_deciding(intent, text)
            else:
                self._add(self.phrases, intent, text, keys)
        self._load_near(intent)
        barred = (*intent.unless.get(self.language, ()), *lexicon.unless.get(intent.name, ()))
        for words in dict.fromkeys(map(phrase, barred)):
            if words:
                self.unless.setdefault(words[0], []).append((intent.name, words))

    def _load_topic(self, intent: Intent) -> None:
        """Its phrases are read as those of every question; which one it is counts where the reply asks nothing else."""
        question = replace(intent, name=intent.kind_of)
        for text in intent.phrases.get(self.language, ()):
            self._add(self.phrases, question, text, set())
            words = frozenset(self._grammar.deciding_phrase(text))
            self._topics.append((words, intent.name))
            self._asked_with |= words

    def _load_near(self, intent: Intent) -> None:
        near = self._language.lexicon.near
        signs = near.get(SIGNS, ()) if intent.name == DECIDING[0] else ()
        for sets in (*near.get(intent.name, ()), *signs):
            text = " ".join(min(words) for words in sets)
            alarm = Phrase(intent.name, text, (), key=False, weak=sets in signs, negative=False, asks=False)
            rarest = sorted(self._spelt_sets(sets), key=lambda words: (sum(map(bool, map(self.role, words))), len(words)))
            alarming = alarm, tuple(rarest)
            for word in rarest[0]:
                self.near.setdefault(word, []).append(alarming)

    def _spelt_sets(self, sets: Sets) -> Sets:
        return tuple(map(self._language.spelt_set, sets))

    def _own_key(self, key: str) -> bool:
        """Whether a key is also a word of this language. A key of one may be another word in the next: Irish tá is no
        English "ta", Romanian da no "da" of a child, Portuguese sim no sim card.
        """
        folded = fold(key.casefold())
        if not key.isascii() and self._grammar.phrase(key) != (folded,):
            return False
        if len(folded) == 1 or self.role(folded) & (Role.YES | Role.NO):
            return True
        return all(folded not in words for language, words in answers().items() if language not in (self.language, _COMMON))

    def _add(self, table: Phrases, intent: Intent, text: str, keys: set[str]) -> None:
        words = self._grammar.phrase(text)
        if all(self.role(word) & _BARE for word in words) or set(words) <= ANYTHING:
            return  # nothing left to compare by: every "not" would be like it, or every name
        table.add(  # the first intent in the file has it; the loader tells of one phrase under two intents
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
        words = self._grammar.deciding_phrase(text)
        if words and words[0] != SAYING:  # what a saying takes away is none of it
            self.deciding.add(Phrase(intent.name, text, words, key=False, weak=False, negative=False, asks=False))

    def topic(self, spelt: Sequence[str]) -> str:
        """Which of the questions that a text answers a question is, "" where it asks anything else: all words of one of its
        phrases stand in it, and no word that is in none of them but courtesies."""
        polite = Role.COURTESY | Role.FILLER
        said = self.grave(spelt) if self._topics else []
        words = {word for word in said if word in self._asked_with or not self.roles_of(self.alike([word])) & polite}
        if not words <= self._asked_with:
            return ""
        return next((topic for asked, topic in self._topics if asked <= words), "")

    def courtesies(self, names: Iterable[str]) -> frozenset[str]:
        """Intents that are nothing but politeness here: each of their phrases is made of such words alone."""
        polite: dict[str, bool] = {}
        for phrase in self.phrases:
            courteous = all(self.role(word) & Role.COURTESY for word in phrase.words)
            polite[phrase.intent] = polite.get(phrase.intent, True) and courteous
        return frozenset(name for name in names if polite.get(name))

    def _load_vocabulary(self) -> Speller:
        lexicon, roles = self._language.lexicon, self.roles
        words = {word for phrase in chain(self.phrases, self.deciding, self.alone) for word in phrase.words}
        near = {word for patterns in self.near.values() for _, sets in patterns for words in sets for word in words}
        gravest = (frozenset(word for phrase in self.deciding for word in phrase.words) | near) - self.ours
        told = (phrase for phrase in self.phrases if phrase.intent == OPT_OUT)
        self.of_texts = frozenset(word for phrase in told for word in phrase.words)
        self.explained = words | near | self._dangers()
        words |= {word for word in roles if "_" not in word}
        in_phrases = words - roles.keys()
        targets = {
            word
            for word in words
            if len(word) >= REPAIR_FROM and word.isalpha() and (word in in_phrases or not self.role(word) & _NEVER_MEANT)
        }
        targets |= {word for word in self._language.single if len(word) > REPAIR_FROM}
        targets |= {
            variant
            for into, variants in lexicon.spellings.items()
            for variant in variants
            if into in words and len(variant) > REPAIR_FROM and variant.isalpha()
        }
        words |= near | self.aux | self._grammar.articles | self.elsewhere | self.trifles | self.asides.creatures
        words |= self._language.sentences.words | self.told_beside
        words |= {word for lines in self.leading_off.values() for line in lines for word in line}
        words |= self.signs.words | self.asides.stretched | set(self._language.accented.values())
        rewriters = (self._language.spelling, self._language.people, self._grammar.sameness)
        words |= {word for rewriter in rewriters for word in rewriter.words()}
        figures = {word for word in words if is_number(word)}  # read as numbers, but for slips such as "100" for certainly
        written = (word for variants in lexicon.spellings.values() for variant in variants for word in variant.split())
        words -= figures.difference(written)
        known = frozenset(words) | {fold(word) for word in lexicon.common}
        heads = (word for word in known if len(word) > 1 and self._heads_a_run_on(word))
        return Speller(
            language=self._language,
            known=known,
            targets=tuple(sorted(targets)),
            gravest=gravest,
            heads=frozenset(heads) | self._language.words("heads"),
            negations=tuple(word for word, role in roles.items() if role & Role.NEGATION and len(word) > 1),
        )

    def dangerous(self, word: str) -> bool:
        """Whether a word stands in what alarms."""
        return word in self._speller.gravest or word in self.signs.marked

    def alarming(self, word: str) -> bool:
        """Whether it does, and goes with little else."""
        said_of_anything = word in self.tales or word in self.beside_danger or word in self._mundane
        return not said_of_anything and self.dangerous(word)

    def _dangers(self) -> frozenset[str]:
        """The words that go with danger, though none of them alarms by itself."""
        lists = (self._language.lexicon.lists[name] for name in _WITH_DANGER)
        return self.signs.words | {word for entries in lists for entry in entries for word in split(entry)}

    def _heads_a_run_on(self, word: str) -> bool:
        if not (self.role(word) & _HEADS or self._grammar.begun(word)):
            return False
        return bool(self.roles_of(self._grammar.alike(self._language.spelling([word]))) & _HEADS)

    def familiarity(self, words: Sequence[str]) -> int:
        """How many of the words, accents taken off, this language has."""
        return sum(map(self.known.__contains__, words))

    def unsigned(self, text: str) -> str:
        """A reply without the close of a letter and the name under it: "Yours sincerely, R. Ashworth"."""
        found = self._closing.search(text) if self._closing is not None else None
        if found is None:
            return text
        words = [word.strip(".") for word in found.group(1).split()]
        named = [word for word in words if len(word) > 1 and word not in self.titles]
        known = any(word in self.known and word not in self._language.firstnames for word in named)
        return text if known or not (named or len(words) == 1) else text[: found.start()]

    def rewrite(self, words: Sequence[str]) -> list[str]:
        """Words put right, then turns of phrase, then questions by their order of words ("will I", "is my ...")."""
        return self.alike(self.spelt(words))

    def spelt(self, words: Sequence[str]) -> list[str]:
        """The words put right and nothing more."""
        return self._speller.spelt(words)

    def mended(self, words: Sequence[str]) -> list[Sequence[str]]:
        """Each word by itself put right: most as they are, a run-on in its words."""
        return self._speller.mended(words)

    def joined(self, mended: Iterable[Sequence[str]]) -> list[str]:
        """Mended words with those spellings that take several words put right."""
        return self._speller.joined(mended)

    def alike(self, spelt: Sequence[str], follows: bool = False) -> list[str]:
        """Spelt words with turns of phrase, questions by order of words and dates each made one word. `follows` tells that
        they go on after a sentence.
        """
        return self._grammar.alike(spelt, follows)

    def content(self, words: Sequence[str]) -> list[str]:
        """Rewritten words without those that are skipped; dates and times in a row are one."""
        return self._grammar.content(words)

    def grave(self, spelt: Sequence[str]) -> list[str]:
        """What words that decide wherever they stand are compared with."""
        return self._grammar.grave(spelt)

    def apart(self, spelt: Sequence[str]) -> list[str]:
        """Spelt words, each saying that only sounds alarming made one word."""
        return self._grammar.apart(spelt)

    def said(self, spelt: Sequence[str], asked: bool, without: Collection[str] = ()) -> Said | None:
        """What a clause says by whole sentences, but for those of some intents, or None. `asked` tells that it ends in a
        question mark.
        """
        return self._language.sentences.said(spelt, asked, self._name_mark, without)

    def only_tells(self, spelt: Sequence[str], asked: bool) -> bool:
        """Whether a segment is nothing but what patients tell beside a yes, in whole sentences."""
        said = self.said(spelt, asked) if self.tells and not asked else None
        return said is not None and said.length == len(spelt) and all(intent == TALE for intent, _ in said.sentences)

    def _name_mark(self, word: str) -> str:
        return "~" if word in self._language.firstnames else "" if word in self.known or not word[0].isalpha() else "^"


@lru_cache(maxsize=64)
def _asides(grammar: Grammar) -> Asides:
    """The same for all rulesets that share a grammar, and kept with it."""
    return asides(grammar.language.lexicon, grammar.language.spelt, grammar.grave)


def _one_of(entries: Sequence[str]) -> str:
    """A regular expression for one of several texts, the longest first; empty where there are none."""
    return "|".join(map(re.escape, sorted(entries, key=len, reverse=True)))
