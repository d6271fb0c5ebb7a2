"""The `freagra` command: `adapters/commands/words.py` says what there is, the files beside it do it.

Exit codes: 0 done, 1 a check failed or something could not be done, 2 wrong use (arguments, configuration, a file that
is not there), 130 stopped with Ctrl-C, 141 nobody reads what it prints. Faults are told in plain words on standard error,
never as a traceback, unless FREAGRA_DEBUG is set.
"""

from __future__ import annotations

import os
import sys
import traceback

from adapters.commands.output import Failure, piped
from adapters.commands.words import parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    return piped(lambda: _run(argv))


def _run(argv: list[str] | None) -> int:
    try:
        given = parser().parse_args(argv)
    except SystemExit as leaving:  # argparse has said why
        return _code(leaving)
    if given.run is None:
        given.parser.print_help()
        return 2
    if argv is None:  # we are the program, and its logs are ours
        from adapters import tuning
        from adapters.logs import configure_logging

        tuning.begin()
        configure_logging(given.log_level)
    try:
        return int(given.run(given))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        raise
    except SystemExit as leaving:
        return _code(leaving)
    except Exception as fault:  # noqa: BLE001 - a person at a terminal gets words, whatever happened
        return _told(fault)


def _code(leaving: SystemExit) -> int:
    return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)


def _told(fault: Exception) -> int:
    """Say what went wrong; the exit code."""
    import sqlalchemy as sa

    from adapters.bootstrap import RulesBroken
    from adapters.commands.rulefile import show_problems
    from adapters.config import ConfigError
    from conversations.backup import BackupFailed
    from conversations.database import DatabaseInUse, DatabaseUnfit
    from conversations.errors import FreagraError
    from conversations.vault import KeyErased, KeyFileError, SealBroken
    from conversations.writer import StoreAway

    if os.environ.get("FREAGRA_DEBUG"):
        traceback.print_exception(fault)
    code, words = 1, str(fault)
    match fault:
        case Failure():
            code = fault.code
        case ConfigError():
            code = 2
        case RulesBroken():
            for loaded in fault.loaded:
                show_problems(loaded)
            words = "these rules are not put in force; mend the errors above first"
        case sa.exc.DBAPIError():
            words = f"the database cannot be used: {fault.orig}"
        case FreagraError() | StoreAway() | KeyErased() | SealBroken() | KeyFileError():
            pass
        case BackupFailed() | DatabaseInUse() | DatabaseUnfit():
            pass
        case OSError():
            words = f"{fault.filename or 'the system'}: {fault.strerror or fault}"
        case _:
            # Its words may quote a patient; the place is enough to find the mistake.
            last = traceback.extract_tb(fault.__traceback__)[-1]
            words = (
                f"this should not have happened: {type(fault).__name__} at {last.filename}:{last.lineno}. "
                "Please report it; FREAGRA_DEBUG=1 shows more."
            )
    print(f"freagra: {words}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
