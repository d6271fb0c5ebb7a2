"""When patients would come, read from their words. Each line: the words, and what is read in them as `shape` writes it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.availability import read_preferences
from engine.loader import load
from engine.preferences import Period, Preferences, Window, from_json, summary, to_json

# The reply came on a Wednesday; the appointment is on the Thursday of the week after.
TODAY = date(2026, 6, 10)
START = datetime(2026, 6, 18, 10, 0)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

ENGLISH = (
    ("not Fridays", "-fri"),
    ("any morning after 10", "+morning 10:00-"),
    ("week of the 9th", "+06/07..12/07"),
    ("after school", "+after school"),
    ("17/12", "+17/12"),
    ("the 21st", "+21/06"),
    ("June 27", "+27/06"),
    ("next week", "+15/06..21/06"),
    ("not next week, the week after", "+22/06..28/06; -15/06..21/06"),
    ("in July", "+01/07..31/07"),
    ("not until September", "+01/09.."),
    ("end of the month", "+21/06..30/06"),
    ("after the 25th", "+26/06.."),
    ("before Christmas", "+..24/12"),
    ("in a fortnight", "+22/06..28/06"),
    ("away until the 2nd", "+03/07.."),
    ("back on 3 July", "+03/07.."),
    ("any day bar Wednesday", "-wed; any_day"),
    ("Mon-Wed", "+mon,tue,wed"),
    ("weekdays only", "+mon,tue,wed,thu,fri"),
    ("during the school holidays", "+'school holidays'"),
    ("Mondays or Tuesdays, after 2, not before 25 June", "+mon,tue 14:00- 25/06.."),
    ("after 10", "+10:00-"),
    ("before 2", "+-14:00"),
    ("between 2 and 4", "+14:00-16:00"),
    ("10 or 11", "+@10:00,@11:00"),
    ("any time after half two", "+14:30-"),
    ("can i come at 2 instead", "+@14:00"),
    ("could I switch to Friday", "+fri"),
    ("Reschedule. On hols 15-28 June", "-15/06..28/06"),
    ("june 20 isnt good 4 me", "-20/06"),
    ("kids have something else and communion that day", "-18/06"),
    ("mornings are no good for me", "-morning"),
    ("can't do thursday, can do friday", "+fri; -thu"),
    ("can't do thursday, better friday", "+fri; -thu"),
    ("My father passed away, funeral is Thursday, need another date", "-thu"),
    ("please dont cancel i just want a later date", "later"),
    ("Have to cancel the 18th, any other dates?", "-18/06"),
    ("Already booked holidays that week", "-15/06..21/06"),
    ("can I come later in the week", "+19/06..21/06"),
    ("Any chance of a later time?", "later_in_day"),
    ("Monday morning or Tuesday afternoon", "+mon morning; +tue afternoon"),
    ("not Monday, Tuesday or Friday", "-mon,tue,fri"),
    ("not Monday mornings", "-mon morning"),
    ("Fridays I can't", "-fri"),
    ("can't come before 10", "+10:00-"),
    ("not before 10 and not after 3", "+10:00-15:00"),
    (
        "Reminder: Your appointment with Dr. Smith is on June 18 at 10:00 AM. Reply Y to confirm or C to Cancel. R",
        "",
    ),
    ("not next week or the week after", "-15/06..21/06 22/06..28/06"),
    ("Mondays or after 3", "+mon; +15:00-"),
    ("No, Friday please", "+fri"),
    ("No Fridays please", "-fri"),
    ("I cant make Friday can I come Monday", "+mon; -fri"),
    ("cant make it monday instead", ""),
    ("I'm off Fridays", "+fri"),
    ("I work Mondays and Tuesdays", "-mon,tue"),
    ("I work monday to friday 9-5", "-mon,tue,wed,thu,fri 09:00-17:00"),
    ("I finish work at 4", "+16:00-"),
    ("collecting the kids at 2 so after 3", "+15:00-"),
    ("tues or thurs", "+tue,thu"),
    ("Tues. or Thurs. mornings", "+tue,thu morning"),
    ("weds pm", "+wed afternoon"),
    ("mon/tues am", "+mon,tue morning"),
    ("Monday 22nd June after 2", "+14:00- 22/06"),
    ("Monday the 22nd", "+22/06"),
    ("Friday 22nd June", ""),
    ("22/6/26", "+22/06"),
    ("1/2/1956", ""),
    ("any day in July after the 15th", "+16/07..31/07"),
    ("first week of July", "+01/07..07/07"),
    ("early july", "+01/07..10/07"),
    ("mid-august", "+11/08..20/08"),
    ("late in August", "+21/08..31/08"),
    ("Can I have the 23rd or 24th", "+23/06 24/06"),
    ("between the 23rd and the 27th", "+23/06..27/06"),
    ("from the 23rd to the 27th", "+23/06..27/06"),
    ("23rd-27th June", "+23/06..27/06"),
    ("week commencing 29th June", "+29/06..05/07"),
    ("w/c 6th July", "+06/07..12/07"),
    ("week beginning the 6th of July", "+06/07..12/07"),
    ("not the week of the 6th", "-06/07..12/07"),
    ("2 weeks time", "+22/06..28/06"),
    ("in 3 weeks", "+29/06..05/07"),
    ("in about 3 months", "+01/09..30/09"),
    ("for the next 2 weeks I'm away", "+24/06.."),
    ("I'm away for 2 weeks", "+24/06.."),
    ("away till 5th july then any time", "+06/07..; any_time"),
    ("anything but Mondays", "-mon"),
    ("no mornings", "-morning"),
    ("never before 11", "+11:00-"),
    ("no earlier than 11am", "+11:00-"),
    ("no later than 3", "+-15:00"),
    ("10am onwards", "+10:00-"),
    ("half 10 or later", "+10:30-"),
    ("quarter past 2", "+@14:15"),
    ("noon", "+@12:00"),
    ("around lunchtime", "+lunchtime"),
    ("after lunch", "+afternoon"),
    ("after work", "+'after work'"),
    ("evenings or weekends", "+evening; +sat,sun"),
    ("phone appointment please", "phone"),
    ("can it be over the phone", "phone"),
    ("somewhere closer to home", "elsewhere"),
    ("asap", "asap"),
    ("whenever suits ye", "any_time"),
    ("any time", "any_time"),
    ("earlier", "earlier"),
    ("something sooner please", "earlier"),
    ("tomorrow", "+11/06"),
    ("today after 3", "+15:00- 10/06"),
    ("this afternoon", "+afternoon 10/06"),
    ("this Friday", "+12/06"),
    ("next Friday", "+fri"),
    ("not this week", "-10/06..14/06"),
    ("this weekend", "+13/06..14/06"),
    ("the day after tomorrow", "+12/06"),
    ("Good morning, can I come in the afternoon", "+afternoon"),
    ("Morning, could I change to Tuesday", "+tue"),
    ("may I come in May", "+01/05..31/05"),
    ("sometime in march", "+01/03..31/03"),
    ("sat or sun", "+sat,sun"),
    ("Friday no good, Monday ok", "+mon; -fri"),
    ("Friday doesn't suit but Monday does", "+mon; -fri"),
    ("Wednesday or Thursday would suit best", "+wed,thu"),
    ("only Mondays", "+mon"),
    ("Mondays only", "+mon"),
    ("school holidays would be best", "+'school holidays'"),
    ("not during school holidays", "-'school holidays'"),
    ("midterm", "+'midterm'"),
    ("before 25/06", "+..24/06"),
    ("from 1st July onwards", "+01/07.."),
    ("after 1st of July", "+02/07.."),
    ("until 30th June", "+..30/06"),
    ("change from Friday to Monday", "+mon"),
    ("can we move it from 10 to 2", "+@14:00"),
    ("move my Thursday appointment to Monday", "+mon"),
    ("24/7", "any_time"),
    ("10.30", "+@10:30"),
    ("10.05", ""),
    ("after 17:00", "+17:00-"),
    ("at 7", ""),
    ("7pm", "+@19:00"),
    ("2-4", "+14:00-16:00"),
    ("between 10 and 2", "+10:00-14:00"),
    ("1/7 or 2/7", "+01/07 02/07"),
    ("july 2 or 3", "+02/07 03/07"),
    ("2nd July, 3rd July or 9th July", "+02/07 03/07 09/07"),
    ("after christmas", "+27/12.."),
    ("new year", "+01/01"),
    ("before xmas not fridays", "+..24/12; -fri"),
    ("the childminder has let me down for that morning is there any way of getting an afternoon instead", "+afternoon"),
    ("23rd or 24th", "+23/06 24/06"),
    ("I don't want Fridays", "-fri"),
    ("prefer not Mondays", "-mon"),
    ("would prefer a Tuesday", "+tue"),
    ("Do you have anything on Wednesday", "+wed"),
    ("Is there any chance of a Thursday morning", "+thu morning"),
    ("Wednesday 11am", "+wed @11:00"),
    ("Tues 14:30", "+tue @14:30"),
    ("anytime Mon - Thurs", "+mon,tue,wed,thu; any_time"),
    ("any time mon to thurs except tues", "+mon,wed,thu; -tue; any_time"),
    ("Mon, Wed or Fri after 3pm", "+mon,wed,fri 15:00-"),
    ("not mon wed or fri", "-mon,wed,fri"),
    ("Can't do mornings, only after 2pm", "+14:00-; -morning"),
    ("free all day Thursday", "+thu; any_time"),
    ("not able for early mornings", "-morning"),
    ("too early", ""),
    ("too early for me, after 11 please", "+11:00-"),
    ("I mind my grandchildren Mondays and Fridays", "-mon,fri"),
    ("nothing on a Friday please", "-fri"),
    ("I could do the 25th of June at 3pm", "+@15:00 25/06"),
    ("the 30th before 12", "+-12:00 30/06"),
    ("Will be back from Spain 28th June", "+28/06.."),
    ("I am away from 15th to the 28th of June", "-15/06..28/06"),
    ("in hospital until Friday", ""),
    ("after my holidays", ""),
    ("sometime in the week of the 29th", "+29/06..05/07"),
    ("early next week", "+15/06..16/06"),
    ("end of next week", "+18/06..19/06"),
    ("later this month", "+10/06..30/06; later"),
    ("in 10 days", "+20/06"),
    ("after the summer", ""),
    ("June is bad for me, July is better", "+01/07..31/07"),
    ("not june", "-10/06..30/06"),
    ("only in the afternoons", "+afternoon"),
    ("Any day at 4", "+@16:00; any_day"),
    ("would 3.30 be possible", "+@15:30"),
    ("3:15 or 3:45", "+@15:15,@15:45"),
    ("between 9:30 and 11", "+09:30-11:00"),
    ("from 9 til 11", "+09:00-11:00"),
    ("Dr Jones only works Tuesdays", "+tue"),
    ("cancel friday book monday", "+mon; -fri"),
    ("i am at work until 5", "+17:00-"),
    ("not before the 1st of July", "+01/07.."),
    ("not free until after the 5th of July", "+06/07.."),
    ("fri 26", "+26/06"),
    ("Friday the 26th or Monday the 29th", "+26/06 29/06"),
    ("could we do 26/6 or 29/6", "+26/06 29/06"),
    ("week after next", "+22/06..28/06"),
    ("anything the first or second week of July? Mornings are best", "+morning 01/07..07/07 08/07..14/07"),
    ("I'd like to defer until September", "+01/09.."),
    ("Please change to evening because I work", "+evening"),
    ("My mother died on Sunday. Can I get another date please", "-sun"),
    ("cancel this one and make a new one in July", "+01/07..31/07"),
    ("my daughter is having her fifth", ""),
    ("Can't make it unless it's after 12", "+12:00-"),
    ("I can't come any day except Friday", "+fri"),
    ("I'm away except Fridays", "+fri"),
    ("any day except Monday mornings", "-mon morning; any_day"),
    ("not Mondays except mornings", "-mon"),
    ("I've been trying to ring for 2 days", ""),
    ("yes to the first one, the second one no", ""),
    ("the twentieth doesn't suit me", "-20/06"),
    ("no phone appointments please", ""),
    ("I'm in work at that time, any evening slots?", "+evening"),
    ("the following week", "+22/06..28/06"),
    ("any day next week bar tuesday", "+15/06..21/06; -tue"),
    ("next week any morning", "+morning 15/06..21/06"),
    ("This is June Kelly, can I come Tuesday", "+tue"),
    ("sun is shining", ""),
    ("i sat in the waiting room", ""),
)
OTHERS = {
    "ga": (
        ("ní Aoine", "-fri"),
        ("Dé Máirt nó Déardaoin tar éis 2", "+tue,thu 14:00-"),
        ("maidin tar éis 10", "+morning 10:00-"),
        ("17/12", "+17/12"),
        ("tar éis 25 Meitheamh", "+26/06.."),
        ("i mí Iúil", "+01/07..31/07"),
        ("an tseachtain seo chugainn", "+15/06..21/06"),
        ("Dé Luain go Dé Céadaoin", "+mon,tue,wed"),
        ("roimh 12", "+-12:00"),
        ("ní féidir liom Dé Luain", "-mon"),
        ("tráthnóna", "+afternoon"),
        ("17 Iúil ag 15:30", "+@15:30 17/07"),
        ("aon lá seachas Dé Céadaoin", "-wed; any_day"),
        ("níos luaithe", "earlier"),
        ("níos déanaí", "later"),
        ("Dé hAoine, le do thoil", "+fri"),
    ),
    "pl": (
        ("nie pasuje mi, tylko nie piątki, po 15", "+15:00-; -fri"),
        ("nie mogę w czwartek, lepiej piątek", "+fri; -thu"),
        ("nie piątki", "-fri"),
        ("wtorek albo czwartek po 14", "+tue,thu 14:00-"),
        ("rano po 10", "+morning 10:00-"),
        ("17.12", "+17/12"),
        ("po 25 czerwca", "+26/06.."),
        ("w lipcu", "+01/07..31/07"),
        ("w przyszłym tygodniu", "+15/06..21/06"),
        ("od poniedziałku do środy", "+mon,tue,wed"),
        ("nie przed 10", "+10:00-"),
        ("poniedziałki mi nie pasują", "-mon"),
        ("po południu", "+afternoon"),
        ("17 lipca o 15:30", "+@15:30 17/07"),
        ("każdy dzień oprócz środy", "-wed; any_day"),
        ("wcześniej", "earlier"),
        ("później", "later"),
        ("nie mogę w piatek, moge w poniedzialek", "+mon; -fri"),
        ("między 10 a 12", "+10:00-12:00"),
        ("jestem na urlopie do 5 lipca", "+06/07.."),
    ),
    "uk": (
        ("не можу в четвер, краще п'ятниця", "+fri; -thu"),
        ("в четверг не могу, лучше в пятницу утром", "+fri morning; -thu"),
        ("будь-який день, тільки не п'ятниця", "-fri; any_day"),
        ("любой день кроме среды, после 15", "+15:00-; -wed; any_day"),
        ("не п'ятниця", "-fri"),
        ("вівторок або четвер після 14", "+tue,thu 14:00-"),
        ("вранці після 10", "+morning 10:00-"),
        ("17.12", "+17/12"),
        ("після 25 червня", "+26/06.."),
        ("у липні", "+01/07..31/07"),
        ("наступного тижня", "+15/06..21/06"),
        ("з понеділка по середу", "+mon,tue,wed"),
        ("не раніше 10", "+10:00-"),
        ("у понеділок не можу", "-mon"),
        ("після обіду", "+afternoon"),
        ("17 липня о 15:30", "+@15:30 17/07"),
        ("будь-який день крім середи", "-wed; any_day"),
        ("раніше", "earlier"),
        ("пізніше", "later"),
        ("до 12:00", "+-12:00"),
        ("можна в суботу?", "+sat"),
        ("увечері", "+evening"),
    ),
    "ro": (
        ("nu vineri", "-fri"),
        ("marți sau joi după 14", "+tue,thu 14:00-"),
        ("dimineața după ora 10", "+morning 10:00-"),
        ("17.12", "+17/12"),
        ("după 25 iunie", "+26/06.."),
        ("în iulie", "+01/07..31/07"),
        ("săptămâna viitoare", "+15/06..21/06"),
        ("de luni până miercuri", "+mon,tue,wed"),
        ("nu înainte de 10", "+10:00-"),
        ("lunea nu pot", "-mon"),
        ("după-amiaza", "+afternoon"),
        ("17 iulie la 15:30", "+@15:30 17/07"),
        ("orice zi în afară de miercuri", "-wed; any_day"),
        ("mai devreme", "earlier"),
        ("mai târziu", "later"),
        ("nu pot sa vin vineri, pot luni", "+mon; -fri"),
        ("intre 10 si 12", "+10:00-12:00"),
    ),
    "pt": (
        ("não sextas", "-fri"),
        ("terça ou quinta depois das 14", "+tue,thu 14:00-"),
        ("de manhã depois das 10", "+morning 10:00-"),
        ("17/12", "+17/12"),
        ("depois de 25 de junho", "+26/06.."),
        ("em julho", "+01/07..31/07"),
        ("na próxima semana", "+15/06..21/06"),
        ("de segunda a quarta", "+mon,tue,wed"),
        ("não antes das 10", "+10:00-"),
        ("segunda-feira não me dá jeito", "-mon"),
        ("à tarde", "+afternoon"),
        ("17 de julho às 15h30", "+@15:30 17/07"),
        ("qualquer dia menos quarta", "-wed; any_day"),
        ("mais cedo", "earlier"),
        ("mais tarde", "later"),
        ("não posso sexta, posso segunda", "+mon; -fri"),
        ("entre as 10 e as 12", "+10:00-12:00"),
    ),
    "es": (
        ("no viernes", "-fri"),
        ("martes o jueves después de las 2", "+tue,thu 14:00-"),
        ("por la mañana después de las 10", "+morning 10:00-"),
        ("17/12", "+17/12"),
        ("después del 25 de junio", "+26/06.."),
        ("en julio", "+01/07..31/07"),
        ("la próxima semana", "+15/06..21/06"),
        ("de lunes a miércoles", "+mon,tue,wed"),
        ("no antes de las 10", "+10:00-"),
        ("los lunes no puedo", "-mon"),
        ("por la tarde", "+afternoon"),
        ("17 de julio a las 15:30", "+@15:30 17/07"),
        ("cualquier día menos miércoles", "-wed; any_day"),
        ("más temprano", "earlier"),
        ("más tarde", "later"),
        ("no puedo el viernes, puedo el lunes", "+mon; -fri"),
        ("entre las 10 y las 12", "+10:00-12:00"),
        ("la semana del 9", "+06/07..12/07"),
        ("el 21", "+21/06"),
        ("mañana por la mañana", "+morning 11/06"),
    ),
    "fr": (
        ("pas le vendredi", "-fri"),
        ("mardi ou jeudi après 14h", "+tue,thu 14:00-"),
        ("le matin après 10h", "+morning 10:00-"),
        ("17/12", "+17/12"),
        ("après le 25 juin", "+26/06.."),
        ("en juillet", "+01/07..31/07"),
        ("la semaine prochaine", "+15/06..21/06"),
        ("du lundi au mercredi", "+mon,tue,wed"),
        ("pas avant 10h", "+10:00-"),
        ("le lundi je ne peux pas", "-mon"),
        ("l'après-midi", "+afternoon"),
        ("17 juillet à 15h30", "+@15:30 17/07"),
        ("n'importe quel jour sauf mercredi", "-wed; any_day"),
        ("plus tôt", "earlier"),
        ("plus tard", "later"),
        ("je ne peux pas vendredi mais lundi oui", "+mon; -fri"),
        ("entre 10h et 12h", "+10:00-12:00"),
        ("le 21", "+21/06"),
        ("Est-ce possible un autre jour ?", ""),
    ),
    "lt": (
        ("ne penktadienį", "-fri"),
        ("antradienį arba ketvirtadienį po 14", "+tue,thu 14:00-"),
        ("ryte po 10", "+morning 10:00-"),
        ("12-17", "+12:00-17:00"),
        ("po birželio 25", "+26/06.."),
        ("liepos mėnesį", "+01/07..31/07"),
        ("kitą savaitę", "+15/06..21/06"),
        ("nuo pirmadienio iki trečiadienio", "+mon,tue,wed"),
        ("ne anksčiau kaip 10", "+10:00-"),
        ("pirmadieniais netinka", "-mon"),
        ("po pietų", "+afternoon"),
        ("liepos 17 d. 15:30", "+@15:30 17/07"),
        ("bet kuri diena išskyrus trečiadienį", "-wed; any_day"),
        ("anksčiau", "earlier"),
        ("vėliau", "later"),
        ("negaliu penktadienį, galiu pirmadienį", "+mon; -fri"),
        ("tarp 10 ir 12", "+10:00-12:00"),
        ("2026-07-03", "+03/07"),
    ),
    "ar": (
        ("لا الجمعة", "-fri"),
        ("الثلاثاء أو الخميس بعد الساعة 2", "+tue,thu 14:00-"),
        ("صباحا بعد الساعة 10", "+morning 10:00-"),
        ("17/12", "+17/12"),
        ("بعد 25 يونيو", "+26/06.."),
        ("في يوليو", "+01/07..31/07"),
        ("الأسبوع القادم", "+15/06..21/06"),
        ("من الاثنين إلى الأربعاء", "+mon,tue,wed"),
        ("قبل الساعة ١٢", "+-12:00"),
        ("الاثنين لا يناسبني", "-mon"),
        ("بعد الظهر", "+afternoon"),
        ("17 يوليو الساعة 15:30", "+@15:30 17/07"),
        ("أي يوم ما عدا الأربعاء", "-wed; any_day"),
        ("موعد أبكر", "earlier"),
        ("في وقت لاحق", "later"),
        ("والخميس صباحا", "+thu morning"),
        ("الساعة العاشرة", "+@10:00"),
    ),
}


def said(text: str, language: str = "en") -> Preferences:
    return read_preferences(text, language, TODAY, START)


def shape(found: Preferences) -> str:
    """+ what is wanted, - what is not, then what else is: "+mon,tue 14:00- 25/06..; -fri; phone"."""
    windows = [*(f"+{of(each)}" for each in found.wanted), *(f"-{of(each)}" for each in found.unwanted)]
    return "; ".join((*windows, *found.flags))


def of(window: Window) -> str:
    clocks = [at.strftime("%H:%M") if at else "" for at in (window.after, window.before)]
    written = [
        ",".join(DAYS[day] for day in window.days),
        ",".join(window.parts),
        "-".join(clocks) if any(clocks) else "",
        ",".join(f"@{at:%H:%M}" for at in window.at),
        *(span(each) for each in window.dates),
        *(f"'{words}'" for words in window.said),
    ]
    return " ".join(filter(None, written))


def span(period: Period) -> str:
    ends = [day.strftime("%d/%m") if day else "" for day in (period.start, period.end)]
    return ends[0] if period.single else "..".join(ends)


class TestWhatIsRead:
    @pytest.mark.parametrize(("text", "read"), ENGLISH)
    def test_english(self, text: str, read: str) -> None:
        assert shape(said(text)) == read

    @pytest.mark.parametrize(("language", "text", "read"), [(of, *row) for of, rows in OTHERS.items() for row in rows])
    def test_other_languages(self, language: str, text: str, read: str) -> None:
        assert shape(said(text, language)) == read

    @pytest.mark.parametrize(("language", "text", "read"), [(of, *row) for of, rows in OTHERS.items() for row in rows[:3]])
    def test_a_reply_in_another_language_than_the_patients(self, language: str, text: str, read: str) -> None:
        assert shape(said(text, "en")) == read, language

    def test_case_and_accents_change_nothing(self) -> None:
        assert shape(said("NOT FRIDAYS, ANY MORNING AFTER 10")) == "+morning 10:00-; -fri"
        assert shape(said("sroda albo czwartek, nie piatek", "pl")) == "+wed,thu; -fri"

    def test_the_words_are_always_beside(self) -> None:
        assert said("Any Tuesday after 2 \U0001f600").words == ("Any Tuesday after 2 \U0001f600",)
        assert said("blue horse").words == ("blue horse",)
        assert not said("blue horse")

    def test_a_day_of_the_month_is_the_one_nearest_the_appointment_and_not_past(self) -> None:
        assert shape(read_preferences("the 9th", "en", date(2026, 6, 1), START)) == "+09/06"
        assert shape(read_preferences("the 9th", "en", date(2026, 6, 10), START)) == "+09/07"
        assert shape(read_preferences("7 January", "en", TODAY, START)) == "+07/01"
        assert said("7 January").wanted[0].dates[0].start == date(2027, 1, 7)


class TestTheSafetyOfIt:
    @given(st.text(max_size=200), st.sampled_from(("en", *OTHERS, "xx", "")))
    @settings(max_examples=300)
    def test_any_text_has_a_result_that_survives_storing(self, text: str, language: str) -> None:
        found = said(text, language)
        assert from_json(to_json(found)) == found
        assert isinstance(summary(found), str)

    @given(st.lists(st.sampled_from([*(text for text, _ in ENGLISH), "not", "or", ",", "but", "Friday", "after"]), max_size=5))
    @settings(max_examples=300)
    def test_sayings_strung_together_have_a_result_in_the_future(self, sayings: list[str]) -> None:
        found = said(" ".join(sayings))
        assert from_json(to_json(found)) == found
        for window in (*found.wanted, *found.unwanted):
            for period in window.dates:
                assert all(day >= TODAY for day in (period.start, period.end) if day is not None)
                assert period.start is None or period.end is None or period.start <= period.end

    @given(
        st.sampled_from(
            ("no {}", "not {}", "can't do {}", "{} doesn't suit", "never {}", "anything but {}", "{} is no good", "not on {}")
        ),
        st.lists(st.sampled_from(("Monday", "Tuesdays", "weds", "thurs", "Friday")), min_size=1, max_size=3, unique=True),
        st.sampled_from((" or ", ", ", " and ")),
        st.sampled_from(("", ", any morning after 10", ". Any other day", ", week of the 22nd", " please", ", after 3")),
    )
    def test_an_unwanted_day_never_comes_out_wanted(self, saying: str, days: list[str], joiner: str, rest: str) -> None:
        found = said(saying.format(joiner.join(days)) + rest)
        named = {DAYS.index(day[:3].lower()) for day in days}
        assert not any(named & set(window.days) for window in found.wanted)
        assert named <= {day for window in found.unwanted for day in window.days}

    @given(st.dates(date(2026, 1, 1), date(2032, 12, 31)), st.integers(0, 60), st.sampled_from([text for text, _ in ENGLISH]))
    def test_on_any_day_dates_are_never_before_the_reply(self, today: date, ahead: int, text: str) -> None:
        start = datetime.combine(today + timedelta(days=ahead), START.time())
        found = read_preferences(text, "en", today, start)
        assert all(
            day >= today
            for window in (*found.wanted, *found.unwanted)
            for period in window.dates
            for day in (period.start, period.end)
            if day is not None
        )


class TestSeveralReplies:
    def test_a_later_reply_adds(self) -> None:
        both = said("not Fridays").then(said("any morning after 10"))
        assert shape(both) == "+morning 10:00-; -fri"
        assert both.words == ("not Fridays", "any morning after 10")

    def test_a_later_reply_narrows(self) -> None:
        assert shape(said("Fridays").then(said("after 2"))) == "+fri 14:00-"
        assert shape(said("mornings").then(said("Monday or the 23rd"))) == "+mon morning; +morning 23/06"
        assert shape(said("mornings").then(said("after 3"))) == "+morning; +15:00-"

    def test_a_later_reply_takes_back(self) -> None:
        assert shape(said("Monday or Tuesday").then(said("not Mondays"))) == "+tue; -mon"
        assert shape(said("not Mondays").then(said("Monday is fine after all"))) == "+mon"


class TestForStaffAndSystems:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("Mondays or Tuesdays, after 2, not before 25 June", "Mondays or Tuesdays, after 14:00, not before 25 June"),
            ("not Fridays, any morning after 10", "Mornings, after 10:00; not Fridays"),
            ("week of the 22nd", "From 22 to 28 June"),
            ("17/12", "On Thursday 17 December"),
            ("in July", "In July"),
            ("the 23rd or 24th by phone", "On Tuesday 23 June or Wednesday 24 June; by phone"),
            ("Monday morning or Tuesday between 2 and 4", "Mondays, morning; or Tuesdays, between 14:00 and 16:00"),
            ("weekdays after school", "Weekdays, after school"),
        ],
    )
    def test_one_line_for_staff(self, text: str, line: str) -> None:
        assert summary(said(text)) == line

    def test_as_json(self) -> None:
        assert to_json(said("Mondays, mornings after 10, not before 25 June, not Fridays")) == {
            "summary": "Mondays, morning, after 10:00, not before 25 June; not Fridays",
            "requestedPeriod": [{"start": "2026-06-25"}],
            "wanted": [
                {
                    "daysOfWeek": ["mon"],
                    "partOfDay": ["morning"],
                    "availableStartTime": "10:00:00",
                    "availableEndTime": "12:00:00",
                    "period": [{"start": "2026-06-25"}],
                }
            ],
            "unwanted": [{"daysOfWeek": ["fri"]}],
            "flags": [],
            "words": ["Mondays, mornings after 10, not before 25 June, not Fridays"],
        }


class TestTalksInRulesets:
    def test_a_talk_may_say_what_staff_read(self) -> None:
        rules = (Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml").read_text("utf-8")
        assert 'wants: "Tuesdays, after 14:00"' in rules
        loaded = load(rules.replace('wants: "Tuesdays, after 14:00"', "wants: Mondays"), "other.yaml")
        said = [problem.message for problem in loaded.problems]
        assert any("the patient would come: Tuesdays, after 14:00; not: Mondays" in message for message in said)
