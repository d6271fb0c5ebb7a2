"""The commands for whoever writes the rules: what each is called, what it takes and what its help says."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from adapters.commands import options


def add_check(commands: Any) -> None:
    parser = options.add(
        commands, "check", "find everything that is wrong with ruleset files", _run_check,
        more="Also reads the phrase checks and plays the talks inside them, and looks for words that the carrier behind the "
        "gateway takes for itself. Exit code 1 where there are errors.",
        examples="  freagra check rules/appointment-reminder.yaml\n  freagra check --strict --json rules/*.yaml\n"
        "  freagra check --gateway twilio my-clinic.yaml",
    )  # fmt: skip
    parser.add_argument("files", nargs="+", metavar="FILE", help="a ruleset; - is standard input")
    parser.add_argument("--json", action="store_true", help="the problems as a JSON list, for editors and scripts")
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument(
        "--gateway", metavar="KIND", help="which gateway the rules are for; the configured one, if there is one"
    )
    options.config_option(parser)


def _run_check(given: argparse.Namespace) -> int:
    from adapters.commands.check import check
    from adapters.commands.output import Failure
    from adapters.gateways.carriers import CARRIERS, carrier_of

    if given.gateway is not None and given.gateway not in CARRIERS:
        raise Failure(f"--gateway must be one of: {', '.join(sorted(CARRIERS))}", 2)
    carrier = CARRIERS[given.gateway] if given.gateway is not None else carrier_of(options.config(given).gateway)
    return check(given.files, as_json=given.json, strict=given.strict, carrier=carrier)


def add_chat(commands: Any) -> None:
    parser = options.add(
        commands, "chat", "be the patient: try a ruleset in the terminal", _run_chat,
        more="Shows what is sent, how each reply is read and why, and what the hospital and its staff are asked to do.",
        examples="  freagra chat appointment-reminder\n"
        '  freagra chat rules/follow-up.yaml --appointment "today at 09:00" --status missed\n'
        "  printf 'Y\\n/wait 9d\\n/save yes\\n' | freagra chat rules/appointment-reminder.yaml",
    )  # fmt: skip
    parser.add_argument("ruleset", metavar="RULESET", help="a ruleset file, or the name of one that comes with Freagra")
    parser.add_argument("--language", default="", metavar="ga", help="the patient's language")
    parser.add_argument("--appointment", default="", metavar="WHEN", help='such as "in 10 days at 10:00"')
    parser.add_argument("--status", default="", choices=["attended", "missed"], help="for rulesets about past visits")


def _run_chat(given: argparse.Namespace) -> int:
    from adapters.commands.chat import chat
    from adapters.commands.rulefile import usable

    _, ruleset = usable(given.ruleset)
    wanted = {"language": given.language, "appointment": given.appointment, "status": given.status}
    return chat(ruleset, {name: value for name, value in wanted.items() if value})


def add_teach(commands: Any) -> None:
    parser = options.add(
        commands, "teach", "a reply was misread: teach a ruleset what it means", _run_teach,
        more="Adds a phrase and a check that holds it, and shows what else would be read differently. Refused where "
        "a check or a talk of the file would fail.",
        examples='  freagra teach my-clinic.yaml "stuck at work will ye see me tomorrow" reschedule\n'
        '  freagra teach my-clinic.yaml "nie dam rady" cancel --lang pl --dry-run --against replies.jsonl',
    )  # fmt: skip
    parser.add_argument("ruleset", type=Path, metavar="RULESET", help="a ruleset file")
    parser.add_argument("text", metavar="TEXT", help="what the patient wrote")
    parser.add_argument("intent", metavar="INTENT", help="what it means: the name of one of the file's intents")
    parser.add_argument("--lang", default="", metavar="pl", help="the language it is written in; the file's first if left out")
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="replies to compare as well: JSON lines with text, and lang if known"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--yes", action="store_true", help="write without asking")
    how.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")


def _run_teach(given: argparse.Namespace) -> int:
    from adapters.commands.teach import teach

    return teach(
        given.ruleset, given.text, given.intent, given.lang, against=given.against, yes=given.yes, dry_run=given.dry_run
    )


def add_impact(commands: Any) -> None:
    parser = options.add(
        commands, "impact", "what a draft of rules would have done to the talks on record", _run_impact,
        more="Plays them again under the draft: which replies would be read differently, which talks would have come out "
        "differently, tasks and texts more or fewer. Only reads. The output may hold patients' words.",
        examples="  freagra impact my-clinic.yaml --since 30d\n  freagra impact my-clinic.yaml --since 2026-11-01 --json",
    )  # fmt: skip
    parser.add_argument("ruleset", metavar="RULESET", help="a ruleset file, or the name of one that comes with Freagra")
    parser.add_argument(
        "--since", default="30d", metavar="30d", help="talks that began since then: a length of time or a date (30d)"
    )
    parser.add_argument("--json", action="store_true", help="the figures as JSON, without patients' words")
    options.config_option(parser)


def _run_impact(given: argparse.Namespace) -> int:
    from adapters.commands.impact import show_impact

    return show_impact(options.config(given), given.ruleset, given.since, as_json=given.json)


def add_classify(commands: Any) -> None:
    parser = options.add(
        commands, "classify", "read many replies at once, for judging rules", _run_classify,
        more='Takes JSON lines {"id", "text", "lang"} on standard input and writes {"id", "label", "evidence"}.',
        examples="  freagra classify rules/appointment-reminder.yaml < replies.jsonl > labels.jsonl",
    )  # fmt: skip
    parser.add_argument("ruleset", metavar="RULESET", help="a ruleset file, or the name of one that comes with Freagra")


def _run_classify(given: argparse.Namespace) -> int:
    from adapters.classify import classify
    from adapters.commands.rulefile import usable

    _, ruleset = usable(given.ruleset)
    if hasattr(sys.stdin, "reconfigure"):
        # Bytes that are no UTF-8 must reach the reader as they are: a reply is never refused for its letters.
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return classify(ruleset, sys.stdin, sys.stdout)


_RUNNING = (
    "A service that runs is asked to do it, by your name and password at its console (typed, or in FREAGRA_PASSWORD) and with "
    "your rights there; one that is stopped need not be. "
)


def add_rules(commands: Any) -> None:
    parser = options.add(commands, "rules", "which rules are in force, and putting others in force", None)
    below = parser.add_subparsers(title="commands", metavar="COMMAND")
    listing = options.add(below, "list", "what is in force, and what running conversations still keep", _run_rules_list)
    options.config_option(listing)
    publish = options.add(
        below, "publish", "check ruleset files and put them in force, all or none", _run_publish,
        more="Conversations that run keep the version they began with. " + _RUNNING + "Where the hospital wants a second "
        "person, it proposes what you changed, and publishes what a colleague proposed.",
        examples="  freagra rules publish my-clinic.yaml\n"
        '  freagra rules publish my-clinic.yaml --by maura --why "clearer words"',
    )  # fmt: skip
    publish.add_argument("files", nargs="+", metavar="FILE", help="a file, or the name of one that comes with Freagra")
    publish.add_argument("--by", default="", metavar="NAME", help="who you are at the console of the service that runs")
    publish.add_argument("--why", default="", metavar="WORDS", help="why, for whoever looks for it later")
    options.config_option(publish)
    _rules_files(below)


def _rules_files(below: Any) -> None:
    pull = options.add(
        below, "pull", "write the rulesets in force as files", _run_pull, more="Works beside a running service.",
        examples="  freagra rules pull rules/",
    )  # fmt: skip
    pull.add_argument("folder", type=Path, metavar="FOLDER", help="made if it is not there")
    pull.add_argument("--over", action="store_true", help="write over files that hold something else")
    options.config_option(pull)
    push = options.add(
        below, "push", "make files the drafts of their rulesets, to be looked at and published in the console", _run_push,
        more=_RUNNING,
        examples="  freagra rules push my-clinic.yaml --by maura",
    )  # fmt: skip
    push.add_argument("files", nargs="+", metavar="FILE", help="a file, or the name of one that comes with Freagra")
    push.add_argument("--by", default="", metavar="NAME", help="who you are at the console; stands on record for it")
    options.config_option(push)


def _run_pull(given: argparse.Namespace) -> int:
    from adapters.commands.rules import pull_rules

    return pull_rules(options.config(given), given.folder, over=given.over)


def _run_push(given: argparse.Namespace) -> int:
    from adapters.commands.rules import push_rules

    return push_rules(options.config(given), given.files, given.by)


def _run_rules_list(given: argparse.Namespace) -> int:
    from adapters.commands.rules import list_rules

    return list_rules(options.config(given))


def _run_publish(given: argparse.Namespace) -> int:
    from adapters.commands.rules import publish_rules

    return publish_rules(options.config(given), given.files, given.by, given.why)


def add_simulate(commands: Any) -> None:
    parser = options.add(
        commands, "simulate", "what would these rules do? A virtual hospital on a virtual clock", _run_simulate,
        more="The same seed gives the same figures.",
        examples="  freagra simulate --days 30 --patients 500 --seed 7\n"
        "  freagra simulate --days 30 --patients 500 --seed 7 --json my-clinic.yaml",
    )  # fmt: skip
    parser.add_argument(
        "rulesets", nargs="*", metavar="RULESET", help="files or names; all that come with Freagra if none"
    )
    parser.add_argument("--days", type=options.whole(1), default=30, help="how long (30)")
    parser.add_argument("--patients", type=options.whole(1), default=200, help="how many (200)")
    parser.add_argument("--seed", type=options.whole(0), default=1, help="another seed, another hospital (1)")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")


def _run_simulate(given: argparse.Namespace) -> int:
    from adapters.commands.rulefile import find
    from adapters.simulate import simulate_command

    rulesets = [find(name) for name in given.rulesets]
    return simulate_command(given.days, given.patients, given.seed, rulesets, given.json)
