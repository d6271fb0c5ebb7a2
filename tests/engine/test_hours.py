from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hours import NeverOpens, add_open, due, is_open, local_day, next_open, resolve
from engine.ruleset import Hours, Moment, WeekHours

DUBLIN = ZoneInfo("Europe/Dublin")
STAFFED = WeekHours((((time(8, 30), time(17)),),) * 5 + ((), ()))
SENDING = WeekHours((((time(9), time(13)), (time(14), time(20))),) * 5 + (((time(10), time(17)),), ()))
ALWAYS = WeekHours((((time(0), time.max),),) * 7)
NEVER = WeekHours(((),) * 7)
HOURS = Hours("Europe/Dublin", SENDING, STAFFED, "IE")

instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
spans = st.lists(
    st.times().map(lambda at: at.replace(microsecond=0)), min_size=0, max_size=4, unique=True
).map(lambda times: tuple(zip(*[iter(sorted(times))] * 2, strict=False)))  # fmt: skip
weeks = st.tuples(*[spans] * 7).map(WeekHours)
zones = st.sampled_from(["Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC"])


def dublin(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=DUBLIN, fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


class TestIsOpen:
    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            (dublin(2026, 6, 3, 8, 29), False),
            (dublin(2026, 6, 3, 8, 30), True),
            (dublin(2026, 6, 3, 16, 59), True),
            (dublin(2026, 6, 3, 17, 0), False),  # the minute of closing is closed
            (dublin(2026, 6, 6, 12, 0), False),  # Saturday
            (dublin(2026, 6, 1, 12, 0), False),  # June bank holiday
            (dublin(2026, 2, 2, 12, 0), False),  # Saint Brigid's Day
            (datetime(2026, 3, 27, 8, 30, tzinfo=UTC), True),  # winter: 08:30
            (datetime(2026, 3, 30, 7, 30, tzinfo=UTC), True),  # summer: 08:30
        ],
    )
    def test_known_times(self, at: datetime, expected: bool) -> None:
        assert is_open(HOURS, STAFFED, at) is expected

    def test_any_zone_will_do_but_none_will_not(self) -> None:
        in_new_york = datetime(2026, 6, 3, 5, 0, tzinfo=timezone(timedelta(hours=-4)))
        assert is_open(HOURS, STAFFED, in_new_york)
        with pytest.raises(ValueError, match="time zone"):
            is_open(HOURS, STAFFED, datetime(2026, 6, 3, 10, 0))

    @given(zones, weeks, instants)
    def test_agrees_with_the_clock_on_the_wall(self, zone: str, week: WeekHours, at: datetime) -> None:
        local = at.astimezone(ZoneInfo(zone))
        changes = {(local + timedelta(hours=h)).utcoffset() for h in (-3, 0, 3)}
        if len(changes) > 1:
            return  # around a change of the clock, see the tests that name one
        clock = local.time()
        expected = any(opens <= clock < closes for opens, closes in week.days[local.weekday()])
        assert is_open(Hours(zone, week, week), week, at) is expected


class TestNextOpen:
    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            (dublin(2026, 6, 3, 12, 0), dublin(2026, 6, 3, 12, 0)),
            (dublin(2026, 6, 3, 13, 0), dublin(2026, 6, 3, 14, 0)),  # over lunch
            (dublin(2026, 6, 3, 20, 0), dublin(2026, 6, 4, 9, 0)),
            (dublin(2026, 6, 6, 17, 0), dublin(2026, 6, 8, 9, 0)),  # Saturday evening
            (dublin(2026, 5, 30, 18, 0), dublin(2026, 6, 2, 9, 0)),  # over a long weekend
            (dublin(2026, 12, 24, 21, 0), dublin(2026, 12, 28, 9, 0)),  # Christmas
            (dublin(2026, 3, 28, 17, 0), dublin(2026, 3, 30, 9, 0)),  # the clock goes forward on the Sunday
        ],
    )
    def test_known_times(self, at: datetime, expected: datetime) -> None:
        assert next_open(HOURS, SENDING, at) == expected
        assert next_open(HOURS, SENDING, at).tzinfo is UTC

    def test_hours_that_never_open(self) -> None:
        with pytest.raises(NeverOpens):
            next_open(HOURS, NEVER, dublin(2026, 6, 3, 12, 0))

    def test_a_day_that_is_always_a_holiday(self) -> None:
        # Only Mondays, and asked over a holiday Monday.
        mondays = WeekHours((((time(9), time(10)),),) + ((),) * 6)
        assert next_open(HOURS, mondays, dublin(2026, 5, 26, 0, 0)) == dublin(2026, 6, 8, 9, 0)

    @given(zones, weeks, instants)
    def test_is_open_and_the_first(self, zone: str, week: WeekHours, at: datetime) -> None:
        hours = Hours(zone, week, week, "IE")
        try:
            opens = next_open(hours, week, at)
        except NeverOpens:
            assert not any(is_open(hours, week, at + timedelta(hours=h)) for h in range(24 * 14))
            return
        assert opens >= at
        assert is_open(hours, week, opens)
        if opens > at:
            assert not is_open(hours, week, opens - timedelta(microseconds=1))
            wait = opens - at
            assert not any(is_open(hours, week, at + wait * part / 16) for part in range(16))


class TestAddOpen:
    @pytest.mark.parametrize(
        ("at", "hours", "expected"),
        [
            (dublin(2026, 6, 3, 9, 0), 4, dublin(2026, 6, 3, 13, 0)),
            (dublin(2026, 6, 3, 16, 0), 4, dublin(2026, 6, 4, 11, 30)),
            (dublin(2026, 6, 5, 16, 0), 2, dublin(2026, 6, 8, 9, 30)),  # over a weekend
            (dublin(2026, 6, 6, 3, 0), 1, dublin(2026, 6, 8, 9, 30)),  # asked while closed
            (dublin(2026, 6, 3, 16, 0), 1, dublin(2026, 6, 3, 17, 0)),  # used up at closing: due at closing
            (dublin(2026, 6, 3, 17, 0), 0, dublin(2026, 6, 4, 8, 30)),
            (dublin(2026, 3, 27, 16, 0), 2, dublin(2026, 3, 30, 9, 30)),  # over the change to summer time
            (dublin(2026, 6, 3, 8, 30), 85, dublin(2026, 6, 16, 17, 0)),  # ten days of work
        ],
    )
    def test_known_times(self, at: datetime, hours: int, expected: datetime) -> None:
        assert add_open(HOURS, STAFFED, at, timedelta(hours=hours)) == expected

    def test_round_the_clock_is_plain_addition_without_seams_at_midnight(self) -> None:
        at = dublin(2026, 3, 27, 12, 0)
        hours = Hours("Europe/Dublin", ALWAYS, ALWAYS)
        assert add_open(hours, ALWAYS, at, timedelta(days=4)) == at + timedelta(days=4)

    def test_hours_that_never_open_and_negative_time(self) -> None:
        with pytest.raises(NeverOpens):
            add_open(HOURS, NEVER, dublin(2026, 6, 3, 12, 0), timedelta(hours=1))
        with pytest.raises(ValueError, match="negative"):
            add_open(HOURS, STAFFED, dublin(2026, 6, 3, 12, 0), timedelta(hours=-1))

    @given(instants, st.integers(1, 6 * 24 * 60), st.integers(1, 24 * 60), st.integers(0, 24 * 60))
    def test_never_earlier_for_later_or_for_more(self, at: datetime, minutes: int, more: int, later: int) -> None:
        duration = timedelta(minutes=minutes)
        due = add_open(HOURS, STAFFED, at, duration)
        assert due >= at + duration
        assert add_open(HOURS, STAFFED, at, duration + timedelta(minutes=more)) >= due + timedelta(minutes=more)
        assert add_open(HOURS, STAFFED, at + timedelta(minutes=later), duration) >= due

    @given(instants, st.integers(1, 3000), st.integers(1, 3000))
    def test_two_waits_are_one_wait(self, at: datetime, first: int, second: int) -> None:
        one, two = timedelta(minutes=first), timedelta(minutes=second)
        between = add_open(HOURS, STAFFED, at, one)
        assert add_open(HOURS, STAFFED, between, two) == add_open(HOURS, STAFFED, at, one + two)


class TestClockChanges:
    WEE_HOURS = WeekHours((((time(1, 30), time(2, 30)),),) * 7)

    def test_an_opening_in_the_skipped_hour_is_when_the_clock_goes_on(self) -> None:
        hours = Hours("Europe/Dublin", self.WEE_HOURS, self.WEE_HOURS)
        # 29 March 2026: 01:00 becomes 02:00 at 01:00 UTC, so 01:30 to 02:30 is half an hour.
        before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
        assert next_open(hours, self.WEE_HOURS, before) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
        assert not is_open(hours, self.WEE_HOURS, datetime(2026, 3, 29, 1, 30, tzinfo=UTC))

    def test_an_opening_in_the_repeated_hour_is_its_first_time(self) -> None:
        hours = Hours("Europe/Dublin", self.WEE_HOURS, self.WEE_HOURS)
        # 25 October 2026: 02:00 becomes 01:00 at 01:00 UTC.
        before = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
        assert next_open(hours, self.WEE_HOURS, before) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    def test_a_span_wholly_inside_the_skipped_hour_does_not_open(self) -> None:
        week = WeekHours((((time(1, 15), time(1, 45)),),) * 7)
        hours = Hours("Europe/Dublin", week, week)
        assert next_open(hours, week, dublin(2026, 3, 29, 0, 30)) == dublin(2026, 3, 30, 1, 15)


class TestResolve:
    @pytest.mark.parametrize(
        ("moment", "start", "expected"),
        [
            (Moment(days=-10), dublin(2026, 6, 20, 10, 0), dublin(2026, 6, 10, 10, 0)),
            # Whole days keep the wall clock over both changes.
            (Moment(days=-3), dublin(2026, 3, 30, 10, 0), dublin(2026, 3, 27, 10, 0)),
            (Moment(days=-3), dublin(2026, 10, 26, 10, 0), dublin(2026, 10, 23, 10, 0)),
            (Moment(days=1), dublin(2026, 10, 24, 10, 0), dublin(2026, 10, 25, 10, 0)),
            # Hours are elapsed time.
            (Moment(offset=timedelta(hours=-24)), dublin(2026, 3, 29, 10, 0), dublin(2026, 3, 28, 9, 0)),
            (Moment(offset=timedelta(hours=1)), dublin(2026, 10, 25, 1, 30), dublin(2026, 10, 25, 1, 30, fold=1)),
            (Moment(days=-1, at=time(18)), dublin(2026, 6, 20, 10, 0), dublin(2026, 6, 19, 18, 0)),
            (Moment(at=time(8)), dublin(2026, 6, 20, 10, 0), dublin(2026, 6, 20, 8, 0)),
            # 01:30 is skipped on 29 March 2026 and comes twice on 25 October.
            (Moment(days=-1), dublin(2026, 3, 30, 1, 30), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
            (Moment(days=-1, at=time(1, 30)), dublin(2026, 10, 26, 9, 0), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
            # The local day counts: 00:30 on 1 July is still June in UTC.
            (Moment(days=-1, at=time(9)), datetime(2026, 6, 30, 23, 30, tzinfo=UTC), dublin(2026, 6, 30, 9, 0)),
        ],
    )
    def test_known_moments(self, moment: Moment, start: datetime, expected: datetime) -> None:
        assert resolve(moment, start, "Europe/Dublin") == expected

    def test_a_half_hour_gap_elsewhere(self) -> None:
        # Lord Howe Island moves by half an hour: 02:00 becomes 02:30 on 4 October 2026, at 15:30 UTC the day before.
        start = datetime(2026, 10, 5, 2, 15, tzinfo=ZoneInfo("Australia/Lord_Howe"))
        assert resolve(Moment(days=-1), start, "Australia/Lord_Howe") == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)

    @given(zones, instants, st.integers(-400, 400))
    def test_the_wall_clock_stays_where_it_exists(self, zone: str, start: datetime, days: int) -> None:
        start = start.replace(microsecond=0)
        local = start.astimezone(ZoneInfo(zone))
        found = resolve(Moment(days=days), start, zone) if days else start
        wanted = datetime.combine(local.date() + timedelta(days=days), local.time(), ZoneInfo(zone))
        exists = wanted.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wanted.replace(tzinfo=None)
        if exists:
            assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wanted.replace(tzinfo=None)
        else:
            assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) > wanted.replace(tzinfo=None)


class TestDue:
    @pytest.mark.parametrize(
        ("at", "duration", "expected"),
        [
            (dublin(2026, 6, 3, 11), timedelta(days=1), dublin(2026, 6, 4, 11)),
            (dublin(2026, 6, 5, 16), timedelta(days=1), dublin(2026, 6, 8, 16)),  # Friday to Monday
            (dublin(2026, 5, 29, 16), timedelta(days=1), dublin(2026, 6, 2, 16)),  # over the June bank holiday
            (dublin(2026, 6, 6, 12), timedelta(days=1), dublin(2026, 6, 9, 8, 30)),  # Saturday counts from Monday
            (dublin(2026, 6, 3, 16), timedelta(hours=4), dublin(2026, 6, 4, 11, 30)),  # what is left of the day, then on
            (dublin(2026, 6, 3, 11), timedelta(days=2, hours=1), dublin(2026, 6, 5, 12)),
            (dublin(2026, 3, 27, 11), timedelta(days=1), dublin(2026, 3, 30, 11)),  # the clock changes between
        ],
    )
    def test_a_day_is_a_working_day(self, at: datetime, duration: timedelta, expected: datetime) -> None:
        assert due(HOURS, at, duration) == expected

    def test_hours_that_never_open_are_said_so(self) -> None:
        with pytest.raises(NeverOpens):
            due(Hours("Europe/Dublin", SENDING, NEVER, "IE"), dublin(2026, 6, 3, 11), timedelta(days=1))


def test_the_local_day_is_that_of_the_clinic() -> None:
    assert local_day("Europe/Dublin", datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == date(2026, 7, 1)
    assert local_day("Europe/Dublin", datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("country", "day"),
    [
        ("IE", date(2026, 3, 17)), ("GB", date(2026, 5, 25)), ("FR", date(2026, 7, 14)), ("GG", date(2026, 5, 9)),
        ("PR", date(2026, 7, 4)),  # of the United States, whose holidays it has beside its own
        ("AX", date(2026, 12, 6)),  # and of Finland
    ],
)  # fmt: skip
def test_every_country_keeps_its_own_holidays(country: str, day: date) -> None:
    hours = Hours("UTC", ALWAYS, ALWAYS, country)
    assert not is_open(hours, ALWAYS, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    assert is_open(hours, ALWAYS, datetime(2026, 3, 18, 12, tzinfo=UTC))
