from __future__ import annotations

from datetime import time, timedelta

import pytest

from engine import spans
from engine.ruleset import Moment


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(hours=24)),
        ("2d", timedelta(days=2)),
        ("90m", timedelta(minutes=90)),
    ],
)
def test_a_length_of_time(written: str, meant: timedelta) -> None:
    assert spans.duration(written) == meant


@pytest.mark.parametrize("written", ["", "15", "m", "1.5h", "2h30m", "-1d", "0m", "15M", "soon", "99999d"])
def test_what_is_no_length_of_time(written: str) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        spans.duration(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("15 minutes", "15m"), ("2 hours", "2h"), ("1 day", "1d"), ("30 mins", "30m"), ("24H", "24h")],
)
def test_a_length_of_time_in_other_words_is_mended(written: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f'did you mean "{meant}"'):
        spans.duration(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10 days before", Moment(days=-10, text="10 days before")),
        ("1 day before", Moment(days=-1, text="1 day before")),
        ("2 weeks before", Moment(days=-14, text="2 weeks before")),
        ("1 hour after", Moment(offset=timedelta(hours=1), text="1 hour after")),
        ("30 minutes before", Moment(offset=timedelta(minutes=-30), text="30 minutes before")),
        ("10 days before at 10:00", Moment(days=-10, at=time(10), text="10 days before at 10:00")),
        ("0 days after at 18:30", Moment(days=0, at=time(18, 30), text="0 days after at 18:30")),
    ],
)
def test_a_moment_counts_from_the_appointment(written: str, meant: Moment) -> None:
    assert spans.moment(written) == meant


@pytest.mark.parametrize(
    "written",
    ["10 days", "before", "10d before", "ten days before", "2 hours before at 10:00", "1 day before at 25:00"],
)
def test_what_is_no_moment(written: str) -> None:
    with pytest.raises(ValueError, match=r"is not a moment|goes with days and weeks"):
        spans.moment(written)


def test_hours_of_a_week() -> None:
    week = spans.week_hours(
        {
            spans.days("mon-fri"): [spans.span("13:00-17:00"), spans.span("09:00-12:30")],
            spans.days("sat"): [spans.span("10:00-24:00")],
        }
    )
    morning, afternoon = (time(9), time(12, 30)), (time(13), time(17))
    assert week.days == (*[(morning, afternoon)] * 5, ((time(10), time.max),), ())


def test_a_span_of_days_may_go_over_sunday() -> None:
    assert spans.days("fri-mon") == (4, 5, 6, 0)


@pytest.mark.parametrize("written", ["17:00-09:00", "09:00-09:00", "09:00", "09:00-25:00", "9-5"])
def test_what_is_no_span_of_hours(written: str) -> None:
    with pytest.raises(ValueError, match=r"is not a span of hours|ends before it begins"):
        spans.span(written)


@pytest.mark.parametrize("written", ["monday", "mon-", "-fri", "mon-friday", ""])
def test_what_is_no_day(written: str) -> None:
    with pytest.raises(ValueError, match="neither a day nor a span of days"):
        spans.days(written)
