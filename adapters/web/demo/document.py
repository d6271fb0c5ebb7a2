"""The page as it is first sent: what stands still, around the parts that change."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.web.demo.markup import Markup, el, joined

_ABOUT = (
    "A whole hospital, invented: patients, phone network and appointment book are simulated and no text leaves this "
    "machine; between them is Freagra as a hospital runs it. The clock is the demonstration’s own: it began on a "
    "Tuesday at ten, as reminders go out in the hospital’s sending hours only, and runs as real time does until you "
    "set it forward. Answer a reminder as the patient on the left, change appointments as the hospital in the middle, "
    "and settle what is left as the secretary, in the staff console "
    "or, simpler, on the right."
)
_WITHOUT_SCRIPT = "Without script this page works, but shows what has changed only when it is loaded again."
_TABS = (("phone", "Phone"), ("book", "Book"), ("talk", "Talk"))


def document(shown: Mapping[str, Markup]) -> str:
    """The page with its changing parts, by name, in their places."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("title", "Freagra, a demonstration"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("link", rel="icon", href="/demo/icon.svg"),
        el("link", rel="stylesheet", href="/demo/demo.css"),
        el("script", src="/demo/demo.js", defer=True),
    )
    tabs = [el("button", label, type="button", id=f"tab-{name}", data_tab=name) for name, label in _TABS]
    body = el(
        "body",
        el("a", "Skip to the talk", href="#talk", class_="skip"),
        el(
            "header",
            el("h1", "Freagra"),
            el("a", "Staff console", href="/", class_="console"),
            el("details", el("summary", "What is this?"), el("p", _ABOUT), class_="about"),
            shown["top"],
        ),
        el("nav", tabs, class_="tabs", aria_label="Parts of the page"),
        el("noscript", el("p", _WITHOUT_SCRIPT, class_="empty")),
        el("main", shown["phone"], shown["book"], shown["talk"], data_shown="phone"),
        el("p", role="alert", id="notice", class_="notice"),
        data_live="/demo/live",
    )
    return "<!doctype html>\n" + el("html", head, joined(body), lang="en-IE")
