"""The rule studio: the editor of a ruleset, and beside it what the text as it stands would do. Nothing here is in force: see
versions.py."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

import orjson
from starlette.responses import JSONResponse, Response

from adapters.commands import talks
from adapters.web.console import phone
from adapters.web.console.visit import Declined, NotHere, Page, Visit
from adapters.web.headers import SECURITY_HEADERS
from conversations.people import Right
from conversations.rule_record import RulesRefused
from engine import forms, likeness, mending, teach, worst_case
from engine.checks_tests import covered
from engine.likeness import as_written, tree
from engine.loader import Loaded
from engine.machine import edges
from engine.nodes import Scalar, Table
from engine.problems import Problem
from engine.rehearsal import run_talk
from engine.ruleset import PLANNED, Ruleset
from engine.shape import json_schema
from engine.understanding import read

LARGEST = 3 * 1024 * 1024  # bytes of a form: a ruleset is two million characters at most
_WORKING = asyncio.Semaphore(2)  # checks take a core for a tenth of a second


async def show(visit: Visit) -> Response:
    """The editor, on the draft of this ruleset or else on what is in force."""
    name, versions = visit.path["name"], visit.house.versions
    draft, current = versions.draft(name), versions.in_force(name)
    if draft is None and current is None:
        raise NotHere("There is no ruleset of this name.")
    source = draft.source if draft is not None else versions.source(current.version)  # type: ignore[union-attr]
    nonce = secrets.token_urlsafe(16)
    answer = visit.page(
        "studio.html", name=name, source=source, draft=draft, current=current, nonce=nonce, may=visit.may(Right.RULES),
        like=likeness.like(source),
    )  # fmt: skip
    # The editor makes its style sheet when it begins; nothing else may.
    policy = SECURITY_HEADERS["Content-Security-Policy"].replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
    answer.headers["Content-Security-Policy"] = policy
    return answer


async def schema(_: Visit) -> Response:
    """What an editor completes and explains keys by."""
    return JSONResponse(json_schema())


async def check(visit: Visit) -> Response:
    """Every problem of the text, with what puts it right, by the same loader that publishing asks."""
    source = visit.form.get("source", "")
    loaded = await _checked(visit, source)
    shelf = visit.house.versions.shelf()
    root = as_written(source, shelf)
    own = f"{visit.path['name']}.yaml"
    return _json({
        "problems": [_told(source, problem, own) for problem in loaded.problems],
        "names": {**_names(root), "rulesets": sorted(shelf)},
        "ok": loaded.ok,
    })  # fmt: skip


def _told(source: str, problem: Problem, own: str) -> dict[str, Any]:
    """`elsewhere` is the shared ruleset where the place is in that, "" for the text that was checked."""
    elsewhere = "" if problem.file == own else problem.file.removesuffix(".yaml")
    offered = [] if elsewhere else [
        {"title": mend.title, "edit": {name: getattr(mend.edit, name) for name in mend.edit.__slots__}}
        for mend in mending.mends(source, problem)
    ]
    return {**problem.as_dict(), "elsewhere": elsewhere, "mends": offered}


def _names(root: Table | None) -> Mapping[str, list[str]]:
    """What the text gives names to, for completing them."""
    blocks = ("states", "intents", "prompts")
    return {block: [] if root is None else list(root.names(block)) for block in blocks}


async def save(visit: Visit) -> Response:
    """Keep the text as the draft."""
    name = visit.path["name"]
    try:
        edition = int(visit.form.get("edition", "0"))
        draft = await asyncio.to_thread(
            visit.house.versions.save, name, visit.form.get("source", ""), visit.person.name, edition
        )
    except RulesRefused as refused:
        raise Declined(409, str(refused)) from refused
    except ValueError as fault:
        raise Declined(400, "The page is out of date: load it again.") from fault
    return _json({"edition": draft.edition})


# ---- beside the text -------------------------------------------------------------------------------------------------


async def texts(visit: Visit) -> Response:
    """Every text as it would arrive at its longest, what it costs and what it would cost without accents."""
    ruleset = await _usable(visit)
    language = visit.form.get("language", "") or ruleset.languages[0]
    if language not in ruleset.languages:
        language = ruleset.languages[0]
    shown = await asyncio.to_thread(_texts, ruleset, language)
    return visit.page("studio_texts.html", texts=shown, languages=ruleset.languages, language=language)


def _texts(ruleset: Ruleset, language: str) -> list[dict[str, Any]]:
    listed = []
    for name in ruleset.prompts:
        dearest = worst_case.of_prompt(ruleset, name, language)
        plain = worst_case.of_prompt(ruleset, name, language, fadas=False)
        listed.append({
            "name": name, "text": dearest.text, "parts": dearest.segments.parts, "units": dearest.segments.units,
            "encoding": dearest.segments.encoding, "letter": dearest.segments.forced_by, "plain": plain.segments.parts,
            "limit": worst_case.parts_limit(ruleset, name, language),
        })  # fmt: skip
    return listed


async def diagram(visit: Visit) -> Response:
    """The states and the ways between them, from the compiled machine; the browser lays them out. What a state takes over from
    another with `like` stands in it as words, or the lines would hide each other."""
    ruleset = await _usable(visit)
    root = tree(ruleset.source, ruleset.shared)
    assert root is not None, "a file that loads has a tree"
    ways: dict[tuple[str, str], list[str]] = {}
    everywhere: dict[str, list[str]] = {}
    for edge in edges(ruleset):
        kind, _, name = edge.trigger.partition(".")
        if kind in ("always", "staff"):
            if edge.source == PLANNED:
                everywhere.setdefault(edge.target, []).append(f"{kind}: {name.replace('_', ' ')}")
        elif kind != "close" and _own(root, edge.source, kind, name):
            meaning = name.replace("_", " ")
            told = f"{meaning}, with days" if kind == "said" else _WAYS.get(kind, meaning)
            ways.setdefault((edge.source, edge.target), []).append(told)
    nodes = [{"name": PLANNED, "kind": "begin", "more": []}]
    for name, state in ruleset.states.items():
        like = root.find("states", name, "like")
        more = [f"says {state.say}"] if state.say else []
        more += [f"else as {like.text}"] if isinstance(like, Scalar) else []
        nodes.append({"name": name, "kind": _kind(ruleset, name), "more": more + everywhere.get(name, [])})
    shown = [{"from": a, "to": b, "ways": list(dict.fromkeys(named))} for (a, b), named in ways.items()]
    return _json({"nodes": nodes, "edges": shown})


def _own(root: Table, state: str, kind: str, name: str) -> bool:
    """Whether the way is written in the state itself."""
    if kind == "cadence":
        return True
    path = ("replies", name) if kind in ("reply", "said") else ("no_reply",) if kind == "silence" else (kind,)
    return root.find("states", state, *path) is not None


_WAYS = {"silence": "no reply", "unclear": "unclear", "send_failed": "not delivered"}


def _kind(ruleset: Ruleset, name: str) -> str:
    state = ruleset.states[name]
    if state.staff_own or state.task is not None:
        return "staff"
    return "over" if state.ends else "asks" if state.asks else "says"


async def played(visit: Visit) -> Response:
    """The talks and the phrase checks of the text, with pass or fail, and the ways that no talk takes."""
    ruleset = await _usable(visit)
    return visit.page("studio_talks.html", **await asyncio.to_thread(_played, ruleset))


def _played(ruleset: Ruleset) -> dict[str, Any]:
    moves = set()
    shown = []
    for talk in ruleset.talks:
        faults, taken = run_talk(ruleset, talk)
        moves |= taken
        line = 0 if talk.file else talk.line
        shown.append({"name": talk.name, "line": line, "fault": faults[0].message if faults else ""})
    phrases = []
    for each in ruleset.phrases:
        reading = read(ruleset, each.text, each.language, ruleset.example)
        phrases.append({
            "text": each.text, "language": each.language, "wanted": each.meaning, "read": reading.finest,
            "line": 0 if each.file else each.line,
            "good": reading.means(each.meaning),
        })  # fmt: skip
    ways, missing = covered(ruleset, moves)
    return {"talks": shown, "phrases": phrases, "ways": ways, "missing": missing}


async def show_phone(visit: Visit) -> Response:
    """The phone after these steps."""
    ruleset = await _usable(visit)
    steps = [step for name, step in visit.choices if name == "step" and step.strip()]
    try:
        seen = await asyncio.to_thread(phone.play, ruleset, steps, _given(visit, ruleset))
    except ValueError as fault:
        raise Declined(422, str(fault)) from fault
    return visit.page(
        "studio_phone.html", played=seen, steps=steps, languages=ruleset.languages, language=visit.form.get("language", "")
    )


def _given(visit: Visit, ruleset: Ruleset) -> dict[str, str]:
    language = visit.form.get("language", "")
    return {"language": language} if language in ruleset.languages else {}


async def keep_talk(visit: Visit) -> Response:
    """The text with the talk of these steps under `talks`."""
    ruleset, source = await _usable(visit), visit.form.get("source", "")
    name = " ".join(visit.form.get("talk", "").split())
    if not name:
        raise Declined(422, "Give the talk a name that says what it shows.")
    steps = [step for field, step in visit.choices if field == "step" and step.strip()]
    seen = await asyncio.to_thread(phone.play, ruleset, steps, _given(visit, ruleset))
    try:
        text = talks.with_talk(source, seen.chat.as_talk(name))
    except talks.CannotSave as fault:
        raise Declined(422, f"The talk cannot be put into the text: {fault}.") from fault
    loaded = await _checked(visit, text)
    if loaded.ruleset is None:
        raise Declined(422, f"With this talk the text would have a problem: {loaded.problems[0].message}.")
    return _json({"source": text})


async def form(visit: Visit) -> Response:
    """The common changes as a form."""
    source, shelf = visit.form.get("source", ""), visit.house.versions.shelf()
    found = forms.fields(source, shelf)
    groups = {group: [field for field in found if field.group == group] for group in forms.GROUPS}
    names = _names(as_written(source, shelf))["intents"]
    languages = sorted({field.language for field in found if field.language})
    usual = "en" if "en" in languages or not languages else languages[0]
    like = likeness.like(source)
    return visit.page("studio_form.html", groups=groups, intents=names, languages=languages, usual=usual, like=like)


async def fill(visit: Visit) -> Response:
    """The text with one field of the form changed."""
    try:
        source, field, value = (visit.form.get(name, "") for name in ("source", "field", "value"))
        text = forms.put(source, field, value, visit.house.versions.shelf())
    except forms.NotAField as fault:
        raise Declined(422, f"{str(fault)[:1].upper()}{str(fault)[1:]}.") from fault
    return _json({"source": text})


async def teach_reply(visit: Visit) -> Response:
    """The text with a reply taught, and what else would be read differently by it."""
    source, said = visit.form.get("source", ""), visit.form.get("said", "")
    try:
        lesson = await asyncio.to_thread(
            teach.teach, source, said, visit.form.get("intent", ""), visit.form.get("language", ""), visit.path["name"],
            shelf=visit.house.versions.shelf(),
        )  # fmt: skip
    except teach.RefusedError as refused:
        raise Declined(422, f"Not taught: {refused}".replace("\n", " ")) from refused
    changes = [f"“{each.known.text}” ({each.known.where}): {each.before} → {each.after}" for each in lesson.changes]
    return _json({"source": lesson.text, "changes": changes})


# ---- underneath ------------------------------------------------------------------------------------------------------


async def _checked(visit: Visit, source: str) -> Loaded:
    async with _WORKING:
        return await asyncio.to_thread(visit.house.versions.check, source, visit.path["name"])


async def _usable(visit: Visit) -> Ruleset:
    """Raises Declined while the text has errors."""
    loaded = await _checked(visit, visit.form.get("source", ""))
    if loaded.ruleset is None:
        errors = sum(problem.severity == "error" for problem in loaded.problems)
        raise Declined(422, f"Mend the {'error' if errors == 1 else f'{errors} errors'} in the text first.")
    return loaded.ruleset


def _json(values: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(values), media_type="application/json")


def difference(before: str, after: str, one: str, other: str) -> list[tuple[str, str]]:
    """The lines that differ between two texts with a few around them: (kind, line), kind one of same, gone, new, and place,
    which says where in the later text the next ones stand."""
    kinds = {"-": "gone", "+": "new", "@": "place", " ": "same"}
    found = list(unified_diff(before.splitlines(), after.splitlines(), one, other, n=2, lineterm=""))
    return [(kinds[line[0]], _place(line) if line[0] == "@" else line[1:]) for line in found[2:]]


def _place(line: str) -> str:
    """Of "@@ -573,5 +573,5 @@", as a person reads it."""
    return f"From line {line.split()[2].removeprefix('+').partition(',')[0]} on"


def _page(method: str, path: str, right: Right, handle: Any) -> Page:
    return Page(method, path, right, handle, largest=LARGEST)


PAGES = (
    Page("GET", "/rules/schema.json", Right.READ_RULES, schema),
    Page("GET", "/rules/{name}", Right.READ_RULES, show),
    _page("POST", "/rules/{name}/check", Right.READ_RULES, check),
    _page("POST", "/rules/{name}/save", Right.RULES, save),
    _page("POST", "/rules/{name}/texts", Right.READ_RULES, texts),
    _page("POST", "/rules/{name}/diagram", Right.READ_RULES, diagram),
    _page("POST", "/rules/{name}/talks", Right.READ_RULES, played),
    _page("POST", "/rules/{name}/phone", Right.READ_RULES, show_phone),
    _page("POST", "/rules/{name}/keep-talk", Right.RULES, keep_talk),
    _page("POST", "/rules/{name}/form", Right.RULES, form),
    _page("POST", "/rules/{name}/fill", Right.RULES, fill),
    _page("POST", "/rules/{name}/teach", Right.RULES, teach_reply),
)
