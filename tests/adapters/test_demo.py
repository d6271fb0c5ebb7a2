"""The demonstration as its visitor meets it: a process that is started, looked at and acted on over HTTP, and ended."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import httpx
import pytest

from adapters.demo import demo
from adapters.web.demo.clock import DemoClock, opening
from adapters.web.demo.markup import el
from adapters.zone import ZONE

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds that anything may take
_RUN = """
import sys
from pathlib import Path
from adapters.demo import demo
sys.exit(demo(port=0, home=Path(sys.argv[1])))
"""


class Visitor:
    """Someone at the page, without script."""

    def __init__(self, process: subprocess.Popen[str], url: str, home: Path) -> None:
        self.process = process
        self.home = home
        # No idle connections: one that the server closes as we write would fail a test at random.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.client = httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=10, limits=limits)

    def page(self, appointment: str = "") -> str:
        answer = self.client.get("/demo", params={"appointment": appointment} if appointment else {})
        assert answer.status_code == 200
        return answer.text

    def waiting(self) -> list[str]:
        """The appointments of the patients who answer through the visitor alone."""
        group = re.search(r'<optgroup label="Wait for you">(.*?)</optgroup>', self.page(), re.DOTALL)
        assert group is not None
        return re.findall(r'value="([^"]+)"', group[1])

    def do(self, what: str, **form: str) -> httpx.Response:
        return self.client.post(f"/demo/{what}", data=form)

    def until(self, shows: Callable[[str], bool], appointment: str) -> str:
        """The page once it shows what is waited for."""
        end = time.monotonic() + PATIENCE
        while not shows(page := self.page(appointment)):
            assert time.monotonic() < end, f"never came to be; the page at last: {plain(page)}"
            time.sleep(0.1)
        return page

    def reminded(self, appointment: str) -> str:
        """The page once the first reminder lies on the phone."""
        return self.until(lambda page: bool(re.search("Reminder: Your.* delivered", thread(page))), appointment)

    def as_staff(self, act: str, appointment: str, **more: str) -> httpx.Response:
        page = self.page(appointment)
        talk, seen = (re.findall(rf'name="{name}" value="([^"]+)"', page)[-1] for name in ("talk", "seen"))
        return self.do("staff", act=act, appointment=appointment, talk=talk, seen=seen, **more)


def plain(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def part(page: str, tag: str, id: str) -> str:
    found = re.search(rf'<{tag} id="{id}".*?</{tag}>', page, re.DOTALL)
    return plain(found[0]) if found else ""


def thread(page: str) -> str:
    found = re.search(r'<ol id="bubbles-.*?</ol>', page, re.DOTALL)
    return plain(found[0]) if found else ""


def row(page: str, appointment: str) -> str:
    return part(page, "tr", f"row-{appointment}")


def entries(page: str) -> list[str]:
    return [plain(each) for each in re.findall(r'<li id="entry-.*?</li>(?=<li|</ol>)', page, re.DOTALL)]


def demo_time(page: str) -> datetime:
    found = re.search(r'<time id="clock" datetime="([^"]+)"', page)
    assert found is not None
    return datetime.fromisoformat(found[1])


def start(home: Path) -> Visitor:
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(home)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()  # what it is about to do
    line = process.stdout.readline()  # ends, one way or another: the process says that it is ready or dies
    found = re.search(r"http://127\.0\.0\.1:\d+/", line)
    process.stdout.readline()  # how to end it
    if found is None:
        pytest.fail(line + process.communicate()[0])
    return Visitor(process, found[0], home)


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    visitor = start(tmp_path_factory.mktemp("demo") / "home")
    try:
        yield visitor
    finally:
        visitor.client.close()
        visitor.process.kill()
        visitor.process.wait()
        assert visitor.process.stdout is not None
        visitor.process.stdout.close()


def test_a_yes_from_the_page_confirms_in_the_book_and_is_told_in_the_transcript(visitor: Visitor) -> None:
    appointment = visitor.waiting()[0]
    before = entries(visitor.reminded(appointment))
    assert visitor.do("text", appointment=appointment, text="Y").status_code == 200
    # In the book once the hospital's system has taken the write; until then the row tells of Freagra's side alone.
    visitor.until(lambda page: row(page, appointment).split()[-1] == "confirmed", appointment)
    visitor.until(lambda page: "no answer yet" not in row(page, appointment), appointment)
    after = entries(visitor.until(lambda page: "you are confirmed" in thread(page), appointment))
    assert len(after) > len(before)
    assert any("Read as confirm , 100 of 100" in entry and "Normalised y" in entry for entry in after)
    assert any("Freagra texts the patient" in entry and "1 SMS part (GSM-7)" in entry for entry in after)


def test_what_a_patient_types_is_shown_and_never_run(visitor: Visitor) -> None:
    appointment = visitor.waiting()[1]
    visitor.reminded(appointment)
    visitor.do("text", appointment=appointment, text="<script>alert(1)</script> <img src=x onerror=alert(1)>")
    page = visitor.until(lambda page: "we did not understand" in thread(page), appointment)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<script>alert(1)</script>" in thread(page)


def test_a_wish_for_another_time_reaches_the_secretary_who_settles_it(visitor: Visitor) -> None:
    appointment = visitor.waiting()[2]
    visitor.reminded(appointment)
    visitor.do("text", appointment=appointment, text="R")
    visitor.until(lambda page: "Which days" in thread(page), appointment)
    visitor.do("text", appointment=appointment, text="any Tuesday after 2")
    page = visitor.until(lambda page: "reschedule requested" in row(page, appointment), appointment)
    assert "any Tuesday after 2" in plain(page[page.index('id="desk"') :])
    assert "Tuesdays, after 14:00" in plain(page[page.index('id="desk"') :])
    assert "Tuesdays, after 14:00" in plain(page[page.index('class="written"') :].partition("</dl>")[0])
    agreed = (demo_time(page).astimezone(ZONE)).replace(hour=14, minute=30)
    new_day = agreed.date().toordinal() + 14
    value = f"{date.fromordinal(new_day).isoformat()}T14:30"
    assert visitor.as_staff("rescheduled", appointment, start=value).status_code == 200
    page = visitor.until(lambda page: "Your appointment has changed" in thread(page), appointment)
    assert "14:30" in row(page, appointment)


def test_staff_answer_in_their_own_words(visitor: Visitor) -> None:
    appointment = visitor.waiting()[1]
    assert visitor.as_staff("answer", appointment, text="Please ring us on 020 910 0100.").status_code == 200
    page = visitor.until(lambda page: "Please ring us" in thread(page), appointment)
    assert "staff in charge" in plain(page)


def test_the_hospital_calls_it_off_and_the_patient_is_told(visitor: Visitor) -> None:
    appointment = visitor.waiting()[0]
    visitor.reminded(appointment)
    visitor.do("hospital", appointment=appointment, act="cancel")
    page = visitor.until(lambda page: "will not go ahead" in thread(page), appointment)
    assert "cancelled" in row(page, appointment)


def test_the_clock_goes_on_by_an_hour_and_other_patients_answer_meanwhile(visitor: Visitor) -> None:
    appointment = visitor.waiting()[0]
    page = visitor.page(appointment)
    before, answered = demo_time(page), int(part(page, "dd", "count-replies"))
    visitor.do("time", to="hour", appointment=appointment)
    page = visitor.until(lambda page: (demo_time(page) - before).total_seconds() >= 3600, appointment)
    assert (demo_time(page) - before).total_seconds() < 3600 + 2 * PATIENCE
    assert int(part(page, "dd", "count-replies")) > answered


def test_the_live_page_sends_every_part_at_once_and_again_when_it_changes(visitor: Visitor) -> None:
    appointment = visitor.waiting()[1]
    with visitor.client.stream("GET", "/demo/live", params={"appointment": appointment}) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        first = [next(lines) for _ in range(4)]
        assert [name for line in first for name in re.findall(r'^data: {"name":"(\w+)"', line)] == [
            "top", "phone", "book", "talk",
        ]  # fmt: skip
        assert visitor.do("text", appointment=appointment, text="one more thing").status_code == 200
        assert any("one more thing" in next(lines) for _ in range(200))


@pytest.mark.parametrize(
    ("what", "form", "status", "says"),
    [
        ("text", {"appointment": "nobody", "text": "Y"}, 404, "no such appointment"),
        ("text", {"text": "Y"}, 404, "no such appointment"),
        ("text", {"appointment": "APPOINTMENT", "text": "  "}, 422, "from 1 to"),
        ("text", {"appointment": "APPOINTMENT", "text": "x" * 2000}, 422, "from 1 to"),
        ("text", {"appointment": "APPOINTMENT", "text": "x" * 20_000}, 413, "too much"),
        ("hospital", {"appointment": "APPOINTMENT", "act": "burn"}, 422, "no such act"),
        ("hospital", {"appointment": "APPOINTMENT", "act": "move", "start": "soon"}, 422, "not a time"),
        ("hospital", {"appointment": "APPOINTMENT", "act": "move", "start": "2020-01-01T10:00"}, 422, "past"),
        ("staff", {"appointment": "APPOINTMENT", "act": "confirm", "talk": "another"}, 422, "no such"),
        ("time", {"to": "yesterday"}, 422, "next event"),
    ],
)
def test_what_cannot_be_done_is_declined_with_the_reason(
    visitor: Visitor, what: str, form: dict[str, str], status: int, says: str
) -> None:
    appointment = visitor.waiting()[0]
    form = {name: value.replace("APPOINTMENT", appointment) for name, value in form.items()}
    answer = visitor.do(what, **form)
    assert answer.status_code == status
    assert says in answer.text


def test_pages_of_other_sites_can_neither_look_nor_act(visitor: Visitor) -> None:
    assert visitor.client.get("/demo", headers={"host": "example.com"}).status_code == 421
    form = {"to": "hour"}
    assert visitor.client.post("/demo/time", data=form, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_the_console_opens_on_the_desk_of_a_secretary_who_is_signed_in(visitor: Visitor) -> None:
    answer = visitor.client.get("/")
    assert answer.status_code == 200
    assert "The secretary" in plain(answer.text)
    assert "Sign out" in plain(answer.text)
    assert '<a href="/demo">' in answer.text
    for path in ("/people", "/audit", "/health"):
        assert visitor.client.get(path).status_code == 200
    # A page of another site that points its own name at this machine gets no session.
    elsewhere = httpx.get(f"{visitor.client.base_url}health", headers={"host": "example.com"}, trust_env=False)
    assert elsewhere.status_code == 303
    assert elsewhere.headers["location"].startswith("/sign-in")
    assert "set-cookie" not in elsewhere.headers


def test_the_page_asks_nothing_of_anyone_else(visitor: Visitor) -> None:
    answer = visitor.client.get("/demo")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*src=)|<[^>]*\s(?:on\w+|style)=", answer.text)
    own = re.findall(r'(?:src|href|action)="([^"]+)"', answer.text)
    assert own
    assert all(address.startswith(("/", "#")) and not address.startswith("//") for address in own)
    for name in ("demo.css", "demo.js", "icon.svg"):
        served = visitor.client.get(f"/demo/{name}")
        assert served.status_code == 200
        assert "//" not in served.text.replace("http://www.w3.org/2000/svg", "").replace("// ", "")


def test_every_field_has_a_label_and_every_id_is_there_once(visitor: Visitor) -> None:
    page = visitor.page()
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    fields = re.findall(r'<(?:input|select)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', page)
    labelled = re.findall(r'<label[^>]*for="([^"]+)"', page)
    assert fields
    assert set(fields) <= set(labelled)


def test_it_ends_cleanly_on_sigterm_and_keeps_the_home_it_was_given(tmp_path: Path) -> None:
    visitor = start(tmp_path / "home")
    with visitor.client, visitor.client.stream("GET", "/demo/live") as live, visitor.client.stream("GET", "/") as console:
        next(live.iter_lines())  # a page is open
        assert console.read()
        visitor.process.send_signal(signal.SIGTERM)
        said, _ = visitor.process.communicate(timeout=PATIENCE)
    assert visitor.process.returncode == 0
    assert said == ""
    assert (tmp_path / "home" / "freagra.sqlite3").exists()


def test_it_wants_a_free_port_and_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert demo(port=taken.getsockname()[1], home=tmp_path) == 1
    assert "--port" in capsys.readouterr().err
    (tmp_path / "freagra.sqlite3").touch()
    assert demo(port=0, home=tmp_path) == 2
    assert "empty folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("today", "begins"),
    [
        (date(2026, 6, 17), datetime(2026, 6, 23, 9, tzinfo=UTC)),  # summer time
        (date(2026, 11, 23), datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (date(2026, 11, 24), datetime(2026, 12, 1, 10, tzinfo=UTC)),  # a Tuesday: the next one
        (date(2029, 12, 20), datetime(2030, 1, 8, 10, tzinfo=UTC)),  # Christmas and New Year are Tuesdays
    ],
)
def test_it_begins_on_a_tuesday_at_ten_that_is_no_holiday(today: date, begins: datetime) -> None:
    assert opening(today) == begins


def test_the_clock_runs_and_never_goes_back() -> None:
    clock = DemoClock(datetime(2026, 6, 23, 9, tzinfo=UTC))
    later = datetime(2026, 6, 24, 9, tzinfo=UTC)
    clock.set_forward(later)
    clock.set_forward(clock.begins)
    assert later <= clock.now() <= clock.now()


def test_markup_escapes_whatever_is_not_markup() -> None:
    inside = el("b", "<i>", title='"<')
    assert el("p", inside, None, ["&", 1]) == '<p><b title="&quot;&lt;">&lt;i&gt;</b>&amp;1</p>'
