"""The commands for what is on record, and what comes in from a file: names, options, help."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Any

from adapters.commands import options


def add_import(commands: Any) -> None:
    parser = options.add(
        commands, "import", "take appointments from a CSV file", _run_import,
        more="Works beside a running service, through its API. Each line is taken or refused by itself; exit code 1 "
        "where one was refused.\n" + _columns(),
        examples="  freagra import clinics.csv\n  freagra import clinics.csv --report refused.csv",
    )  # fmt: skip
    parser.add_argument("file", type=Path, metavar="FILE", help="the first line names the columns")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write the refused lines here, to be mended and imported again"
    )
    options.config_option(parser)


def _columns() -> str:
    """What the first line of the file may name."""
    from adapters.ipms.fields import FIELDS

    def named(required: bool) -> str:
        return ", ".join(field.columns[0] for field in FIELDS if field.required is required)

    words = f"The file must have the columns {named(True)}; it may have {named(False)}. A column x-... is passed over."
    return f"\n{textwrap.fill(words, 100)}"


def _run_import(given: argparse.Namespace) -> int:
    from adapters.commands.importing import import_file

    return import_file(given.file, options.config(given), given.report)


def add_transcript(commands: Any) -> None:
    parser = options.add(
        commands, "transcript", "show, check and hand out what is on record", None,
        more="Only reads, and works beside a running service.",
    )  # fmt: skip
    below = parser.add_subparsers(title="commands", metavar="COMMAND")
    _transcript_show(below)
    verify = options.add(
        below, "verify", "check that no entry was changed, taken away or put in", _run_verify,
        more="Needs no key. A witness kept elsewhere also proves that nothing was cut off. Every fault is listed.",
        examples="  freagra transcript verify --write-witness witness.json\n"
        "  freagra transcript verify --witness witness.json",
    )  # fmt: skip
    verify.add_argument("--witness", type=Path, metavar="FILE", help="what an earlier check wrote")
    verify.add_argument("--write-witness", type=Path, metavar="FILE", help="write where the record stands now")
    options.config_option(verify)
    replay = options.add(
        below, "replay", "rebuild every conversation from its entries and compare", _run_replay,
        more="Exit code 1 with every conversation that differs.",
    )  # fmt: skip
    options.config_option(replay)
    _transcript_export(below)


def _transcript_show(below: Any) -> None:
    parser = options.add(
        below, "show", "a conversation as a timeline", _run_show,
        examples="  freagra transcript show --appointment A-1001\n  freagra transcript show --patient H123456",
    )  # fmt: skip
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("conversation", nargs="?", metavar="CONVERSATION", help="its id")
    which.add_argument("--patient", metavar="NUMBER", help="all of this patient's, by hospital number")
    which.add_argument("--appointment", metavar="ID", help="all about this appointment")
    options.config_option(parser)


def _transcript_export(below: Any) -> None:
    parser = options.add(
        below, "export", "entries as JSON lines, opened", _run_export,
        more="The output holds personal data.",
        examples="  freagra transcript export --patient H123456 --out H123456.jsonl",
    )  # fmt: skip
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--conversation", metavar="ID", help="this conversation")
    which.add_argument("--patient", metavar="NUMBER", help="all of this patient's, by hospital number")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a file that only you may read; else standard output")
    options.config_option(parser)


def _run_show(given: argparse.Namespace) -> int:
    from adapters.commands.records import show

    return show(options.config(given), conversation=given.conversation, patient=given.patient, appointment=given.appointment)


def _run_verify(given: argparse.Namespace) -> int:
    from adapters.commands.records import verify_store

    return verify_store(options.config(given), witness=given.witness, write_witness=given.write_witness)


def _run_replay(given: argparse.Namespace) -> int:
    from adapters.commands.records import replay_store

    return replay_store(options.config(given))


def _run_export(given: argparse.Namespace) -> int:
    from adapters.commands.records import export_to

    return export_to(options.config(given), conversation=given.conversation, patient=given.patient, out=given.out)


def add_erase(commands: Any) -> None:
    parser = options.add(
        commands, "erase", "destroy all that is held of a patient, for good", _run_erase,
        more="For a hospital that decides that a patient's data have to be erased. The record stays whole and says who erased "
        "what, when and why.\nWhile the service runs it is asked to, by an administrator's name and password (or "
        "FREAGRA_PASSWORD).\nBackups hold the patient until they are let go: docs/deploying.md.",
        examples='  freagra erase --patient H123456 --by mkelly --reason "request of 3 March, DPO file 2026/17"',
    )  # fmt: skip
    parser.add_argument("--patient", required=True, metavar="NUMBER", help="the hospital number, exactly as the iPMS has it")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for the audit; no names")
    parser.add_argument("--by", required=True, metavar="NAME", help="who you are, as you sign in to the console")
    parser.add_argument("--yes", action="store_true", help="do not ask whether it is meant")
    options.config_option(parser)


def _run_erase(given: argparse.Namespace) -> int:
    from adapters.commands.erasing import erase_patient

    return erase_patient(options.config(given), given.patient, given.by, given.reason, sure=given.yes)


def add_report(commands: Any) -> None:
    parser = options.add(
        commands, "report", "what a span of time brought, and what it saved against posted letters", _run_report,
        more="Only reads, and holds no patient's data. Prices are the [costs] of the settings.",
        examples="  freagra report\n  freagra report --since 2026-10-01 --until 2026-11-01 --json",
    )  # fmt: skip
    parser.add_argument(
        "--since", default="30d", metavar="30d", help="from when on: a length of time before now, or a date (30d)"
    )
    parser.add_argument("--until", metavar="2026-11-01", help="up to when, said the same way; now if left out")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    options.config_option(parser)


def _run_report(given: argparse.Namespace) -> int:
    from adapters.commands.report import report

    return report(options.config(given), given.since, given.until, as_json=given.json)
