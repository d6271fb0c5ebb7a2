"""All pages of the console. What is not here is not served; each says which right it asks for."""

from __future__ import annotations

from adapters.web.console import (
    audit,
    by_file,
    canned,
    clinics,
    conversation,
    costs,
    erasing,
    find,
    guide,
    health,
    impacts,
    inbox,
    messages,
    people,
    phrases,
    rounds,
    rules,
    sign_in,
    studio,
)
from adapters.web.console.visit import Page

PAGES: tuple[Page, ...] = (
    *sign_in.PAGES,
    *inbox.PAGES,
    *conversation.PAGES,
    *costs.PAGES,
    *find.PAGES,
    *messages.PAGES,
    *rounds.PAGES,
    *canned.PAGES,
    *guide.PAGES,
    *rules.PAGES,
    *phrases.PAGES,
    *clinics.PAGES,
    *impacts.PAGES,
    *studio.PAGES,
    *by_file.PAGES,
    *erasing.PAGES,
    *people.PAGES,
    *audit.PAGES,
    *health.PAGES,
)
# In the order in which they stand in the bar on top.
BAR: tuple[Page, ...] = tuple(page for page in PAGES if page.bar)
