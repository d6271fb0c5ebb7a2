"""What each command is called, what it takes and what its help says.

Each imports what it needs when it runs: `freagra check` should not wait for a web server to load.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.config import Config


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
        _demo, _serve, _health, _check, _chat, _teach, _impact, _import, _classify, _transcript, _report, _rules, _people,
        _init, _migrate, _backup, _simulate,
    ):  # fmt: skip
        add(commands)
    return whole


def _version() -> str:
    try:
        return metadata.version("freagra")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _add(
    commands: Any,
    name: str,
    summary: str,
    run: Callable[[argparse.Namespace], int] | None,
    *,
    more: str = "",
    examples: str = "",
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.{f' {more}' if more else ''}",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def _config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the settings; freagra.toml in this folder if there is one"
    )


def _config(given: argparse.Namespace) -> Config:
    from adapters.config import load_config

    return load_config(given.config)


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} on, not {text!r}")
        return int(text)

    return read


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 65535, not {text!r}")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e6:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return speed


def _demo(commands: Any) -> None:
    parser = _add(
        commands, "demo", "everything alive, with a simulated hospital, gateway and patients", _run_demo,
        more="Opens a page where you can be a patient's phone. Nothing leaves this machine.",
        examples="  freagra demo\n  freagra demo --port 9000 --open",
    )  # fmt: skip
    parser.add_argument("--port", type=_port, default=8080, help="where the page is (8080)")
    parser.add_argument(
        "--speed", type=_speed, default=60.0, help="how many times faster than people the patients answer (60)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="keep its data here; otherwise it is thrown away")


def _run_demo(given: argparse.Namespace) -> int:
    from adapters.demo import demo

    return demo(port=given.port, speed=given.speed, open_browser=given.open, home=given.home)


def _serve(commands: Any) -> None:
    parser = _add(
        commands, "serve", "run the service until it is told to stop", _run_serve,
        more="Listens on this machine only, unless the settings say otherwise. docs/freagra.toml shows every setting.",
        examples="  freagra serve\n  freagra serve --config /etc/freagra/freagra.toml\n  freagra serve --role worker",
    )  # fmt: skip
    parser.add_argument(
        "--role", choices=["all", "web", "worker", "sender"], default="all",
        help="what this process does, where several share one PostgreSQL (all)",
    )  # fmt: skip
    _config_option(parser)
    parser.set_defaults(log_level="INFO")


def _run_serve(given: argparse.Namespace) -> int:
    from adapters.serve import serve

    return serve(_config(given), given.role)


def _health(commands: Any) -> None:
    parser = _add(
        commands, "health", "ask the service on this machine whether it is well", _run_health,
        more="Exit code 1 where it is not.",
        examples="  freagra health\n  freagra health --ready",
    )  # fmt: skip
    parser.add_argument("--ready", action="store_true", help="not only alive: its store and all its loops in working order")
    _config_option(parser)


def _run_health(given: argparse.Namespace) -> int:
    from adapters.commands.health import health

    return health(_config(given), ready=given.ready)


def _check(commands: Any) -> None:
    parser = _add(
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
    _config_option(parser)


def _run_check(given: argparse.Namespace) -> int:
    from adapters.commands.check import check
    from adapters.commands.output import Failure
    from adapters.gateways.carriers import CARRIERS, carrier_of

    if given.gateway is not None and given.gateway not in CARRIERS:
        raise Failure(f"--gateway must be one of: {', '.join(sorted(CARRIERS))}", 2)
    carrier = CARRIERS[given.gateway] if given.gateway is not None else carrier_of(_config(given).gateway)
    return check(given.files, as_json=given.json, strict=given.strict, carrier=carrier)


def _chat(commands: Any) -> None:
    parser = _add(
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


def _teach(commands: Any) -> None:
    parser = _add(
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


def _impact(commands: Any) -> None:
    parser = _add(
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
    _config_option(parser)


def _run_impact(given: argparse.Namespace) -> int:
    from adapters.commands.impact import show_impact

    return show_impact(_config(given), given.ruleset, given.since, as_json=given.json)


def _import(commands: Any) -> None:
    parser = _add(
        commands, "import", "take appointments from a CSV file", _run_import,
        more="Works beside a running service, through its API. Each line is taken or refused by itself; exit code 1 "
        "where one was refused.\n" + _columns(),
        examples="  freagra import clinics.csv\n  freagra import clinics.csv --report refused.csv",
    )  # fmt: skip
    parser.add_argument("file", type=Path, metavar="FILE", help="the first line names the columns")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write the refused lines here, to be mended and imported again"
    )
    _config_option(parser)


def _columns() -> str:
    """What the first line of the file may name."""
    from adapters.ipms.fields import FIELDS

    def named(required: bool) -> str:
        return ", ".join(field.columns[0] for field in FIELDS if field.required is required)

    words = f"The file must have the columns {named(True)}; it may have {named(False)}. A column x-... is passed over."
    return f"\n{textwrap.fill(words, 100)}"


def _run_import(given: argparse.Namespace) -> int:
    from adapters.commands.importing import import_file

    return import_file(given.file, _config(given), given.report)


def _classify(commands: Any) -> None:
    parser = _add(
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


def _transcript(commands: Any) -> None:
    parser = _add(commands, "transcript", "show, check and hand out what is on record", None,
                  more="Only reads, and works beside a running service.")  # fmt: skip
    below = parser.add_subparsers(title="commands", metavar="COMMAND")
    _transcript_show(below)
    verify = _add(
        below, "verify", "check that no entry was changed, taken away or put in", _run_verify,
        more="Needs no key. A witness kept elsewhere also proves that nothing was cut off. Every fault is listed.",
        examples="  freagra transcript verify --write-witness witness.json\n"
        "  freagra transcript verify --witness witness.json",
    )  # fmt: skip
    verify.add_argument("--witness", type=Path, metavar="FILE", help="what an earlier check wrote")
    verify.add_argument("--write-witness", type=Path, metavar="FILE", help="write where the record stands now")
    _config_option(verify)
    replay = _add(below, "replay", "rebuild every conversation from its entries and compare", _run_replay,
                  more="Exit code 1 with every conversation that differs.")  # fmt: skip
    _config_option(replay)
    _transcript_export(below)


def _transcript_show(below: Any) -> None:
    parser = _add(
        below, "show", "a conversation as a timeline", _run_show,
        examples="  freagra transcript show --appointment A-1001\n  freagra transcript show --patient H123456",
    )  # fmt: skip
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("conversation", nargs="?", metavar="CONVERSATION", help="its id")
    which.add_argument("--patient", metavar="NUMBER", help="all of this patient's, by hospital number")
    which.add_argument("--appointment", metavar="ID", help="all about this appointment")
    _config_option(parser)


def _transcript_export(below: Any) -> None:
    parser = _add(
        below, "export", "entries as JSON lines, opened", _run_export,
        more="The output holds personal data.",
        examples="  freagra transcript export --patient H123456 --out H123456.jsonl",
    )  # fmt: skip
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--conversation", metavar="ID", help="this conversation")
    which.add_argument("--patient", metavar="NUMBER", help="all of this patient's, by hospital number")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a file that only you may read; else standard output")
    _config_option(parser)


def _run_show(given: argparse.Namespace) -> int:
    from adapters.commands.records import show

    return show(_config(given), conversation=given.conversation, patient=given.patient, appointment=given.appointment)


def _run_verify(given: argparse.Namespace) -> int:
    from adapters.commands.records import verify_store

    return verify_store(_config(given), witness=given.witness, write_witness=given.write_witness)


def _run_replay(given: argparse.Namespace) -> int:
    from adapters.commands.records import replay_store

    return replay_store(_config(given))


def _run_export(given: argparse.Namespace) -> int:
    from adapters.commands.records import export_to

    return export_to(_config(given), conversation=given.conversation, patient=given.patient, out=given.out)


def _report(commands: Any) -> None:
    parser = _add(
        commands, "report", "what a span of time brought, and what it saved against posted letters", _run_report,
        more="Only reads, and holds no patient's data. Prices are the [costs] of the settings.",
        examples="  freagra report\n  freagra report --since 2026-10-01 --until 2026-11-01 --json",
    )  # fmt: skip
    parser.add_argument(
        "--since", default="30d", metavar="30d", help="from when on: a length of time before now, or a date (30d)"
    )
    parser.add_argument("--until", metavar="2026-11-01", help="up to when, said the same way; now if left out")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    _config_option(parser)


def _run_report(given: argparse.Namespace) -> int:
    from adapters.commands.report import report

    return report(_config(given), given.since, given.until, as_json=given.json)


def _rules(commands: Any) -> None:
    parser = _add(commands, "rules", "which rules are in force, and putting others in force", None)
    below = parser.add_subparsers(title="commands", metavar="COMMAND")
    _config_option(_add(below, "list", "what is in force, and what running conversations still keep", _run_rules_list))
    publish = _add(
        below, "publish", "check ruleset files and put them in force, all or none", _run_publish,
        more="Conversations that run keep the version they began with.",
        examples="  freagra rules publish my-clinic.yaml\n  freagra rules publish appointment-reminder follow-up",
    )  # fmt: skip
    publish.add_argument("files", nargs="+", metavar="FILE", help="a file, or the name of one that comes with Freagra")
    _config_option(publish)
    _rules_files(below)


def _rules_files(below: Any) -> None:
    pull = _add(
        below, "pull", "write the rulesets in force as files", _run_pull, more="Works beside a running service.",
        examples="  freagra rules pull rules/",
    )  # fmt: skip
    pull.add_argument("folder", type=Path, metavar="FOLDER", help="made if it is not there")
    pull.add_argument("--over", action="store_true", help="write over files that hold something else")
    _config_option(pull)
    push = _add(
        below, "push", "make files the drafts of their rulesets, to be looked at and published in the console", _run_push,
        examples="  freagra rules push my-clinic.yaml --by maura",
    )  # fmt: skip
    push.add_argument("files", nargs="+", metavar="FILE", help="a file, or the name of one that comes with Freagra")
    push.add_argument("--by", default="files", metavar="NAME", help="who stands on record for it (files)")
    _config_option(push)


def _run_pull(given: argparse.Namespace) -> int:
    from adapters.commands.rules import pull_rules

    return pull_rules(_config(given), given.folder, over=given.over)


def _run_push(given: argparse.Namespace) -> int:
    from adapters.commands.rules import push_rules

    return push_rules(_config(given), given.files, given.by)


def _run_rules_list(given: argparse.Namespace) -> int:
    from adapters.commands.rules import list_rules

    return list_rules(_config(given))


def _run_publish(given: argparse.Namespace) -> int:
    from adapters.commands.rules import publish_rules

    return publish_rules(_config(given), given.files)


def _init(commands: Any) -> None:
    parser = _add(
        commands, "init", "make the keys and secrets of a new installation", _run_init,
        more="For services of several processes, which share them; one process alone makes them when it first starts. "
        "Nothing that is there is changed.",
        examples="  freagra init\n  freagra init deploy/secrets",
    )  # fmt: skip
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="where, if not in the configured places")
    _config_option(parser)


def _run_init(given: argparse.Namespace) -> int:
    from adapters.commands.beginning import init

    return init(_config(given), given.folder)


def _migrate(commands: Any) -> None:
    parser = _add(
        commands, "migrate", "bring the tables of the database to this version", _run_migrate,
        more="A service does that itself when it starts; where it has several processes, this is done once before them. With "
        "--from and --to it moves the whole record into an empty database, and verifies it there; stop the service first. "
        "Broken off, it goes on where it was.",
        examples="  freagra migrate\n"
        "  freagra migrate --from sqlite:///freagra-data/freagra.sqlite3 "
        "--to postgresql+psycopg://freagra@db.hospital.example/freagra",
    )  # fmt: skip
    parser.add_argument("--from", metavar="DATABASE", dest="source", help="the database to move from")
    parser.add_argument("--to", metavar="DATABASE", dest="target", help="the database to move to")
    _config_option(parser)


def _run_migrate(given: argparse.Namespace) -> int:
    from adapters.commands.beginning import migrate, move_store
    from adapters.commands.output import Failure

    if bool(given.source) != bool(given.target):
        raise Failure("--from and --to go together", 2)
    return move_store(given.source, given.target) if given.source else migrate(_config(given))


def _people(commands: Any) -> None:
    parser = _add(commands, "people", "who can sign in to the console, and as what", None)
    below = parser.add_subparsers(title="commands", metavar="COMMAND")
    add = _add(
        below, "add", "add a person; the first administrator is made so", _run_people_add,
        more="Asks for a password, or makes a one-time password with --generate. The service must be stopped; while it runs, "
        "an administrator adds people on the People page.",
        examples="  freagra people add mkelly --role administrator\n"
        "  freagra people add aobrien --shown \"Aoife O’Brien\" --role secretary --clinic EYE --clinic ENT --generate",
    )  # fmt: skip
    add.add_argument("name", metavar="NAME", help="what they sign in with")
    add.add_argument("--shown", default="", metavar="NAME", help="the name that colleagues read")
    add.add_argument(
        "--role", action="append", required=True, metavar="ROLE", dest="roles",
        help="secretary, clinic-admin, auditor or administrator; may be given several times",
    )  # fmt: skip
    add.add_argument("--clinic", action="append", default=[], metavar="CODE", dest="clinics", help="all, unless given")
    add.add_argument("--generate", action="store_true", help="make a one-time password and print it")
    _config_option(add)
    _config_option(_add(below, "list", "everyone who can sign in", _run_people_list))
    disable = _add(below, "disable", "sign a person out everywhere and let them in no more", _run_people_disable)
    password = _add(
        below, "password", "set a new password, which also opens a locked account", _run_people_password,
        more="The service must be stopped, as for `freagra people add`.",
    )  # fmt: skip
    password.add_argument("--generate", action="store_true", help="make a one-time password and print it")
    for each in (disable, password):
        each.add_argument("name", metavar="NAME")
        _config_option(each)


def _run_people_add(given: argparse.Namespace) -> int:
    from adapters.commands.people import add_person

    return add_person(_config(given), given.name, given.shown, given.roles, given.clinics, generate=given.generate)


def _run_people_list(given: argparse.Namespace) -> int:
    from adapters.commands.people import list_people

    return list_people(_config(given))


def _run_people_disable(given: argparse.Namespace) -> int:
    from adapters.commands.people import disable_person

    return disable_person(_config(given), given.name)


def _run_people_password(given: argparse.Namespace) -> int:
    from adapters.commands.people import set_password

    return set_password(_config(given), given.name, generate=given.generate)


def _backup(commands: Any) -> None:
    parser = _add(
        commands, "backup", "copy the database while the service runs", _run_backup,
        more="The copy is checked before it takes its name. It is of no use without keys.json, which is kept apart. Of "
        "PostgreSQL it is what pg_dump makes (custom format), for pg_restore.",
        examples="  freagra backup /mnt/backup/freagra.sqlite3",
    )  # fmt: skip
    parser.add_argument("target", type=Path, metavar="TARGET", help="the file to write; replaced if it exists")
    _config_option(parser)


def _run_backup(given: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from conversations.backup import backup
    from conversations.database import open_database

    config = _config(given)
    _check_target(given.target, config)
    with open_database(config.database, read_only=True) as database:
        backup(database, given.target, datetime.now(UTC), config.home)
    print(f"{given.target}: {given.target.stat().st_size:,} bytes, checked")
    print(f"It can be read only with {config.key_file}: keep a copy of that file too, in another place.")
    return 0


def _check_target(target: Path, config: Config) -> None:
    """A copy that took the place of a file in use would cost what that file holds. Raises Failure."""
    from sqlalchemy import make_url

    from adapters.commands.output import Failure

    if target.is_dir():
        raise Failure(f"{target} is a folder; name a file in it, such as {target / 'freagra-backup.sqlite3'}", 2)
    if not target.parent.is_dir():
        raise Failure(f"{target}: there is no folder {target.parent}", 2)
    in_use = [Path(make_url(config.database).database or "."), config.key_file, config.access_file]
    if target.resolve() in [path.resolve() for path in in_use]:
        raise Failure(f"{target} is in use by this installation; name another file", 2)


def _simulate(commands: Any) -> None:
    parser = _add(
        commands, "simulate", "what would these rules do? A virtual hospital on a virtual clock", _run_simulate,
        more="The same seed gives the same figures.",
        examples="  freagra simulate --days 30 --patients 500 --seed 7\n"
        "  freagra simulate --days 30 --patients 500 --seed 7 --json my-clinic.yaml",
    )  # fmt: skip
    parser.add_argument(
        "rulesets", nargs="*", metavar="RULESET", help="files or names; all that come with Freagra if none"
    )
    parser.add_argument("--days", type=_whole(1), default=30, help="how long (30)")
    parser.add_argument("--patients", type=_whole(1), default=200, help="how many (200)")
    parser.add_argument("--seed", type=_whole(0), default=1, help="another seed, another hospital (1)")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")


def _run_simulate(given: argparse.Namespace) -> int:
    from adapters.commands.rulefile import find
    from adapters.simulate import simulate_command

    rulesets = [find(name) for name in given.rulesets]
    return simulate_command(given.days, given.patients, given.seed, rulesets, given.json)
