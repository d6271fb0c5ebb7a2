"""From what was read of a file to a `Ruleset`, complete even where the file is not.

The checks need something to look at in a file that is half right. So a draft always holds a whole ruleset: what is
missing or was refused is empty or at its default, and `sound` says which blocks of the file were right in themselves.
Only the ruleset of a file without errors ever leaves the loader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from engine.kinds import NOTHING, Reference, kept
from engine.locales import known
from engine.nodes import Listing, Node, Scalar, Table
from engine.problems import Mark, Report, nearest
from engine.reading import LANGUAGE, MIXED, UNKNOWN
from engine.ruleset import (
    ALL,
    ANYTHING,
    BUILT_IN_STATES,
    MOST_LISTED,
    SCOPES,
    STAY,
    AppliesTo,
    CadenceStep,
    DateFormats,
    Hours,
    Intent,
    LanguageWords,
    Limits,
    ListPrompt,
    Matching,
    Moment,
    NoReply,
    OnePhone,
    PhraseCheck,
    Prompt,
    Ruleset,
    Rung,
    SendFailed,
    Shared,
    State,
    Talk,
    TalkStep,
    Target,
    TaskRule,
    WeekHours,
)
from engine.told import Told
from engine.translations import BLOCK, drafts

Values = Mapping[str, Any]
# Words that mean something where the name of a state or an intent is written.
RESERVED_STATES = frozenset({STAY, "silent", "attended", "missed", *BUILT_IN_STATES})
RESERVED_INTENTS = frozenset({ANYTHING, UNKNOWN, MIXED, LANGUAGE, "is"})

_NEVER = WeekHours(((),) * 7)


@dataclass(frozen=True, slots=True)
class Draft:
    """`ruleset` as far as it could be read, `root` the file's tree, `references` the names used in it, `sound` the
    top-level keys that stood in the file and were right in themselves."""

    ruleset: Ruleset
    root: Table
    report: Report
    references: tuple[Reference, ...]
    sound: frozenset[str]
    unsound: frozenset[Mark]  # keys of states, prompts, intents ... that had something wrong in them

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the file that exist, each once."""
        return tuple(language for language in dict.fromkeys(self.ruleset.languages) if exists(language))

    def is_sound(self, block: str, name: str) -> bool:
        """Whether the named part of a block was right in itself."""
        return self.at_key(block, name) not in self.unsound

    def used(self, thing: str) -> set[str]:
        """The names of this kind that are in use, or that a misspelt name in use was meant to be."""
        known = self.root.names(f"{thing}s")
        names = {found.name for found in self.references if found.thing == thing and found.use}
        return {name if name in known else nearest(name, known) or name for name in names}

    def at(self, *path: str | int) -> Mark:
        return self.root.place(*path)

    def at_key(self, *path: str | int) -> Mark:
        return self.root.key_place(*path)

    def has(self, *path: str | int) -> bool:
        return self.root.find(*path) is not None

    def own(self, state: str, key: str) -> str | None:
        """The state in whose block the key is written that holds for `state`: this one, or one it is like."""
        seen: set[str] = set()
        name: str | None = state
        while name is not None and name not in seen:
            if self.has("states", name, key):
                return name
            seen.add(name)
            name = self.like(name)
        return None

    def translation(self, language: str) -> Mark | None:
        """Where the block of the language stands under `translations`."""
        return self.at_key(BLOCK, language) if self.has(BLOCK, language) else None

    def like(self, state: str) -> str | None:
        node = self.root.find("states", state, "like")
        return node.text if isinstance(node, Scalar) else None


def exists(language: str) -> bool:
    """Whether the world knows the language (by the locale data of CLDR)."""
    return known(language) is not None


def version_of(text: str, shared: Shared | None = None) -> str:
    """The digest of all that the rules are made of, so that a version never changes its meaning."""
    return sha256((text if shared is None else f"{text}\0{shared.version}").encode()).hexdigest()[:16]


def build(values: Values, root: Table, text: str, shared: Shared | None = None) -> Ruleset:
    """The ruleset of a file's values, which is like `shared`."""
    translations = _dict(values, BLOCK)
    unsigned = drafts(translations)
    prompts = {name: _prompt(name, value, unsigned.get(name, frozenset())) for name, value in _dict(values, "prompts").items()}
    return Ruleset(
        name=values.get("ruleset", ""),
        summary=values.get("summary", ""),
        shared=shared,
        sensitive=values.get("sensitive", False),
        version=version_of(text, shared),
        languages=kept(values.get("languages", ())),
        applies_to=_applies_to(values.get("applies_to", {})),
        hours=hours_of(values.get("hours", {})),
        limits=Limits(**values.get("limits", {})),
        matching=Matching(**values.get("matching", {})),
        accents=_good(_dict(values, "accents")),
        formats={name: replace(DateFormats(), **value) for name, value in _good(_dict(values, "formats")).items()},
        words={name: _language_words(value) for name, value in _good(_dict(values, "words")).items()},
        intents={name: _intent(name, value) for name, value in _dict(values, "intents").items()},
        prompts=prompts,
        example=Told(**value) if "start" in (value := _good(values.get("example", {}))) else None,
        cadence=tuple(CadenceStep(**step) for step in kept(values.get("cadence", ())) if {"name", "when"} <= step.keys()),
        closes=values.get("closes", Moment()),
        always=dict(values.get("always", {})),
        staff=dict(values.get("staff", {})),
        states=_states(_dict(values, "states"), prompts),
        one_phone=_one_phone(values["one_phone"]) if "one_phone" in values else None,
        phrases=_phrases(root),
        talks=_talks(values.get("talks", ()), root),
        segments={language: block["segments"] for language, block in translations.items() if "segments" in block},
        source=text,
    )


def _dict(values: Values, key: str) -> dict[str, Any]:
    """A block whose keys the author chose; a name whose block was refused stays, with an empty block."""
    return {name: {} if value is NOTHING else value for name, value in values.get(key, {}).items()}


def _good(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not NOTHING}


def _applies_to(value: Values) -> AppliesTo:
    def some(key: str) -> frozenset[str] | None:
        chosen = value.get(key, "all")
        return None if chosen == "all" else frozenset(kept(chosen))

    return AppliesTo(frozenset(kept(value.get("appointments", ()))), some("clinics"), some("types"))


def hours_of(value: Values) -> Hours:
    return Hours(
        value.get("timezone", "UTC"), value.get("sending", _NEVER), value.get("staffed", _NEVER), value.get("holidays")
    )


def _language_words(value: Values) -> LanguageWords:
    return LanguageWords(**{name: kept(words) for name, words in value.items()})


def _intent(name: str, value: Values) -> Intent:
    lists = {key: _lists(value.get(key, {})) for key in ("phrases", "words", "unless")}
    called, kind_of = _good(value.get("called", {})), value.get("kind_of", "")
    return Intent(name, keys=kept(value.get("keys", ())), called=called, kind_of=kind_of, **lists)


def _one_phone(value: Values) -> OnePhone:
    def listing(key: str) -> ListPrompt | None:
        given = value.get(key, {})
        if not {"ask", "line"} <= given.keys():
            return None
        return ListPrompt(given["ask"], given["line"], given.get("named", given["line"]))

    return OnePhone(listing("which"), listing("together"), value.get("handed"), value.get("most", MOST_LISTED))


def _lists(value: Values) -> dict[str, tuple[str, ...]]:
    return {language: kept(items) for language, items in _good(value).items()}


def _prompt(name: str, value: Values, unsigned: frozenset[str]) -> Prompt:
    texts = {language: text for language, text in value.items() if language != "draft"}
    return Prompt(name, texts, unsigned.union(kept(value.get("draft", ()))))


# ---- states ----------------------------------------------------------------------------------------------------------


def _states(blocks: Mapping[str, Values], prompts: Mapping[str, Prompt]) -> dict[str, State]:
    def guesses(prompt: str | None) -> bool:
        known = prompts.get(prompt or "")
        return known is not None and any("{guess}" in text for text in known.texts.values())

    done: dict[str, State] = {}
    for name in blocks:
        # Down from the first state that is like no other, or where a circle (the checks report it) closes.
        for part in reversed(_line_of_likeness(name, blocks, done)):
            state = _state(part, blocks[part], guesses)
            model = done.get(blocks[part].get("like", ""))
            done[part] = _taking_after(state, model) if model is not None else state
    return {name: done[name] for name in blocks}


def _line_of_likeness(name: str, blocks: Mapping[str, Values], done: Mapping[str, State]) -> list[str]:
    """The state, the one it is like, the one that is like, and so on, as far as not done yet."""
    line: dict[str, None] = {}
    part: str | None = name
    while part is not None and part in blocks and part not in done and part not in line:
        line[part] = None
        part = blocks[part].get("like")
    return list(line)


def _taking_after(state: State, model: State) -> State:
    return replace(
        state,
        replies={**model.replies, **state.replies},
        unclear=state.unclear or model.unclear,
        send_failed=state.send_failed or model.send_failed,
    )


def _state(name: str, value: Values, guesses: Callable[[str | None], bool]) -> State:
    failed = value.get("send_failed", {})
    task = value.get("task", {})
    blocks = value.get("blocks")
    stop: Values = blocks if isinstance(blocks, dict) else {"reason": blocks}
    return State(
        name=name,
        say=value.get("ask", value.get("say")),
        asks="ask" in value,
        hospital=value.get("hospital"),
        task=TaskRule(**task) if {"kind", "due"} <= task.keys() else None,
        settles_task=value.get("closes_task", False),
        staff_own=value.get("owner", False),
        blocks=stop.get("reason"),
        scope=stop.get("scope", ALL),
        farewells={scope: stop[scope] for scope in SCOPES if scope in stop},
        welcome=stop.get("start"),
        if_said=value.get("if_said"),
        ends=value.get("ends", False),
        replies={intent: _target(target) for intent, target in _good(value.get("replies", {})).items()},
        no_reply=tuple(_no_reply(wait) for wait in kept(value.get("no_reply", ()))),
        unclear=tuple(_rung(rung, guesses) for rung in kept(value.get("unclear", ()))),
        send_failed=SendFailed(kept(failed.get("retries", ())), failed["go"]) if "go" in failed else None,
    )


def _target(value: Any) -> Target:
    return Target(value) if isinstance(value, str) else Target(value.get("go", ""), value.get("say"))


def _no_reply(value: Values) -> NoReply:
    return NoReply(value.get("after"), value.get("when"), value.get("say", value.get("ask")), value.get("go"))


def _rung(value: Values, guesses: Callable[[str | None], bool]) -> Rung:
    prompt = value.get("say", value.get("ask"))
    return Rung(prompt, value.get("go"), guesses(prompt), value.get("words_over"))


# ---- the tests inside the file ---------------------------------------------------------------------------------------


def _phrases(root: Table) -> tuple[PhraseCheck, ...]:
    found = []
    node = root.find("phrases")
    for item in node.items if isinstance(node, Listing) else ():
        texts = _texts(item)
        meaning = texts.pop("is", None)
        if meaning is not None and len(texts) == 1:
            ((language, said),) = texts.items()
            found.append(PhraseCheck(said.text, language, meaning.text, said.mark.line, said.mark.file))
    return tuple(found)


def _texts(node: Node) -> dict[str, Scalar]:
    if not isinstance(node, Table):
        return {}
    return {name: value for name, value in node.values.items() if isinstance(value, Scalar)}


def _talks(values: tuple[Any, ...], root: Table) -> tuple[Talk, ...]:
    found = []
    for number, value in enumerate(values):
        if value is NOTHING or "talk" not in value:
            continue
        written = root.find("talks", number, "talk")
        steps = tuple(
            TalkStep(kind, _as_written(table.values[kind]), table.keys[kind].mark.line, table.keys[kind].mark.column)
            for line, table in zip(value["talk"], written.items if isinstance(written, Listing) else (), strict=False)
            if line is not NOTHING and isinstance(table, Table)
            for kind in line
        )
        at = root.place("talks", number)
        found.append(Talk(value.get("name", ""), dict(value.get("given", {})), steps, value.get("ends"), at.line, at.file))
    return tuple(found)


def _as_written(node: Node | None) -> Any:
    """What a line of a talk says: a text, or a dict of texts."""
    if isinstance(node, Scalar):
        return node.text
    return {name: value.text for name, value in _texts(node).items()} if node is not None else ""
