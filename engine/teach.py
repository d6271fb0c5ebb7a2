"""Teaching a ruleset how a patient says something: one phrase more in its file, and what that changes.

A lesson is taken only where it does what it should and harms nothing: the reply is read as it was taught, every check
and talk of the file still holds, and no other meaning has the phrase already. What else would be read differently is
told, for a person to judge. The lesson is held by a phrase check in the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.insertion import NoPlaceError, Page, scalar
from engine.lexicon import Role
from engine.likeness import Shelf
from engine.loader import Loaded, load
from engine.nodes import Listing, Node, Table, read_nodes
from engine.normalise import normalise
from engine.phrase import NUMBER
from engine.prepared import prepare
from engine.problems import Problem, Report, did_you_mean, listed
from engine.reading import Reading
from engine.ruleset import ALWAYS_INTENTS, Ruleset
from engine.translations import BLOCK
from engine.understanding import read

_SAYS_NOTHING = (
    Role.STOP | Role.FILLER | Role.NEGATION | Role.NO | Role.YES | Role.ACK | Role.HEDGE
    | Role.CONDITION | Role.CONTRAST | Role.JOIN
)  # fmt: skip
_SAME_TWICE = frozenset({"R060", "R061", "R062"})  # of engine/problems.py: two meanings of one phrase
_BEFORE_PHRASES = ("draft", "reviewed", "segments", "accents", "formats", "called", "keys")  # of a translation


class RefusedError(Exception):
    """The lesson is not taken; the message says why. `problems` are those that the file would have, or has."""

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Known:
    """A text whose reading is worth keeping. `where` says where it comes from, for a person."""

    text: str
    language: str
    where: str


@dataclass(frozen=True, slots=True)
class Change:
    """A known text that would be read as something else: intents, `unknown` or `mixed`."""

    known: Known
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """`text` is the file's, with the lesson in it. `before` and `after` are how the reply was read and is read then;
    `changes` what else would be read differently, the known texts in the order of the file."""

    text: str
    before: Reading
    after: Reading
    changes: tuple[Change, ...]
    compared: int  # how many known texts were
    loaded: Loaded


def teach(
    source: str,
    said: str,
    intent: str,
    language: str = "",
    name: str = "ruleset.yaml",
    against: Iterable[Known] = (),
    shelf: Shelf = MappingProxyType({}),
) -> Lesson:
    """The ruleset `source` taught that `said` means `intent`. `language` is that of `said`, the file's first where it
    is empty; `name` the file's, for messages. `against`: replies to compare beside those that the file knows. `shelf`: the
    rulesets that it may be like. Pure. Raises RefusedError."""
    loaded = load(source, name, shelf=shelf)
    if loaded.ruleset is None:
        raise RefusedError("mend these errors first", _errors(loaded))
    ruleset = loaded.ruleset
    said = " ".join(said.split())
    language = language or ruleset.languages[0]
    before = _allowed(ruleset, said, intent, language)
    text = _written(source, ruleset, said, intent, language)
    taught = load(text, name, shelf=shelf)
    after = _held(loaded, taught, said, intent)
    _nothing_else(ruleset, after, (said, intent, language))
    texts = {(each.text, each.language): each for each in (*against, *known(ruleset)) if each.text != said}
    changes = tuple(_changes(ruleset, after, texts.values()))
    return Lesson(text, before, read(after, said, language, after.example), changes, len(texts), taught)


def known(ruleset: Ruleset) -> Iterator[Known]:
    """Every text in the file whose meaning it says, or lives by: keys, phrases, phrase checks, and what patients say in
    its talks."""
    first = ruleset.languages[0]
    for intent in ruleset.intents.values():
        yield from (Known(key, first, f"key of {intent.name}") for key in intent.keys)
        for kind, lists in (("phrase", intent.phrases), ("word", intent.words)):
            for language, phrases in lists.items():
                yield from (Known(phrase, language, f"{kind} of {intent.name}") for phrase in phrases)
    for check in ruleset.phrases:
        yield Known(check.text, check.language, "phrase check")
    for talk in ruleset.talks:
        language = talk.given.get("language", first)
        said = (str(step.value) for step in talk.steps if step.kind == "patient")
        yield from (Known(text, language, f"talk “{talk.name}”") for text in said)


def _allowed(ruleset: Ruleset, said: str, intent: str, language: str) -> Reading:
    """How the reply is read now. Raises RefusedError where there is nothing to teach, or danger in it."""
    if intent not in ruleset.intents:
        near = did_you_mean(intent, ruleset.intents)
        raise RefusedError(f'there is no intent called "{intent}"{near}\nintents here: {listed(ruleset.intents)}')
    if language not in ruleset.languages:
        raise RefusedError(f'the file does not speak "{language}"; its languages: {listed(ruleset.languages)}')
    before = read(ruleset, said, language, ruleset.example)
    if before.means(intent):
        raise RefusedError(f"“{said}” is read as {intent} already: {before.why}")
    if before.intent in ALWAYS_INTENTS:
        raise RefusedError(f"“{said}” is read as {before.intent}, which no lesson takes away: {before.why}")
    normal = normalise(said)
    if not normal.words or normal.cut:
        raise RefusedError(f"“{said}” holds no words that could be learnt")
    prepared = prepare(ruleset)
    book = prepared.books[language]
    words = book.rewrite(normal.words)
    nothing = _SAYS_NOTHING | (Role.NONE if intent in prepared.courtesies else Role.COURTESY)
    if all(word == NUMBER or book.role(word) & nothing or (len(word) == 1 and word.isalnum()) for word in words):
        raise RefusedError(
            f"“{said}” says nothing by itself: such words stand in replies of every meaning, and all of them would be "
            f"read as {intent}. Teach a whole sentence."
        )
    if book.roles_of(words) & (Role.HEDGE | Role.CONDITION) and intent in prepared.answers:
        raise RefusedError(f"“{said}” leaves it open, and no lesson makes a {intent} of a perhaps: a person should read it")
    return before


def _written(source: str, ruleset: Ruleset, said: str, intent: str, language: str) -> str:
    """The file's text with the phrase, and with the check that holds it."""
    try:
        text = _with_phrase(source, ruleset, said, intent, language)
        return _with_check(text, said, intent, language)
    except NoPlaceError as fault:
        raise RefusedError(f'the phrases of "{intent}" have no place for it: {fault}') from fault


def _tree(text: str) -> Table:
    root = read_nodes(text, Report("", text))
    assert root is not None, "a file that loads has a tree"
    return root


def _with_phrase(source: str, ruleset: Ruleset, said: str, intent: str, language: str) -> str:
    page, root = Page(source), _tree(source)
    first = ruleset.languages[0]
    item = scalar(said)
    written = root.find("intents", intent, "phrases")
    block = root.find(BLOCK, language)
    own = root.find("intents", intent, "phrases", language)
    if isinstance(own, Listing):
        return page.add_item(own, item, _column(own, root, "intents", intent, "phrases", language) + 2)
    if isinstance(block, Table):
        return _in_translation(page, root, block, (intent, language), item)
    if isinstance(written, Listing) and language == first:
        return page.add_item(written, item, _column(written, root, "intents", intent, "phrases") + 2)
    if isinstance(written, Listing):
        return page.name_language(written, first, language, f"[{item}]")
    if isinstance(written, Table):
        return page.add_key(written, language, f"[{item}]")
    home = root.find("intents", intent)
    value = f"[{item}]" if language == first else f"{{{language}: [{item}]}}"
    if not isinstance(home, Table):  # the intent is the shared ruleset's
        return page.add_path(root, ("intents", intent, "phrases"), value)
    return page.add_key(home, "phrases", value, ("called", "keys"))


def _in_translation(page: Page, root: Table, block: Table, where: tuple[str, str], item: str) -> str:
    intent, language = where
    lists = block.find("phrases")
    own = block.find("phrases", intent)
    if isinstance(own, Listing):
        return page.add_item(own, item, _column(own, root, BLOCK, language, "phrases", intent) + 2)
    if isinstance(lists, Table) and (lists.keys or lists.end is not None):
        return page.add_key(lists, intent, f"[{item}]")
    return page.add_key(block, "phrases", f"{{{intent}: [{item}]}}", _BEFORE_PHRASES)


def _column(listing: Listing, root: Table, *path: str) -> int:
    """How many columns stand before the key that the list belongs to."""
    place = root.key_place(*path)
    return place.column - 1 if place.line == listing.mark.line else listing.mark.column - 1


def _with_check(text: str, said: str, intent: str, language: str) -> str:
    page, root = Page(text), _tree(text)
    item = f"{{{language}: {scalar(said)}, is: {intent}}}"
    checks = root.find("phrases")
    if isinstance(checks, Listing):
        return page.add_item(checks, item, _column(checks, root, "phrases") + 2)
    last: Node = root.values.get("states") or list(root.values.values())[-1]
    return page.add_block(last, ["phrases:", f"  - {item}"])


# ---- what follows from it --------------------------------------------------------------------------------------------


def _errors(loaded: Loaded) -> tuple[Problem, ...]:
    return tuple(problem for problem in loaded.problems if problem.severity == "error")


def _held(loaded: Loaded, taught: Loaded, said: str, intent: str) -> Ruleset:
    """The ruleset with the lesson. Raises RefusedError where it is not as good as it was."""
    had = {(problem.code, problem.message.partition(" (line ")[0]) for problem in loaded.problems}
    new = [
        problem
        for problem in taught.problems
        if problem.severity == "error" or (problem.code, problem.message.partition(" (line ")[0]) not in had
    ]
    twice = tuple(problem for problem in new if problem.code in _SAME_TWICE)
    if twice:
        raise RefusedError(f"“{said}” is a phrase of another meaning already", twice)
    failed = tuple(problem for problem in new if problem.severity == "error")
    if any(problem.code == "R080" and problem.message.startswith(f'"{said}" is read as ') for problem in failed):
        raise RefusedError(f"with this phrase too “{said}” would not be read as {intent}", failed)
    if failed or taught.ruleset is None:
        raise RefusedError("with this phrase the checks of the file would fail", failed)
    return taught.ruleset


def _nothing_else(before: Ruleset, after: Ruleset, lesson: tuple[str, str, str]) -> None:
    """Raise RefusedError where the file has not become what it was and the lesson: its layout has misled us."""
    said, intent, language = lesson
    old = before.intents[intent]
    phrases = {**old.phrases, language: (*old.phrases.get(language, ()), said)}
    checks = [(check.text, check.language, check.meaning) for check in before.phrases]
    if (
        after.intents != {**before.intents, intent: replace(old, phrases=phrases)}
        or [(check.text, check.language, check.meaning) for check in after.phrases] != [*checks, (said, language, intent)]
        or (after.prompts, after.words, len(after.talks)) != (before.prompts, before.words, len(before.talks))
    ):
        raise RefusedError(f'this file is laid out in a way that cannot be added to; write "{said}" into it by hand')


def _changes(before: Ruleset, after: Ruleset, texts: Iterable[Known]) -> Iterator[Change]:
    """Raises RefusedError where a text would no longer be read as a danger, or as a wish for no more texts."""
    for each in texts:
        was, now = read(before, each.text, each.language).finest, read(after, each.text, each.language).finest
        if was in ALWAYS_INTENTS and was != now:
            raise RefusedError(f"with this phrase “{each.text}” ({each.where}) would be read as {now}, not as {was}")
        if was != now:
            yield Change(each, was, now)
