"""HTML from Python values. Whatever is not `Markup` already is text and gets escaped; there is no other way in."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Markup(str):
    """HTML that is ready to be sent. Made by `el` and `joined` only."""

    __slots__ = ()


Child = str | int | None | Iterable["Child"]


def el(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """An element. Attribute names drop a trailing underscore and write `_` as `-` (class_, aria_label). An attribute
    that is True stands bare, one that is None or False is left out."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        parts.append(f" {key.rstrip('_').replace('_', '-')}")
        if value is not True:
            parts.append(f'="{escape(str(value))}"')
    parts.append(">")
    if name not in VOID:
        parts += [joined(*children), f"</{name}>"]
    return Markup("".join(parts))


def joined(*children: Child) -> Markup:
    return Markup("".join(_flat(children)))


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, str | int):
            yield escape(str(child))
        else:
            yield from _flat(child)
