"""What may stand beside a yes: a tale leaves it one, a doubt does not, and a "yeah" to something else is none."""

from __future__ import annotations

import pytest

from engine.understanding import label, read
from tests.engine.test_understanding import HANDED_OVER, RULES


def meaning(text: str) -> str:
    return label(read(RULES, text, "en", RULES.example))


@pytest.mark.parametrize(
    "text",
    [
        "Yes I'll be there. Sorry, I couldn't answer, the phone was out of credit",
        "I will be there on the 20th. Didn't see this till now, the battery was dead",
        "Yes mam will be in to ye. I write the texts, she can't see the screen",
        "yes he is coming, I am his wife and I mind the phone for him",
        "We will be there. Her carer is away so I am bringing her myself",
        "Long road from Ballina in the traffic but I'll be up",
        "I confirm for my son Kacper",
        "Sorry I never got the first text. I'm coming",
        "Y. I lost my glasses so excuse the spelling",
        "Hello its Mrs Hickey, I got your letter and your text. I will be in on the 20th thank you",
        "I'll be there, my phone is acting up since Tuesday",
        "Had to get the young lad to read this out to me. Yes I'll be there",
        "yes there period thank you period",
        "Yes please. I haven't slept with the worry but I'll be there",
        "I'll be in. Sorry for not replying to the first one, it went to the spam",
        "Yes I'll be there. The neighbour is driving me so I don't need transport",
        "See you on the 20th, the daughter is minding the house",
        "Dad will be there, he just can't work the texts",
        "Yes he'll be there. I've told him twice, he never listens",
        "I'm coming. It's only down the road",
        "hello yes my father will come, he is not understand the message so i answer",
    ],
)
def test_who_tells_why_the_answer_is_late_or_who_drives_still_comes(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize(
    "text",
    [
        "I'll be there, but I can't get off work till 10",
        "I'll be there but my husband can't",
        "I will come. No lift yet so we'll see",
        "Yes I'll be there, not able to fast though",
        "yes I'd love to but I'm in Spain",
        "Yes, but the childminder is away",
        "I will be there but I don't need it anymore",
        "Y. I rang to cancel",
        "Yes I'll come but I have a cough and a temperature",
        "Yes I rang you about moving it",
        "yes but make it 11",
        "Yes I'll be there. I've been very bad, can't get out of the bed",
        "I'd be there only I've no car",
        "we will come but not on the bus so maybe late",
        "Y for Aoife, hold off on Cian's",
        "Y in the last text was for my brother",
        "confirmed with the dentist this morning, thanks",
        "Sorry I can make it Thursday",
        "Unfortunately i can attend on the 20th",
        "I want be there",
        "My sister will be there. I'm still in two minds",
    ],
)
def test_what_coming_hangs_on_is_no_tale(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "yeah it was grim",
        "yeah she has sciatica",
        "yep there's 40 of them",
        "Yes Adele is the best",
        "yeah they do",
        "haha yes so good",
        "Yeah I remember that",
        "that is so cool",
        "they are lovely",
        "Yes! It was her",
        "I need to go now",
        "just keep it tidy and keep it short",
        "rain is coming",
        "yes the dog is fine",
        "my best friend right there",
        "never mind her, she said she's coming since 5, still in slippers",
        "confirmed, it was a badger",
        "I want to be there so I can hug you and smell your hair",
        "yes I fed the hens",
        "yeah my brother has the flu",
        "Yep, she had hers last month as well",
        "so yeah thats the plan for the weekend",
        "oh good, I was wondering about that",
        "But I'll get there in the end",
        "yes it was, three of them",
        "Yes I do, two cats and a dog",
        "Yeah, I get that",
        "My cousin is going in August",
        "It's going grand for me so far",
        "I'm good thanks, and yourself",
        "that show is class",
        "going back home for the weekend",
        "yeah it's super minty",
        "I'll be there all summer",
        "my roommate is going too",
        "Yeah I see what you mean",
    ],
)
def test_a_yes_to_something_else_confirms_nothing(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "Oh yes I'll be there",
        "Oh sorry, yes",
        "So sorry for the delay, I'm coming",
        "Well I'll be there anyway",
        "Oh that's perfect thank you",
        "I'm good for the 20th",
        "My mam will be there",
        "my friend is driving me, I'll be there",
        "It's a yes",
    ],
)
def test_what_only_begins_like_talk_or_sounds_like_it_is_still_a_yes(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize(
    "text", ["Yes, this is Kevin Brophy", "Y - D Okafor", "yes Mary Tully 04/11/1962", "Yes it's Margaret here"]
)
def test_a_name_signs_a_bare_yes(text: str) -> None:
    assert meaning(text) == "confirm"


def test_the_shifts_that_made_an_answer_late_are_no_reason_against_the_day() -> None:
    assert meaning("sorry for the late reply, I was on nights. yes I'm coming") == "confirm"
    assert meaning("I am on nights that week") == "reschedule"


@pytest.mark.parametrize(
    "text",
    [
        "Yes...my sister Darlene is bringing me",
        "Y sorry only seeing this now was at football with the wee fella",
        "Yep ill have the 3 weans in tow god help yous",
        "Yes sir, I have informed my madam and she has given me the day",
        "Yes please I am waiting for this one long time",
        "Y. (I do dislike being asked to reply in single letters.)",
        "Yes. Grandson is fetching me in his motor",
        "Yes sir. Church van is carrying me",
        "Yes grand, the cows can wait",
        "Y. I don't have college that day",
        "Yes, nervous but I'll be there",
        "No wahala, 10am is okay",
        "Wouldnae miss it",
        "Under no circumstances cancel this",
    ],
)
def test_who_brings_whom_what_waits_at_home_and_what_is_thought_of_texts_leave_a_yes_one(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize(
    "text",
    [
        "Yes my sister might be bringing me",
        "Yes my sister Darlene is the patient",
        "Yes unless my lift lets me down",
        "Yes but that's Tom's",
        "Yes, my husband is bringing me to another hospital that day",
        "Yes my boss won't give me the day",
        "Yes I have no sitter",
        "yeah mum is taking me to the pictures",
        "ok my friend is driving",
        "I'm grand yeah, just in from work",
    ],
)
def test_what_only_begins_like_that_is_asked_about(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize("text", ["Yes, 80% sure", "60/40 yes", "yes, 50-50", "99.9% certain", "fifty fifty on that"])
def test_a_yes_in_part_is_none(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize("text", ["100%", "yes 100%", "110%", "100 percent", "yes 20/6"])
def test_a_whole_yes_and_a_date_are_one(text: str) -> None:
    assert meaning(text) == "confirm"


@pytest.mark.parametrize(
    "text", ["Y. P Gallagher 14/09/48", "Y P Gallagher", "T Murphy yes", "Yes Kevin Daly (14.9.48)", "Y - Rita R."]
)
def test_a_date_of_birth_and_an_initial_sign_an_answer(text: str) -> None:
    assert meaning(text) == "confirm"


def test_a_letter_behind_a_second_name_may_be_the_second_answer() -> None:
    assert meaning("Conor yes, Mary R") in HANDED_OVER
