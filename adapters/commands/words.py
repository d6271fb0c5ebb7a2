"""The whole command line. Each command imports what it needs when it runs: `freagra check` should not wait for a web server
to load.
"""

from __future__ import annotations

import argparse
from importlib import metadata

from adapters.commands import words_records, words_rules, words_service


def parser() -> argparse.ArgumentParser:
    """The whole command line. What was given says in `run` what to call with it (None where a command is missing), in
    `parser` whose help to show, and in `log_level` how much is logged."""
    whole = argparse.ArgumentParser(
        prog="freagra",
        description="Two-way SMS for hospital appointments: reminders out, replies in, all of it on record.",
        epilog="Begin with: freagra demo\nThen: freagra COMMAND --help tells more of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"freagra {_version()}")
    whole.set_defaults(run=None, parser=whole, log_level="ERROR")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    for add in (
        words_service.add_demo, words_service.add_serve, words_service.add_health,
        words_rules.add_check, words_rules.add_chat, words_rules.add_teach,
        words_rules.add_impact, words_records.add_import, words_rules.add_classify,
        words_records.add_transcript, words_records.add_erase, words_records.add_report, words_rules.add_rules,
        words_service.add_people, words_service.add_init, words_service.add_migrate,
        words_service.add_backup, words_rules.add_simulate,
    ):  # fmt: skip
        add(commands)
    return whole


def _version() -> str:
    try:
        return metadata.version("freagra")
    except metadata.PackageNotFoundError:
        return "(not installed)"
