from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from adapters import tuning
from adapters.cli import main
from tests import servers, stores

# What runs on SQLite and on PostgreSQL alike: all of tests/conversations but that of which one engine alone has the like.
_ON_EVERY_STORE = ("tests.conversations.", "tests.trials.test_rubbish")
_ON_POSTGRESQL = {"test_leases", "test_moving"}
_ON_SQLITE = {"test_at_rest", "test_backup", "test_database", "test_postgresql", "test_rulesets", "test_vault"}

_WAITING = ("tests/trials/", "tests/deploy/", "tests/adapters/test_relief", "_in_browser")

Run = Callable[..., tuple[int, str, str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the code does now into the files of expected results; look at the difference first",
    )


def pytest_configure(config: pytest.Config) -> None:  # noqa: ARG001  pytest's shape
    tuning.begin()
    if os.environ.get("FREAGRA_TESTS_NEED_SERVERS") and servers.left_out():
        raise pytest.UsageError(servers.left_out())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that mostly wait, for servers, a browser or processes that are killed, begin first, so that none is left at the
    end with nothing beside it."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in _WAITING))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if servers.left_out():
        terminalreporter.write_line(servers.left_out())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store" not in metafunc.fixturenames:
        return
    name = metafunc.module.__name__
    both = name.startswith(_ON_EVERY_STORE) and name.rpartition(".")[2] not in _ON_SQLITE
    both = both and metafunc.definition.get_closest_marker("sqlite") is None
    engines = ["sqlite", "postgresql"] if both and servers.postgres_programs() is not None else ["sqlite"]
    if name.rpartition(".")[2] in _ON_POSTGRESQL:
        engines = ["postgresql"]
    metafunc.parametrize("store", engines, indirect=True, scope="module")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected results are to be written anew."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `freagra` with these arguments: exit code, standard output, standard error."""

    def freagra(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return code, printed.out, printed.err

    return freagra


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """Databases for tests that kill nothing."""
    server = servers.Postgres(*servers.FORGETFUL)
    yield server
    server.close()


@pytest.fixture(scope="module", autouse=True)
def store(request: pytest.FixtureRequest) -> Iterator[stores.Store]:
    """What `stores.store()` is for this module's tests, one engine after the other."""
    if getattr(request, "param", "sqlite") == "sqlite":
        with stores.using(stores.SqliteStore()) as chosen:
            yield chosen
        return
    held = stores.PostgresStore(request.getfixturevalue("postgres"))
    with stores.using(held):
        yield held
    held.close()
