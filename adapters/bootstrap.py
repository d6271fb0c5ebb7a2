"""The one place where the parts are put together: real ones for a hospital, virtual ones for a simulation, fakes in tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from adapters.local import LocalBus, SystemClock
from adapters.relief import ReliefProcess
from conversations import rule_files
from conversations.commits import Commits
from conversations.database import Database, DatabaseUnfit, open_database
from conversations.desk import Desk
from conversations.finding import Finder
from conversations.intake import Intake
from conversations.keeping import match_keys
from conversations.leases import EVERYTHING, LEASE, Leases, troubles
from conversations.moving import half_moved
from conversations.outbox import Bucket, Outbox
from conversations.ports import Bus, Clock, Gateway, PatientSystem, Rate
from conversations.rounds import Rounds
from conversations.rulebook import Rulebook
from conversations.rulesets import shipped
from conversations.schema import instant
from conversations.service import EVERY_DUTY, RULES, Duty, Service
from conversations.vault import Keys, Vault, load_or_make_keys
from conversations.versions import Versions
from conversations.worker import Worker
from conversations.writeback import Writeback
from conversations.writer import Writer
from engine.carrier import Carrier
from engine.loader import Loaded, load
from engine.ruleset import Ruleset

if TYPE_CHECKING:
    from adapters.redis.bus import RedisBus


class RulesBroken(Exception):
    """Rulesets that may not go into force; `loaded` says why, problem by problem."""

    def __init__(self, loaded: Sequence[Loaded]) -> None:
        super().__init__("a ruleset has errors")
        self.loaded = loaded


@dataclass(frozen=True, slots=True)
class House:
    """Everything of one service, wired. `home` is the folder of its keys. `carrier`: the words that the one behind its gateway
    takes for itself, None where that is not known."""

    home: Path
    database: Database
    writer: Writer
    vault: Vault
    rulebook: Rulebook
    gateway: Gateway
    patient_system: PatientSystem
    clock: Clock
    bus: Bus
    intake: Intake
    worker: Worker
    outbox: Outbox
    writeback: Writeback
    desk: Desk
    rounds: Rounds
    service: Service
    carrier: Carrier | None
    versions: Versions
    leases: Leases | None  # of a store that is shared with other processes
    relief: ReliefProcess | None  # of one that is not

    def publish(self, paths: Sequence[Path] = ()) -> list[str]:
        """Put the rulesets of these files in force (those that are shipped, if none is named), and with them those that are
        like one of them; the names of those that changed. All or nothing: raises RulesBroken."""
        return self._put(paths or shipped(), rule_files.put_in_force)

    def take(self, paths: Sequence[Path]) -> list[str]:
        """Take from the files that the settings name what has changed in them (conversations/rule_files.py); the names of the
        rulesets that are in force or out of force by it. All or nothing: raises RulesBroken."""
        with self.database.reader() as connection:
            changed = rule_files.changed(connection, paths)
        return self._put(changed, lambda held, loaded, at: rule_files.take(held, paths, loaded, at))

    def _put(self, paths: Sequence[Path], put: Callable[[Connection, Sequence[Loaded], int], list[str]]) -> list[str]:
        with self.database.reader() as connection:
            loaded = rule_files.load_files(connection, paths, self.carrier)
        _refuse_broken(loaded)
        at = instant(self.clock.now())
        changed = self.writer.submit(lambda held: put(held, loaded, at)).result()
        _refresh(self.database, self.rulebook)
        self.bus.notify(RULES)
        return changed

    def troubles(self) -> list[str]:
        """What staff should know of the whole service, in plain words: work goes on, and something is not as it should be.
        Empty when all is well."""
        with self.database.reader() as connection:
            return sorted({*troubles(connection), *filter(None, [self.bus.trouble])})

    def check_in_force(self) -> None:
        """What is in force was checked when it was published, maybe for another gateway. Raises RulesBroken."""
        rulesets = self.rulebook.in_force()
        _refuse_broken([self._checked(each) for each in rulesets])

    def _checked(self, ruleset: Ruleset) -> Loaded:
        shelf = {ruleset.shared.name: ruleset.shared} if ruleset.shared is not None else {}
        return load(ruleset.source, ruleset.name, rehearse=False, carrier=self.carrier, shelf=shelf)


def _refresh(database: Database, rulebook: Rulebook, worker: Worker | None = None) -> None:
    with database.reader() as connection:
        rulebook.refresh(connection)
    if worker is not None:
        worker.make_ready()


def _rate(gateway: Gateway, clock: Clock, leases: Leases | None, redis_url: str) -> Rate:
    sharers = (lambda: leases.senders) if leases is not None else (lambda: 1)
    alone = Bucket(gateway.segments_per_second, clock, sharers)
    if not redis_url:
        return alone
    from adapters.redis.rate import SharedRate

    return SharedRate(redis_url, gateway.name, gateway.segments_per_second, alone)


def _redis_bus(url: str) -> RedisBus:
    from adapters.redis.bus import RedisBus  # only here: its client is five megabytes, and most hospitals have no Redis

    return RedisBus(url)


def _refuse_broken(loaded: Sequence[Loaded]) -> None:
    broken = [each for each in loaded if not each.ok]
    if broken:
        raise RulesBroken(broken)


@contextmanager
def house(
    *,
    home: Path,
    database_url: str,
    gateway: Gateway,
    patient_system: PatientSystem,
    clock: Clock | None = None,
    bus: Bus | None = None,
    keys: Keys | None = None,
    rng: random.Random | None = None,
    batch: int = 4096,
    carrier: Carrier | None = None,
    second_person: bool = False,
    duties: frozenset[Duty] = EVERY_DUTY,
    shared: bool = False,
    redis_url: str = "",
    lease: timedelta = LEASE,
    relief: bool = False,
) -> Iterator[House]:
    """Open a house on its store, made or migrated as needed, and close it again. `keys` are read from the home's key file,
    which is made at first start, unless given. `second_person`: rules are published by another person than proposed them.
    `shared`: other processes serve from the same store, which is PostgreSQL, and this one does its `duties`; with a
    `redis_url` they tell one another of work. `relief`: on SQLite, while there is a crowd, a process beside this one decides.
    Raises what the store and the key file raise when they are unfit."""
    clock = clock or SystemClock()
    nerves = _redis_bus(redis_url) if redis_url else None
    bus = bus or nerves or LocalBus()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = keys or load_or_make_keys(home / "keys.json")
    vault = Vault(keys)
    with open_database(database_url) as database, ExitStack() as stack:
        database.migrate()
        with database.reader() as connection:
            if begun := half_moved(connection):
                raise DatabaseUnfit(f"a move into this database from {begun} is not finished; run that freagra migrate again")
        with Writer(database) as writer:
            writer.submit(lambda held: match_keys(held, keys.fingerprint, instant(clock.now()))).result()
            rulebook = Rulebook()
            _refresh(database, rulebook)
            intake = Intake(writer, vault, clock, bus)
            works, sends = Duty.WORK in duties, Duty.SEND in duties
            leases = Leases(writer, works=works, sends=sends, lease=lease) if shared else None
            holding = leases.holding if leases is not None else lambda: EVERYTHING
            commits = partial(Commits, writer, vault)
            beside = ReliefProcess(database, commits, keys, gateway.name, batch) if relief else None
            if beside is not None:
                stack.callback(beside.close)
            worker = Worker(database, commits, vault, rulebook, gateway.name, batch=batch, holding=holding, relief=beside)
            rate = _rate(gateway, clock, leases, redis_url)
            outbox = Outbox(database, writer, vault, rulebook, gateway, intake, clock, bus, rng=rng, rate=rate)
            writeback = Writeback(database, writer, vault, patient_system, intake, clock, rng=rng)
            desk = Desk(writer, vault, intake, clock, bus)
            rounds = Rounds(database, writer, vault, intake, clock, bus)
            finder = Finder(database, writer, vault, clock)
            refresh = partial(_refresh, database, rulebook, worker if works else None)
            service = Service(
                worker, outbox, writeback, rounds, finder, clock, bus, duties=duties, leases=leases, refresh=refresh,
                forget=vault.forget,
            )  # fmt: skip
            tell = partial(bus.notify, RULES)
            versions = Versions(database, writer, rulebook, clock, carrier, second_person=second_person, told=tell)
            if nerves is not None:
                nerves.start()
                stack.callback(nerves.close)
            yield House(
                home, database, writer, vault, rulebook, gateway, patient_system, clock, bus, intake, worker, outbox, writeback,
                desk, rounds, service, carrier, versions, leases, beside,
            )


