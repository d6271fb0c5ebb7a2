"""What a run found: tables of figures, as text or as Markdown, and everything as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from engine.ruleset import Ruleset
from evaluation.labelled import Labelled
from evaluation.layers import LAYERS, reader
from evaluation.peers import Keywords, Likeness
from evaluation.scores import Verdict, figures, grouped, judge, unsafe_by_label

_ENGLISH = "en"
_FEWEST_WITH_TAG = 5  # a tag on fewer replies says nothing as a share; `--json` has them all


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def text(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.headings, *self.rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) if not at else cell.rjust(width) for at, (cell, width) in enumerate(pairs)).rstrip()
            for pairs in (list(zip(row, widths, strict=True)) for row in (self.headings, *self.rows))
        ]
        return "\n".join([self.title, *(f"  {line}" for line in lines)])

    def markdown(self) -> str:
        rules = ("---", *("---:" for _ in self.headings[1:]))
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.headings, rules, *self.rows))


@dataclass(frozen=True, slots=True)
class Way:
    """One way of reading, and what it made of every reply."""

    name: str
    verdicts: list[Verdict]


def peers(ruleset: Ruleset, replies: Sequence[Labelled], ours: list[Verdict]) -> list[Way]:
    """What the market does, what plain likeness does, and Freagra."""
    threshold, like = Likeness(ruleset).best(replies)
    return [
        Way("the whole reply is a key", judge(replies, Keywords(ruleset))),
        Way("the first word is a key", judge(replies, Keywords(ruleset, first_word=True))),
        Way(f"WRatio, {threshold} or more", like),
        Way("Freagra", ours),
    ]


def ablation(ruleset: Ruleset, replies: Sequence[Labelled], ours: list[Verdict]) -> list[Way]:
    """Freagra, and Freagra without each of its layers."""
    return [Way("Freagra", ours), *(Way(f"without {layer.name}", layer.read(ruleset, replies)) for layer in LAYERS)]


def run(ruleset: Ruleset, replies: Sequence[Labelled]) -> tuple[list[Verdict], list[Way], list[Way]]:
    """Freagra's verdicts, the peers', and those of the ablation."""
    ours = judge(replies, reader(ruleset))
    return ours, peers(ruleset, replies, ours), ablation(ruleset, replies, ours)


# --- tables --------------------------------------------------------------------------------------------------------------

_SHARES = ("replies", "coverage", "weighted", "handed off", "unsafe", "rate", "weighted", "missed")


def by_set(verdicts: Sequence[Verdict]) -> Table:
    groups = grouped(verdicts, lambda reply: (reply.file,))
    return _shares("By set", groups | ({"all": list(verdicts)} if len(groups) > 1 else {}))


def by_language(verdicts: Sequence[Verdict]) -> Table:
    return _shares("By language", grouped(verdicts, lambda reply: (reply.language,)))


def by_gold(verdicts: Sequence[Verdict]) -> Table:
    return _shares("By gold label", grouped(verdicts, lambda reply: (reply.gold,)))


def by_difficulty(verdicts: Sequence[Verdict]) -> Table:
    return _shares("By difficulty", grouped(verdicts, lambda reply: (reply.difficulty,)))


def by_tag(verdicts: Sequence[Verdict]) -> Table:
    groups = grouped(verdicts, lambda reply: reply.tags or ("(none)",))
    return _shares("By tag", {tag: of for tag, of in groups.items() if len(of) >= _FEWEST_WITH_TAG})


def overall(verdicts: Sequence[Verdict]) -> Table:
    plain, weighted = figures(verdicts), figures(verdicts, weighted=True)
    named = (
        ("coverage: dealt with rightly, of what can be automated", "coverage"),
        ("  of which the gold label itself", "exact"),
        ("handed off though it could be automated", "handed_off"),
        ("unsafe, of all", "unsafe"),
        ("safe outcome, of all", "safe"),
        ("urgent or deceased missed, of those", "missed"),
    )
    rows = [(said, _percent(getattr(plain, name), 2), _percent(getattr(weighted, name), 2)) for said, name in named]
    return Table(f"All {plain.rows} replies", ("", "each once", "weighted"), rows)


def unsafe_labels(verdicts: Sequence[Verdict]) -> Table:
    counts = unsafe_by_label(verdicts)
    return Table("Unsafe, by the label that was given", ("", *counts), [("replies", *map(str, counts.values()))])


def ways(title: str, found: Sequence[Way]) -> Table:
    """Ways of reading side by side, English and the other languages apart."""
    rows = []
    for way in found:
        for language, verdicts in _english_and_others(way.verdicts):
            plain, weighted = figures(verdicts), figures(verdicts, weighted=True)
            rows.append(
                (
                    way.name,
                    language,
                    _percent(plain.coverage),
                    _percent(weighted.coverage),
                    _percent(plain.unsafe, 2),
                    _percent(weighted.unsafe, 2),
                    str(unsafe_by_label(verdicts)["cancel"]),
                    str(sum(verdict.missed for verdict in verdicts)),
                )
            )
    shares = ("coverage", "weighted", "unsafe", "weighted", "unsafe cancels", "urgent, deceased missed")
    return Table(title, ("way of reading", "replies", *shares), rows)


def _english_and_others(verdicts: Iterable[Verdict]) -> Iterable[tuple[str, list[Verdict]]]:
    return grouped(verdicts, lambda reply: ("English" if reply.language == _ENGLISH else "other languages",)).items()


def _shares(title: str, groups: dict[str, list[Verdict]]) -> Table:
    rows = []
    for name, verdicts in groups.items():
        plain, weighted = figures(verdicts), figures(verdicts, weighted=True)
        rows.append(
            (
                name,
                str(plain.rows),
                _percent(plain.coverage),
                _percent(weighted.coverage),
                _percent(plain.handed_off),
                str(sum(verdict.unsafe for verdict in verdicts)),
                _percent(plain.unsafe, 2),
                _percent(weighted.unsafe, 2),
                str(sum(verdict.missed for verdict in verdicts)),
            )
        )
    return Table(title, ("", *_SHARES), rows)


def _percent(share: float | None, digits: int = 1) -> str:
    return "-" if share is None else f"{100 * share:.{digits}f} %"


# --- single replies ------------------------------------------------------------------------------------------------------

CHOICES: dict[str, Callable[[Verdict], bool]] = {
    "unsafe": lambda verdict: verdict.unsafe,
    "missed": lambda verdict: verdict.missed,
    "handed": lambda verdict: verdict.handed_off,
}


def listed(title: str, verdicts: Iterable[Verdict], texts: bool) -> str:
    """Replies by id, the commonest first. The texts of held-out sets are not shown, asked for or not."""
    chosen = sorted(verdicts, key=lambda verdict: (-verdict.reply.weight, verdict.reply.id))
    lines = [
        f"  {v.reply.id:14} {v.reply.file:16} {v.reply.weight:>3}  {v.reply.gold} read as {v.label}"
        + (f"  {v.reply.text[:160]!r}" if texts and not v.reply.held_out else "")
        for v in chosen
    ]
    return "\n".join([f"{title} ({len(lines)})", *lines])


def as_json(ruleset: Ruleset, verdicts: Sequence[Verdict], found: dict[str, list[Way]]) -> dict[str, object]:
    """Every figure, and the ids of unsafe and missed replies."""
    groups: dict[str, Callable[[Labelled], Iterable[str]]] = {
        "set": lambda reply: (reply.file,),
        "language": lambda reply: (reply.language,),
        "gold": lambda reply: (reply.gold,),
        "difficulty": lambda reply: (reply.difficulty,),
        "tag": lambda reply: reply.tags,
    }
    return {
        "ruleset": {"name": ruleset.name, "version": ruleset.version},
        "overall": _both(verdicts),
        "groups": {name: {key: _both(of) for key, of in grouped(verdicts, by).items()} for name, by in groups.items()},
        "ways": {
            title: {way.name: {name: _both(of) for name, of in _english_and_others(way.verdicts)} for way in several}
            for title, several in found.items()
        },
        "unsafe": [[v.reply.file, v.reply.id, v.label] for v in verdicts if v.unsafe],
        "missed": [[v.reply.file, v.reply.id, v.label] for v in verdicts if v.missed],
    }


def _both(verdicts: Sequence[Verdict]) -> dict[str, object]:
    return {
        "each_once": asdict(figures(verdicts)),
        "weighted": asdict(figures(verdicts, weighted=True)),
        "unsafe_by_label": unsafe_by_label(verdicts),
    }
