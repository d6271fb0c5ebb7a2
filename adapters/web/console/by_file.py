"""Rules that come as files while the service runs: `freagra rules push` and `publish` on the same machine or from afar, by a
person's name and password and with that person's rights, as if they had pasted the text into the editor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from adapters.web.console.sign_in import check_right
from adapters.web.console.studio import LARGEST
from adapters.web.console.visit import Declined, Page, Visit
from conversations.people import Person, Right
from conversations.rule_record import RulesRefused
from conversations.shelf import as_shared
from conversations.versions import Versions
from engine.likeness import Shelf
from engine.loader import Loaded
from engine.ruleset import Ruleset


async def push(visit: Visit) -> Response:
    """Make each text the draft of its ruleset."""
    return await _answer(visit, _push)


async def publish(visit: Visit) -> Response:
    """Put each in force; where the hospital wants a second person, propose it, or publish what a colleague proposed."""
    return await _answer(visit, _publish)


_Act = Callable[[Versions, Ruleset, str, str], str]


async def _answer(visit: Visit, act: _Act) -> Response:
    try:
        person = await check_right(visit, Right.RULES)
    except Declined as declined:
        return _refused(declined.status, declined.message)
    sources = [value for name, value in visit.choices if name == "source"]
    names = [value for name, value in visit.choices if name == "file"]
    if not sources or len(sources) != len(names):
        return _refused(400, "No files came with it.")
    return await asyncio.to_thread(_done, visit, person, list(zip(names, sources, strict=True)), act)


def _done(visit: Visit, person: Person, files: Sequence[tuple[str, str]], act: _Act) -> Response:
    versions, why = visit.house.versions, visit.form.get("why", "")
    loaded = _checked(versions, files)
    if any(not each.ok for each in loaded):
        problems = [problem.as_dict() for each in loaded for problem in each.problems if problem.severity == "error"]
        return _refused(422, "The files have errors; nothing was changed.", problems)
    rulesets = sorted((each.ruleset for each in loaded if each.ruleset is not None), key=lambda each: each.shared is not None)
    done: list[str] = []
    for ruleset in rulesets:
        try:
            done.append(act(versions, ruleset, person.name, why))
        except RulesRefused as refused:
            problems = [problem.as_dict() for problem in refused.loaded.problems] if refused.loaded is not None else []
            return _refused(409, f"{ruleset.name}: {refused}.", problems, done)
    return _json(200, {"done": done})


def _checked(versions: Versions, files: Sequence[tuple[str, str]]) -> list[Loaded]:
    """Each like one of the others, or like what is in force."""
    shelf: Shelf = versions.shelf()
    first = [versions.check_file(source, file, shelf) for file, source in files]
    alone = [each.ruleset for each in first if each.ruleset is not None and each.ruleset.shared is None]
    whole = {**shelf, **{ruleset.name: as_shared(ruleset) for ruleset in alone}}
    return [versions.check_file(source, file, whole) for file, source in files]


def _push(versions: Versions, ruleset: Ruleset, by: str, why: str) -> str:  # noqa: ARG001  one shape for both acts
    held = versions.draft(ruleset.name)
    saved = versions.save(ruleset.name, ruleset.source, by, held.edition if held is not None else 0)
    over = f", in place of what {held.changed_by} had saved" if held is not None else ""
    return f"{ruleset.name}: is the draft now (edition {saved.edition}){over}; publish it in the console"


def _publish(versions: Versions, ruleset: Ruleset, by: str, why: str) -> str:
    name, held, current = ruleset.name, versions.draft(ruleset.name), versions.in_force(ruleset.name)
    if current is not None and versions.source(current.version) == ruleset.source:
        return f"{name}: is in force already"
    if held is None or held.source != ruleset.source:
        held = versions.save(name, ruleset.source, by, held.edition if held is not None else 0)
    if versions.second_person and (held.status != "proposed" or held.proposed_by == by):
        if held.status != "proposed":
            versions.propose(name, by, why)
        return f"{name}: is proposed; a colleague has to publish it, in the console or with this command and the same file"
    versions.publish(name, by, why, edition=held.edition)
    return f"{name}: in force for conversations that begin from now on; those that run keep their version"


def _refused(status: int, message: str, problems: Sequence[Mapping[str, Any]] = (), done: Sequence[str] = ()) -> Response:
    return _json(status, {"message": message, "problems": problems, "done": done})


def _json(status: int, content: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


PAGES = (
    Page("POST", "/files/rules/push", Right.ANYONE, push, largest=LARGEST),
    Page("POST", "/files/rules/publish", Right.ANYONE, publish, largest=LARGEST),
)
