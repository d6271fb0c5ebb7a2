"""What every ruleset may take for granted about a language: slips, contractions, sayings, negations, polite words.

The words are YAML beside this file, one file a language, because people who know the language should be able to
read and mend them. They are part of the engine's code, not input of a decision: read once when the engine is
imported, never again, so that reading a reply touches no file. A new language is a new file; no code changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Final

from engine.lexicon.patterns import Classes, Phrases
from engine.word_files import read_words


class Role:
    """What a word does in a clause. A word may have several roles: one bit each.

    Plain numbers, not an IntFlag: reading tests roles some hundred times a reply, and an IntFlag makes an object
    each time.
    """

    NONE: Final = 0
    STOP: Final = 1  # articles, pronouns: skipped when phrases are compared
    FILLER: Final = 2  # politeness: skipped as well
    HARMLESS: Final = 4  # has a meaning, but none that changes an answer
    NEGATION: Final = 8
    QUESTION: Final = 16
    HEDGE: Final = 32
    CONDITION: Final = 64
    CONTRAST: Final = 128
    JOIN: Final = 256
    WHEN: Final = 512
    YES: Final = 1024
    NO: Final = 2048
    COURTESY: Final = 4096
    ACK: Final = 8192
    ROBOT: Final = 16384
    REQUEST: Final = 32768
    WISH: Final = 65536


_ROLE_OF_LIST = {
    "stops": Role.STOP,
    "fillers": Role.FILLER,
    "harmless": Role.HARMLESS,
    "negations": Role.NEGATION,
    "questions": Role.QUESTION,
    "requests": Role.REQUEST,
    "wishes": Role.WISH,
    "hedges": Role.HEDGE,
    "conditions": Role.CONDITION,
    "contrasts": Role.CONTRAST,
    "joins": Role.JOIN,
    "when": Role.WHEN,
    "yes": Role.YES,
    "no": Role.NO,
    "courtesy": Role.COURTESY,
    "acks": Role.ACK,
    "robots": Role.ROBOT,
}
_OTHER_LISTS = (
    "aux",
    "subjects",
    "articles",
    "kin",
    "distant_kin",
    "own_plans",
    "past",
    "takers",
    "bygone",
    "coming",
    "others",
    "things",
    "persons",
    "passing",
    "meeting",
    "visiting",
    "visited",
    "strays",
    "leading_off",
    "paces",
    "heeding",
    "making",
    "degrees",
    "made",
    "handled",
    "habits",
    "vague",
    "slots",
    "shifting",
    "saying",
    "underwent",
    "directions",
    "leading",
    "intending",
    "undergone",
    "timing",
    "giving",
    "over",
    "ahead",
    "given",
    "picking",
    "deferring",
    "occasions",
    "returning",
    "that_day",
    "partings",
    "unstressed",
    "tapbacks",
    "openers",
    "governing",
    "weighty",
    "reasons",
    "because",
    "tales",
    "excuses",
    "telling",
    "at_stake",
    "obstacles",
    "bound_for",
    "admitted",
    "remarks",
    "leavings",
    "delights",
    "echoes",
    "taking_up",
    "wondering",
    "company",
    "idle",
    "settled",
    "callers",
    "thin",
    "signing",
    "trailers",
    "holders",
    "modals",
    "polite",
    "elisions",
    "clitics",
    "latin_leads",
    "personal",
    "ours",
    "titles",
    "heads",
    "identifiers",
    "pleas",
    "lacking",
    "rueful",
    "the_visit",
    "beside_ack",
    "elsewhere",
    "concord",
    "beginnings",
    "parted",
    "theirs",
    "refusals",
    "denied",
    "naming",
    "long_ago",
    "befell",
    "following",
    "present",
    "creatures",
    "harming",
    "mortals",
    "pronouns",
    "between",
    "supposed",
    "healers",
    "determiners",
    "any_one",
    "crowds",
    "siblings",
    "dating",
    "rites",
    "reporting",
    "stunned",
    "addressing",
    "limbs",
    "causes",
    "familiar",
    "passed_over",
    "triage",
    "bodily",
    "visible",
    "vague_hints",
    "patients",
    "general",
    "meant",
    "mild",
    "beside_danger",
    "mundane",
    "bleak",
    "steady",
    "gravest",
    "loose",
    "cries",
    "trifles",
    "blaming",
    "lead_ins",
    "trails",
    "goes_on",
    "clock",
    "closings",
    "conjoining",
    "joined",
)
_OTHER_GROUPS = (
    "classes", "spellings", "same", "accented", "always", "unless", "near", "signs", "halves", "dire", "hints", "sentences",
    "goes_with", "latin", "wish_words", "points",
)  # fmt: skip

Sets = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language, as its file has it. Words are lower case; several words are one string with spaces."""

    language: str
    spellings: Mapping[str, Iterable[str]]
    same: Mapping[str, Iterable[str]]
    accented: Mapping[str, Iterable[str]]  # single words that only their accents part from other words
    roles: Mapping[int, tuple[str, ...]]
    lists: Mapping[str, tuple[str, ...]]
    always: Mapping[str, tuple[str, ...]]  # of engine.ruleset.ALWAYS_INTENTS: what says them in every ruleset
    unless: Mapping[str, tuple[str, ...]]  # of the same intents: in what they must not be read
    goes_with: Mapping[str, tuple[str, ...]]  # of remarks: the words that belong to what they tell
    near: Mapping[str, tuple[Sets, ...]]  # of the gravest of them: one word of each set close together
    signs: Mapping[str, Iterable[str]]  # of danger, by kind: two kinds alarm (engine.signs)
    halves: Mapping[str, tuple[Sets, ...]]  # of signs, by kind: one word of each set near the next (engine.halves)
    dire: Mapping[str, Iterable[str]]  # the same: one alarms alone
    hints: Mapping[str, Iterable[str]]  # of danger, by kind: only beside a sign
    points: Mapping[int, Iterable[str]]  # single words by what they add to a score of danger (engine.points)
    classes: Mapping[str, tuple[str, ...]]
    sentences: Mapping[str, tuple[str, ...]]  # of any intent: patterns of a whole clause, as written (engine.sentences)
    wish_words: Mapping[str, tuple[str, ...]]  # what wishes for another time are made of, by kind (engine.wished)
    latin: Mapping[str, tuple[str, ...]]  # what Latin letters stand for where a language has others (engine.latin)
    common: frozenset[str]


def parse(language: str, text: str) -> Lexicon:
    """Lexicon of one file's text. Raises ValueError naming the language and the list or the line that is wrong."""
    data = read_words(f"lexicon/{language}.yaml", text)
    if not isinstance(data, dict):
        raise ValueError(f"lexicon {language}: expected lists of words by name, found {type(data).__name__}")
    unknown = set(data) - set(_ROLE_OF_LIST) - set(_OTHER_LISTS) - set(_OTHER_GROUPS) - {"common"}
    if unknown:
        raise ValueError(f"lexicon {language}: no such list: {', '.join(sorted(unknown))}")
    classes: dict[str, tuple[str, ...]] = {}
    for name, lines in _groups(language, data, "classes").items():
        classes[name] = tuple(Phrases(language, lines, classes))

    def words(name: str) -> tuple[str, ...]:
        return tuple(Phrases(language, _lines(language, name, data.get(name, ())), classes))

    def groups(name: str) -> Mapping[str, Phrases]:
        return {head: Phrases(language, lines, classes) for head, lines in _groups(language, data, name).items()}

    return Lexicon(
        language=language,
        spellings=MappingProxyType(groups("spellings")),
        same=MappingProxyType(groups("same")),
        accented=MappingProxyType(groups("accented")),
        roles=MappingProxyType({role: words(name) for name, role in _ROLE_OF_LIST.items()}),
        lists=MappingProxyType({name: words(name) for name in _OTHER_LISTS}),
        always=MappingProxyType({name: tuple(phrases) for name, phrases in groups("always").items()}),
        unless=MappingProxyType({name: tuple(phrases) for name, phrases in groups("unless").items()}),
        goes_with=MappingProxyType({name: tuple(words) for name, words in groups("goes_with").items()}),
        near=_sets(language, data, classes, "near"),
        signs=MappingProxyType(groups("signs")),
        halves=_sets(language, data, classes, "halves"),
        dire=MappingProxyType(groups("dire")),
        hints=MappingProxyType(groups("hints")),
        points=_by_worth(language, groups("points")),
        classes=MappingProxyType(classes),
        sentences=_groups(language, data, "sentences"),
        wish_words=_groups(language, data, "wish_words"),
        latin=_groups(language, data, "latin"),
        common=frozenset(str(data.get("common", "")).split()),
    )


def _groups(language: str, data: Mapping[str, object], name: str) -> Mapping[str, tuple[str, ...]]:
    groups = data.get(name, {})
    if not isinstance(groups, dict):
        raise ValueError(f"lexicon {language}: `{name}` must map a word to a list")
    return MappingProxyType({head: _lines(language, f"{name}.{head}", lines) for head, lines in groups.items()})


def _by_worth(language: str, groups: Mapping[str, Iterable[str]]) -> Mapping[int, Iterable[str]]:
    worth: dict[int, Iterable[str]] = {}
    listed: dict[str, str] = {}
    for name, words in groups.items():
        if not name.lstrip("-").isdecimal():
            raise ValueError(f"lexicon {language}: `points` lists words by a whole number, and `{name}` is none")
        for word in words:
            if " " in word:
                raise ValueError(f"lexicon {language}: `{word}` of `points` is several words; each counts by itself")
            if word in listed:
                raise ValueError(f"lexicon {language}: `{word}` of `points` is worth both {listed[word]} and {name}; keep one")
            listed[word] = name
        worth[int(name)] = tuple(words)
    return MappingProxyType(worth)


def _lines(language: str, name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise ValueError(f"lexicon {language}: `{name}` must be a list of words")
    return tuple(str(text).casefold() for text in value)


def _sets(language: str, data: Mapping[str, object], classes: Classes, name: str) -> Mapping[str, tuple[Sets, ...]]:
    """Patterns of single words, each a choice of several: "<tablets> <swallowed> (all|whole|box)"."""
    groups = _groups(language, data, name)
    written = {word for lines in groups.values() for line in lines for word in line.split()}
    sets = {word: frozenset(Phrases(language, (word,), classes)) for word in written}
    found = {intent: tuple(tuple(sets[word] for word in line.split()) for line in lines) for intent, lines in groups.items()}
    return MappingProxyType(found)


def _shipped() -> Mapping[str, Lexicon]:
    files = (file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml"))
    by_language = ((file.name.removesuffix(".yaml"), file.read_text("utf-8")) for file in files)
    return MappingProxyType({language: parse(language, text) for language, text in sorted(by_language)})


LEXICONS: Mapping[str, Lexicon] = _shipped()
NO_LEXICON = parse("", "{}")  # for a language that has no file: its phrases still match as written
