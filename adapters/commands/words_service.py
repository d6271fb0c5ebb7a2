"""The commands for whoever runs the service: what each is called, what it takes and what its help says."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.commands import options

if TYPE_CHECKING:
    from adapters.config import Config


def add_demo(commands: Any) -> None:
    parser = options.add(
        commands, "demo", "everything alive, with a simulated hospital, gateway and patients", _run_demo,
        more="Opens a page where you can be a patient's phone. Nothing leaves this machine.",
        examples="  freagra demo\n  freagra demo --port 9000 --open",
    )  # fmt: skip
    parser.add_argument("--port", type=options.port, default=8080, help="where the page is (8080)")
    parser.add_argument(
        "--speed", type=options.speed, default=60.0, help="how many times faster than people the patients answer (60)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="keep its data here; otherwise it is thrown away")


def _run_demo(given: argparse.Namespace) -> int:
    from adapters.demo import demo

    return demo(port=given.port, speed=given.speed, open_browser=given.open, home=given.home)


def add_serve(commands: Any) -> None:
    parser = options.add(
        commands, "serve", "run the service until it is told to stop", _run_serve,
        more="Listens on this machine only, unless the settings say otherwise. docs/freagra.toml shows every setting.",
        examples="  freagra serve\n  freagra serve --config /etc/freagra/freagra.toml\n  freagra serve --role worker",
    )  # fmt: skip
    parser.add_argument(
        "--role", choices=["all", "web", "worker", "sender"], default="all",
        help="what this process does, where several share one PostgreSQL (all)",
    )  # fmt: skip
    options.config_option(parser)
    parser.set_defaults(log_level="INFO")


def _run_serve(given: argparse.Namespace) -> int:
    from adapters.serve import serve

    return serve(options.config(given), given.role)


def add_health(commands: Any) -> None:
    parser = options.add(
        commands, "health", "ask the service on this machine whether it is well", _run_health,
        more="Exit code 1 where it is not.",
        examples="  freagra health\n  freagra health --ready",
    )  # fmt: skip
    parser.add_argument("--ready", action="store_true", help="not only alive: its store and all its loops in working order")
    options.config_option(parser)


def _run_health(given: argparse.Namespace) -> int:
    from adapters.commands.health import health

    return health(options.config(given), ready=given.ready)


def add_people(commands: Any) -> None:
    parser = options.add(commands, "people", "who can sign in to the console, and as what", None)
    below = parser.add_subparsers(title="commands", metavar="COMMAND")
    add = options.add(
        below, "add", "add a person; the first administrator is made so", _run_people_add,
        more="Asks for a password, or makes a one-time password with --generate. On SQLite the service must be stopped; "
        "while it runs, an administrator adds people on the People page.",
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
    options.config_option(add)
    options.config_option(options.add(below, "list", "everyone who can sign in", _run_people_list))
    disable = options.add(below, "disable", "sign a person out everywhere and let them in no more", _run_people_disable)
    password = options.add(
        below, "password", "set a new password, which also opens a locked account", _run_people_password,
        more="On SQLite the service must be stopped, as for `freagra people add`.",
    )  # fmt: skip
    password.add_argument("--generate", action="store_true", help="make a one-time password and print it")
    for each in (disable, password):
        each.add_argument("name", metavar="NAME")
        options.config_option(each)


def _run_people_add(given: argparse.Namespace) -> int:
    from adapters.commands.people import add_person

    return add_person(options.config(given), given.name, given.shown, given.roles, given.clinics, generate=given.generate)


def _run_people_list(given: argparse.Namespace) -> int:
    from adapters.commands.people import list_people

    return list_people(options.config(given))


def _run_people_disable(given: argparse.Namespace) -> int:
    from adapters.commands.people import disable_person

    return disable_person(options.config(given), given.name)


def _run_people_password(given: argparse.Namespace) -> int:
    from adapters.commands.people import set_password

    return set_password(options.config(given), given.name, generate=given.generate)


def add_init(commands: Any) -> None:
    parser = options.add(
        commands, "init", "make the keys and secrets of a new installation", _run_init,
        more="For services of several processes, which share them; one process alone makes them when it first starts. "
        "Nothing that is there is changed.",
        examples="  freagra init\n  freagra init deploy/secrets",
    )  # fmt: skip
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="where, if not in the configured places")
    options.config_option(parser)


def _run_init(given: argparse.Namespace) -> int:
    from adapters.commands.beginning import init

    return init(options.config(given), given.folder)


def add_migrate(commands: Any) -> None:
    parser = options.add(
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
    options.config_option(parser)


def _run_migrate(given: argparse.Namespace) -> int:
    from adapters.commands.beginning import migrate, move_store
    from adapters.commands.output import Failure

    if bool(given.source) != bool(given.target):
        raise Failure("--from and --to go together", 2)
    return move_store(given.source, given.target) if given.source else migrate(options.config(given))


def add_backup(commands: Any) -> None:
    parser = options.add(
        commands, "backup", "copy the database while the service runs", _run_backup,
        more="The copy is checked before it takes its name. It is of no use without keys.json, which is kept apart. Of "
        "PostgreSQL it is what pg_dump makes (custom format), for pg_restore. The Health page and /metrics tell how old the "
        "last one is; of one that another program made they know by --note.",
        examples="  freagra backup /mnt/backup/freagra.sqlite3\n"
        "  pgbackrest --stanza=freagra backup && freagra backup --note pgbackrest",
    )  # fmt: skip
    made = parser.add_mutually_exclusive_group(required=True)
    made.add_argument("target", type=Path, nargs="?", metavar="TARGET", help="the file to write; replaced if it exists")
    made.add_argument("--note", metavar="NAME", help="make none; note that another program has made one now, under this name")
    options.config_option(parser)


def _run_backup(given: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from conversations.backup import Made, backup, note
    from conversations.database import open_database

    config, now = options.config(given), datetime.now(UTC)
    if given.target is not None:
        _check_target(given.target, config)
    # A SQLite file is the running service's to write in.
    with open_database(config.database, read_only=not config.shared) as database:
        if given.target is None:
            note(database, config.home, Made(now, given.note))
            print(f"noted: {given.note}, {now:%Y-%m-%d %H:%M} UTC")
            return 0
        backup(database, given.target, now, config.home)
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
