"""The guide for clinic admins, as a page of the studio."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from adapters.web.console.visit import Page, Visit
from conversations.people import Right

_NAME = "guide-for-clinic-admins.md"
# Beside the other documents in a checkout; beside this file where Freagra was installed.
_PLACES = (Path(__file__).parents[3] / "docs" / _NAME, Path(__file__).parent / _NAME)


@lru_cache(maxsize=1)
def _html() -> Markup:
    text = next(path for path in _PLACES if path.is_file()).read_text("utf-8")
    # Only what Markdown itself makes: the file's own HTML, if it had any, is shown as text. Its links lead to other files of
    # the documentation, which are no pages here: their words remain.
    markdown = MarkdownIt("commonmark", {"html": False})
    tokens = markdown.parse(text)
    for token in tokens:
        token.children = [each for each in token.children or () if each.type not in ("link_open", "link_close")] or None
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))


async def show(visit: Visit) -> Response:
    return visit.page("guide.html", guide=_html())


PAGES = (Page("GET", "/rules/guide", Right.READ_RULES, show),)
