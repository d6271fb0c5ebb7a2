"""Texts with placeholders: what stands between braces, and what is wrong where it cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from engine.problems import did_you_mean, listed
from engine.ruleset import PLACEHOLDERS
from engine.sms import plain


class TemplateFault(ValueError):
    """A template that cannot be read. `offset` counts characters from the template's beginning."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


_BRACE = re.compile(r"[{}]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def placeholders(template: str) -> list[tuple[str, int]]:
    """Names in braces, in order, each with the offset of its opening brace; known or not. Texts hold no braces of their
    own, so there is no way to escape one. Raises TemplateFault at the first brace that does not fit."""
    found: list[tuple[str, int]] = []
    at = 0
    while brace := _BRACE.search(template, at):
        offset = brace.start()
        if brace.group() == "}":
            raise TemplateFault(offset, "this } has no { before it")
        close = _BRACE.search(template, offset + 1)
        if close is None or close.group() == "{":
            raise TemplateFault(offset, "this { is never closed; a placeholder is written {date}")
        name = template[offset + 1 : close.start()]
        if not _NAME.fullmatch(name):
            raise TemplateFault(offset, f"{{{name}}} is no placeholder: a name of letters belongs between the braces")
        found.append((name, offset))
        at = close.end()
    return found


@dataclass(frozen=True, slots=True)
class Template:
    """`pattern` is the text with %s for each of `names`."""

    pattern: str
    names: tuple[str, ...]


def compile_template(template: str) -> Template:
    pieces: list[str] = []
    names: list[str] = []
    at = 0
    for name, offset in placeholders(template):
        if name not in PLACEHOLDERS:
            raise TemplateFault(offset, f"{{{name}}} is not a placeholder")
        pieces.append(template[at:offset].replace("%", "%%"))
        names.append(name)
        at = offset + len(name) + 2
    pieces.append(template[at:].replace("%", "%%"))
    return Template(plain("%s".join(pieces)), tuple(names))


compiled = lru_cache(256)(compile_template)


# What of PLACEHOLDERS only a prompt can be asked to fill.
_OF_PROMPTS_ONLY = frozenset({"guess", "list", "count", "number"})
FREE_PLACEHOLDERS = tuple(name for name in PLACEHOLDERS if name not in _OF_PROMPTS_ONLY)


def words_fault(template: str) -> TemplateFault | None:
    """What is wrong with words for `render_words`, None if nothing is."""
    try:
        for name, offset in placeholders(template):
            if name not in FREE_PLACEHOLDERS:
                near = did_you_mean(name, FREE_PLACEHOLDERS) or f"; there are {listed(FREE_PLACEHOLDERS)}"
                return TemplateFault(offset, f"{{{name}}} is not a placeholder{near}")
    except TemplateFault as fault:
        return fault
    return None
