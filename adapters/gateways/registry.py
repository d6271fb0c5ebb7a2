"""From a hospital's configuration to a gateway. A new kind of gateway is one line in `_KINDS`."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from adapters.config import is_missing
from adapters.gateways.phonovation import Phonovation, PhonovationSettings
from conversations.ports import Gateway


class GatewayMisconfigured(ValueError):
    """Says what is wrong and what would be right, everything at once; never repeats the value of a setting."""


def _phonovation(name: str, settings: Any) -> Gateway:
    return Phonovation(settings, name=name)


_KINDS: Mapping[str, tuple[type, Callable[[str, Any], Gateway]]] = {
    "phonovation": (PhonovationSettings, _phonovation),
}


def make_gateway(name: str, settings: Mapping[str, object]) -> Gateway:
    """The gateway `name` of the configuration. Its kind is `settings["kind"]`, or the name itself where that is a kind,
    so that two accounts of one kind can be told apart. A setting that takes several values takes a single text, too.

    Raises GatewayMisconfigured."""
    kind = settings.get("kind", name)
    if not isinstance(kind, str) or kind not in _KINDS:
        raise GatewayMisconfigured(f"gateway {name!r}: kind must be one of: {', '.join(sorted(_KINDS))}")
    settings_class, build = _KINDS[kind]
    given = {key: value for key, value in settings.items() if key != "kind"}
    return build(name, _read(name, settings_class, given))


def _read(name: str, settings_class: type, given: Mapping[str, object]) -> object:
    fields = {field.name: field for field in dataclasses.fields(settings_class)}
    kinds = get_type_hints(settings_class)
    problems = []
    for key in given.keys() - fields.keys():
        near = difflib.get_close_matches(str(key), fields, n=1)
        problems.append(f"there is no setting {key!r}" + (f", did you mean {near[0]!r}?" if near else ""))
    for key, field in fields.items():
        if key not in given and field.default is field.default_factory is dataclasses.MISSING:
            problems.append(is_missing("gateway", key))
    values: dict[str, object] = {}
    for key in given.keys() & fields.keys():
        try:
            values[key] = _as(kinds[key], given[key])
        except TypeError as problem:
            problems.append(f"{key} {problem}")
    if not problems:
        try:
            return settings_class(**values)
        except ValueError as problem:
            problems.append(str(problem))
    raise GatewayMisconfigured(f"gateway {name!r}: " + "; ".join(sorted(problems)))


def _as(kind: object, value: object) -> object:
    """The value as text, number or tuple of texts. Raises TypeError, which says what it must be."""
    if kind is str:
        if isinstance(value, str):
            return value
        raise TypeError("must be a text in quotes")
    if kind is float:
        try:
            if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                return float(value)
        except ValueError:
            pass
        raise TypeError("must be a number")
    if kind == Mapping[str, str]:
        if isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair):
            return dict(value)
        raise TypeError("must be a table such as {EYE = \"EYECLINIC\"}")
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise TypeError("must be a text or a list of texts")
