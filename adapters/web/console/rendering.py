"""Templates and built files of the console.

Everything that a template shows is escaped, whatever it is: autoescape is on for every template, and no filter marks text as
safe. A name that a template does not know is an error and not an empty string.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.web import plain
from adapters.zone import ZONE
from conversations.ports import Clock
from engine.tongues import name as language_name

HERE = Path(__file__).parent
BUILT = HERE.parent / "built"

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class NotBuilt(Exception):
    """The files for the browser are not there. The message says how to make them."""


class Assets:
    """What front/build.py made. Raises NotBuilt."""

    def __init__(self, folder: Path = BUILT) -> None:
        try:
            self._names: Mapping[str, str] = orjson.loads((folder / "manifest.json").read_bytes())
            self._content = {name: (folder / name).read_bytes() for name in self._names.values()}
        except (OSError, orjson.JSONDecodeError) as fault:
            raise NotBuilt(f"{folder}: the console's styles and scripts are not built; run: python front/build.py") from fault

    def address(self, name: str) -> str:
        """Of `console.css` and the like; it changes with the content. Raises KeyError."""
        return f"/assets/{self._names[name]}"

    def route(self) -> Route:
        async def asset(request: Request) -> Response:
            name = request.path_params["name"]
            content = self._content.get(name)
            if content is None:
                return Response("There is nothing here.", 404, media_type="text/plain")
            headers = {"Cache-Control": "public, max-age=31536000, immutable"}
            return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)

        return Route("/assets/{name}", asset, methods=["GET"])


class Templates:
    def __init__(self, assets: Assets, clock: Clock) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.assets = assets
        self._clock = clock
        self._environment.globals["asset"] = assets.address
        self._environment.filters.update(
            clock=plain.clock,
            day=lambda at: self.day(at),
            date=written_out,
            second=lambda at: f"{at.astimezone(ZONE):%H:%M:%S}",
            when=lambda at: f"{self.day(at)} {plain.clock(at)}",
            ago=lambda at: duration(self._clock.now() - at),
            ahead=lambda at: duration(at - self._clock.now()),
            iso=lambda at: at.isoformat(timespec="seconds"),
            plain=unquote,
            language=language_name,
        )

    def render(self, template: str, **values: Any) -> str:
        return self._environment.get_template(template).render(values)

    def day(self, at: datetime) -> str:
        """today, tomorrow, yesterday, else `Tue 3 Mar`, with the year where it is another one."""
        local, today = at.astimezone(ZONE).date(), self._clock.now().astimezone(ZONE).date()
        near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((local - today).days)
        year = "" if local.year == today.year else f" {local.year}"
        return near or f"{local:%a} {local.day} {local:%b}{year}"


def written_out(day: date | str) -> str:
    """`Thu 12 March 2026`, of a day or of one in ISO 8601."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{day:%a} {day.day} {day:%B %Y}"


def duration(span: timedelta) -> str:
    """`5 min`, `3 h`, `2 days`; nothing below nought."""
    minutes = max(int(span.total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"
