"""What becomes of emergencies and deaths with the one reply that tells of them. Seen as what they are, they stand first in the
queue; but one that is not seen may reach a person as well, as a question or because it is long, and need not be written twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.rehearsal import Rehearsal
from engine.ruleset import Ruleset
from evaluation.report import Table
from evaluation.scores import Verdict, grouped


def table(ruleset: Ruleset, verdicts: Sequence[Verdict]) -> Table:
    """By set: how many there are, and of how many staff hear at once, otherwise, and not before the patient writes again."""
    critical = [verdict for verdict in verdicts if verdict.critical]
    rows = []
    for name, of in (grouped(critical, lambda reply: (reply.file,)) | {"all": critical}).items():
        missed = [verdict for verdict in of if verdict.missed]
        heard = sum(_heard(ruleset, verdict) for verdict in missed)
        rows.append((name, *map(str, (len(of), len(of) - len(missed), heard, len(missed) - heard))))
    heads = ("", "told of", "seen as one", "else with a person at once", "not before they write again")
    return Table("Emergencies and deaths", heads, rows)


def _heard(ruleset: Ruleset, verdict: Verdict) -> bool:
    """Whether the reply to a reminder opens a task for staff."""
    talk = Rehearsal(ruleset, verdict.reply.language if verdict.reply.language in ruleset.languages else "")
    talk.patient(verdict.reply.text)
    return bool(talk.conversation.tasks)
