"""Danger and death are heard however they are told, and not where they are only a way of speaking."""

from __future__ import annotations

import pytest

from engine.understanding import label, read
from tests.engine.test_understanding import HANDED_OVER, RULES, meaning


@pytest.mark.parametrize(
    "text",
    [
        "there is blood and it just keeps pouring",
        "he swallowed a whole box of paracetamol",
        "took all of me tablets last night, the whole packet",
        "mam is after falling down the stairs and she's not answering me",
        "the baby hasn't moved since yesterday",
        "one side of my face is after dropping",
        "there's no point in me being alive",
        "he said he'll kill me if I go",
        "I'm going to end it",
        "yes I'll be there but my chest is very tight",
    ],
)
def test_danger_is_heard_in_whatever_order_it_is_told(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "want to do meself in",
        "baby is coming NOW",
        "Yes but im being hurt at home",
        "going to top myself",
        "seizher going on 10 mins now",
        "not able to get a breath",
        "after taking a whole box of my tablets on purpose",
        "the voices want me to do it tonight",
        "im in resus with chest pains",
        "fell off the roof",
        "Yes but he fell down the stairs and hit his head",
        "keep blacking out",
        "found her on the floor",
        "she fainted in the shower",
        "help urgent",
        "cant pass water at all",
        "on blood thinners and banged my head",
        "hes after beating me",
        "my right hand has stopped working, since ten minutes",
        "the smile on him is after slipping",
        "lips are a bad colour and the inhaler is doing nothing",
        "the young lad got into the sleepers, he ate granny's tablets",
        "head hit off the door and he keeps getting sick",
        "scar has burst open, something shiny in it",
        "baby was very lively, nothing since yesterday, no kick",
        "my sugar is 2 and I am shaking and sweating",
        "he put his hands round my neck last night",
        "I smell gas in the kitchen",
    ],
)
def test_signs_of_danger_are_heard_in_a_laymans_words(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "me heart is scalded ringing ye, phone me back",
        "This mailbox is not monitored. If urgent please dial 999.",
        "smothered with a cold, is it ok to come in",
        "fainted when I saw the gas bill",
        "the cat fell off the roof",
        "a smell of gas off him lol",
        "lol I smell gas in the kitchen, who was it",
        "haha the toddler chewed my vape",
        "the kids are into everything",
        "I don't trust myself with directions",
        "driving to the sea for the weekend",
        "my legs are jelly after that match, cannot walk",
    ],
)
def test_the_same_words_to_a_friend_alarm_nobody(text: str) -> None:
    assert meaning(text) != "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "dying to see you",
        "this heat is killing me",
        "in agony after the gym",
        "gasping for a cup of tea",
        "I want to die I'm so hungover",
        "emergency chocolate needed",
        "bleeding the radiators tonight",
        "my phone died",
        "I'm dead on my feet",
        "who died in last night's episode",
        "did you hear Mick Kelly died? funeral is Saturday",
        "sorry to hear your dad passed away",
        "not a surgical emergency",
        "it will hurt more, da",
    ],
)
def test_a_way_of_speaking_alarms_nobody(text: str) -> None:
    assert meaning(text) not in ("urgent", "deceased")


@pytest.mark.parametrize(
    "text",
    ["my father has expired on 5th", "he slipped away on Sunday", "she took her own life in May", "her funeral was on Friday"],
)
def test_a_death_is_heard(text: str) -> None:
    assert meaning(text) == "deceased"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Can't make it, next week?", "reschedule"),
        ("I'm not able to come then but please don't take me off the list", "mixed"),
        ("The bus is off but I can come", "confirm"),
        ("I can come but", "unknown"),
        ("Hi this is not Noel, it's his wife, he'll be attending", "mixed"),
        ("Cant do the 20th for the hen but any other weekend is fine", "unknown"),
    ],
)
def test_what_stands_beside_an_answer_is_weighed(text: str, intent: str) -> None:
    assert meaning(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "two bright red towels full of blood already",
        "her lips have gone grey and she's cold",
        "temp of 39.6 and he had chemo on Monday",
        "the toddler got into my heart tablets",
        "I fell in the yard, can't put weight on the leg at all",
        "the stitches have opened and I'm shivering",
        "pupils are two different sizes since she hit her head",
        "they'd all be happier without me around",
        "the pacemaker is shocking me",
        "adder bit me on the foot",
    ],
)
def test_danger_is_told_by_what_is_wrong_with_what(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "yes, no chest pain since the stent",
        "I haven't had a seizure since Easter",
        "what if I get chest pain before then",
        "I'd a stroke years ago, is that in my file",
        "the cat had a seizure",
        "stuck behind an ambulance",
        "I teach a course on choking that day",
        "is it the stroke unit or the day ward",
        "bleedin raging I missed it",
        "family emergency, can I change it",
    ],
)
def test_danger_that_is_named_and_not_told_alarms_nobody(text: str) -> None:
    assert meaning(text) != "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "had a stroke last year and now my arm is weak again",
        "my dog bit me, blood everywhere",
        "no, I have chest pain",
        "I have chest pain and the appointment is only in June",
    ],
)
def test_danger_of_now_is_heard_whatever_stands_beside_it(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "the battery in the fob is dead",
        "this town is dead",
        "I'm not dead yet, see you then",
        "he has a dead leg from football",
        "the laptop passed away, RIP",
        "a girl died in 1933, forward this",
        "I'm deceased after that test",
    ],
)
def test_only_who_can_be_the_patient_has_died(text: str) -> None:
    assert meaning(text) != "deceased"


@pytest.mark.parametrize(
    "text", ["John Murphy died", "you are texting a dead man", "my husband is dead", "Passed away in May. R.I.P."]
)
def test_a_person_a_name_or_nobody_named_has_died(text: str) -> None:
    assert meaning(text) == "deceased"


@pytest.mark.parametrize(
    "text",
    [
        "he is a dreadful colour and puffing like a train",
        "sweat is rolling off her and her jaw is aching",
        "varicose vein burst and I feel very woozy",
        "talking double dutch since dinner and the arm just flopped",
        "36 weeks, splitting head and seeing sparkles",
        "legs went from under me and now I am seeing two of everything",
        "used the epipen but I am still lightheaded and blotchy",
    ],
)
def test_two_signs_of_different_kinds_alarm_together(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "grey head on that ref lol and him staggering around",
        "he has a grey coat",
        "not dizzy and no blackouts",
        "the numb foot and the sore leg are as always",
        "used to get wheezing and faint a lot years ago",
        "the dog is limp and panting",
    ],
)
def test_one_sign_or_signs_of_long_ago_alarm_nobody(text: str) -> None:
    assert meaning(text) != "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "do I go to casualty or wait for ye, I keep blacking out",
        "is it ok that I have not peed since yesterday",
        "should he be panting like that",
        "is it safe to drive, my arm is dead and my jaw is paining me",
        "should I be worried that he does not know his own name",
    ],
)
def test_one_sign_alarms_where_it_is_asked_what_to_do_about_it(text: str) -> None:
    assert meaning(text) == "urgent"

@pytest.mark.parametrize(
    "text",
    [
        "is it usual for the leg to be twice the size of the other after the hip was done",
        "the tube in her kidney is after falling out and she is shivering",
        "my foot is pointing at the neighbours since the fall, can't put weight on it",
        "is it a side effect that I can't feel my feet at all today",
        "just wondering is it ok that the baby hasn't budged in me since yesterday evening",
        "whole left side went to sleep on me, took a bad turn at mass",
        "left leg is going cold and white below the knee",
        "do I need a tetanus, pitchfork went through my boot and out the other side",
        "scalded my privates with the soup",
        "oxygen concentrator packed in and I am down to the last of the cylinder",
    ],
)
def test_a_part_of_the_body_and_what_has_become_of_it_are_one_sign_some_words_apart(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "my foot is only numb from the cold, see you then",
        "the leg is not numb any more",
        "my ankle is still a bit swollen since the sprain in March, will he look at that",
        "I dropped the good cup and burnt my fingers, ready in ten minutes",
    ],
)
def test_a_part_of_the_body_of_which_little_is_told_alarms_nobody(text: str) -> None:
    assert meaning(text) != "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "is it just that his mouth is hanging to one side since he got up",
        "should I worry that her smile is crooked",
        "my eyes have gone blurry on one side",
    ],
)
def test_what_is_seen_on_a_face_alarms_alone(text: str) -> None:
    assert meaning(text) == "urgent"


def test_three_hints_are_a_sign_where_it_is_asked_what_to_do() -> None:
    assert meaning("should I ring someone or leave it, no spleen since the crash and I am roasting and shaking") == "urgent"
    assert meaning("should I ring someone, I am roasting") != "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "is there a chance of bleeding after the biopsy",
        "will there be bleeding after the polyp is out",
        "I'd have a stroke when I saw what ye charge",
        "thought I was having a heart attack at Christmas, was only wind. See you on the 20th",
        "my husband had a heart attack on Saturday and I am in with him in the Mater",
        "our cat swallowed a needle, at the vets, can I move it",
        "the car is bleeding oil, getting a lift",
        "our midfield was bleeding goals",
        "I can't breathe with the excitement, getting the cast off at last",
        "new chainsaw is savage, took the arm off the big ash in one go",
    ],
)
def test_danger_that_may_be_is_over_is_anothers_or_is_a_saying_alarms_nobody(text: str) -> None:
    assert meaning(text) != "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "is it normal to faint after it",
        "could I get double vision from the drops",
        "should I bring my heart attack letter",
        "do I wait in the waiting room or ring the bell",
        "will my heart be racing after the test",
    ],
)
def test_what_may_happen_to_anybody_is_a_question(text: str) -> None:
    assert meaning(text) == "question"


@pytest.mark.parametrize(
    "text",
    [
        "what are the signs of a stroke to look out for",
        "should I tell him about the overdose I took when I was young",
        "who would I ring if I got a pain in the chest",
        "mother died of a heart attack so I want it checked",
        "thank you for saving my life when I collapsed",
        "no more blackouts since the new tablets",
        "cancel, I'm being treated in Beaumont since the heart attack",
        "no longer need this, the chest pain was only heartburn",
        "can I change it, I had a stroke and can't do mornings",
        "what do I do with my blood thinners, I had a stroke",
        "I was already seen about the chest pain on Monday",
        "is the scan safe for someone that had a stroke",
        "can I park in the ambulance bay",
        "in hospital with a broken hip, could it be put back to August",
    ],
)
def test_danger_that_is_asked_about_or_over_alarms_nobody(text: str) -> None:
    assert meaning(text) != "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "can't breathe since the heart attack",
        "bleeding heavily after the seizure",
        "after the overdose he is not waking",
        "I think I had a stroke",
        "he had a stroke and can't talk",
        "I had the stroke last year and now my arm is gone again",
    ],
)
def test_what_befell_somebody_once_quietens_no_danger_of_now(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "my mother is bringing up mouthfuls of dark blood",
        "he is foaming at the mouth",
        "the child drank the screen wash",
        "I doubled up on the insulin by mistake, double dose",
        "he is up in the attic with a rope",
        "I have made my peace and wrote to the kids",
        "everyone would be better off without me",
        "they took my passport and I am being forced to marry, help",
        "daddy is hurting mammy",
        "the bleed has started again",
        "my chest is killing me since last night",
        "it feels like a fella is standing on my chest",
        "the twins were into my mother's sleeping tablets",
        "my grandson is after swallowing a magnet",
        "pulse 180 lying in bed",
        "the thoughts are back and I don't trust myself on the platform",
        "I keep thinking about driving off the pier",
    ],
)
def test_danger_is_heard_by_the_means_and_by_what_is_seen(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "he did not make it through the night",
        "John popped his clogs in March",
        "she had a massive stroke and we turned off the machine yesterday",
        "his heart gave out in the ambulance",
        "life support was turned off last night",
        "he is resting with his ancestors",
    ],
)
def test_a_death_is_heard_however_gently_it_is_put(text: str) -> None:
    assert meaning(text) == "deceased"


@pytest.mark.parametrize(
    "text",
    [
        "I lost my mother's ring",
        "lost him in the crowd",
        "rest in peace to my social life",
        "she passed her driving test",
        "ye were very good to mam before she died, thanks",
        "is he dead",
        "he's not dead he's just slow to answer",
        "the wife talks to her dead mother",
        "you will be late for your own funeral",
        "it isn't alive any more, that phone",
        "I was still born in the old hospital",
        "half the people on my dad's side have died of it",
        "the neighbours' removal is that evening",
        "is it in the family, my two brothers passed away of the same",
        "my brother was a patient of yours, he died, did anyone ever say it was genetic",
        "they were all dead nice to me the last time",
        "my mother died of it, do I need to be seen sooner",
    ],
)
def test_what_only_sounds_like_a_death_is_none(text: str) -> None:
    assert meaning(text) != "deceased"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes I will be coming, Mam died of it so I want to be looked at", "confirm"),
        ("Y. Sorry for the late reply, we buried my mother", "confirm"),
        ("need another date, my brother is being buried on the 20th", "reschedule"),
        ("her ashes are being interred that morning, any other day please", "reschedule"),
        ("burying my dad that week so will need it moved please", "reschedule"),
    ],
)
def test_who_answers_is_alive_so_another_has_died(text: str, expected: str) -> None:
    assert meaning(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "C my father died",
        "C, our mother passed away on Sunday",
        "R dad died",
        "I confirm the 20th. My late wife used to drive me, she died in May",
        "see you then, it has been hard since mam died",
        "We buried my sister and I haven't the heart for hospitals, cancel that please",
        "My dad died so cancel mine on the 20th and keep the one in August",
        "there is nobody to mind the kids since mam died so I'll leave it, cancel",
        "the night my mother died I never slept and I haven't since",
        "I'd relive the day my grandad died, he was the best of us",
        "Nan passed away and I'm carrying the coffin that morning, I don't know what to do",
        "the removal is that evening and I'm on the choir so I'll hardly get in",
        "Mam died, funeral is Friday",
        "Don't reschedule, he passed away",
        "no need to rebook, he died",
    ],
)
def test_a_death_beside_what_may_be_an_answer_is_for_a_person(text: str) -> None:
    assert meaning(text) in HANDED_OVER


@pytest.mark.parametrize(
    "text",
    [
        "my wife Mary died",
        "our son Liam passed away",
        "my grandson died yesterday",
        "Papa has gone to be with the Lord",
        "RIP my poor mother, she died on the 3rd",
        "he can't come he's dead",
        "C - she has passed away",
        "R I P Tommy, no more doctors for him",
        "cancel please, mum has passed away",
        "ok mam died last week",
        "I'm sorry I didn't ring sooner, my husband died. Please cancel it",
        "he will attend in an urn, he died",
        "it is too late now, she died of it",
        "this is her daughter, mum died yesterday, funeral is on the 20th so obviously she won't be there",
        "ye texted again after she died, does nobody check the list",
        "after a long illness he died on Sunday",
        "Daddy died. He was looking forward to seeing Dr Smith. Thank you for all your care",
        "We lost our mother on the 3rd so please cancel this and any other appointments for her",
        "Tell Dr Smith that Nuala went home to God",
        "Our daughter died. Who do I speak to so that her appointments are taken off?",
        "Mam died. What do I do with her tablets?",
        "Mam's dead. I can't believe ye're still sending these",
        "She is dead six months and I still get these every few weeks, it's cruel",
        "mam won't be able to come, she died on Sunday",
        "dad can't come, he passed away",
        "confirm, he died",
        "leave it as it is, he died",
        "I'm sorry to tell you that my wife died on Friday so she will not be there on the twentieth",
        "Patrick is dead since Easter, take him off your texts",
        "We laid Daddy to rest in February",
        "he is not able to come, he is dead",
    ],
)
def test_who_says_nothing_for_himself_tells_of_the_patient(text: str) -> None:
    assert meaning(text) == "deceased"


@pytest.mark.parametrize(
    "text",
    [
        "this is a work phone",
        "I bought this phone off a fella",
        "I have nothing to do with this hospital",
        "you got the digits wrong",
        "this number was reassigned to me in April",
        "I have no booking with any doctor",
        "whoever this is for it is not me",
    ],
)
def test_a_number_that_changed_hands_is_wrong(text: str) -> None:
    assert meaning(text) == "wrong_number"


@pytest.mark.parametrize("text", ["wrong number in the lotto again", "never heard of that film", "golf is not for me"])
def test_what_only_sounds_like_a_wrong_number_is_none(text: str) -> None:
    assert meaning(text) != "wrong_number"


@pytest.mark.parametrize(
    "text",
    [
        "I have been suicidal for months now",
        "settled on killing myself",
        "he cut his wrists but hes ok now",
        "vomiting blood every evening",
        "recovering from surgery and wound burst open",
        "chest pain on and off since the stent",
        "she is not breathing since this morning, the doctor knows",
    ],
)
def test_no_word_of_long_standing_quietens_the_gravest(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "short of breath since last night",
        "heart going mad, 150 on the watch",
        "my leg is swollen and hot after the flight",
        "bad headache, the worst of my life",
        "seizure this morning lasted 5 minutes",
        "my sugar is 2.1 and I am shaking",
        "collapsed",
        "numb from the waist down and wet myself",
        "R - in the ambulance with crushing chest pain",
        "I'm on the wrong side of the bridge rail. tell Dr Smith sorry",
        "on the way but she has gone grey and I cannot get an answer out of her",
        "wee man's swallied a battery",
        "not coming, swallowed every tablet in the house",
        "no need for Thursday, overdose taken, sorry",
        "won't make it, nut allergy, used 2 epipens already",
    ],
)
def test_what_every_first_aid_leaflet_names_alarms(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    ["cant breathe my nose is blocked", "it hurts to say goodbye", "lost my mam in tesco", "passed away the time with sudoku"],
)
def test_what_borrows_those_words_alarms_nobody(text: str) -> None:
    assert meaning(text) not in ("urgent", "deceased")


@pytest.mark.parametrize("text", ["who do I ring, my husband has collapsed", "am I ok to drive in with chest pain"])
def test_danger_that_is_asked_about_as_of_now_alarms(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "I don't know anybody going and I'd need help with the tickets",
        "that makes sense, don't go too quickly through the lines though",
        "he gets home from his mission in two weeks",
        "it was lashing out, pouring, I don't know how we kept going",
        "there's fish and milk in the fridge, I don't know what else",
        "my friends stayed up talking, I had not fallen for any of it and did not go",
        "O2: get 10 off your next bill, text 50123",
        "the film is R rated, I'd armed myself with popcorn at the beach",
        "the times tables are beyond him and his rank is sinking",
        "I wouldn't want to live in town",
        "we could do something on Saturday",
        "he kept beating me at chess",
        "I passed out the leaflets at the door",
        "you can't speak the language in a year",
        "vampires drink blood and cannot stand the light",
        "give me a minute, I have to go help my sister",
        "the house on the other side is a funny shape",
        "are kids in danger of getting bored",
        "we had to fit all of it in the boot",
        "you can't see the sea, it's blank",
    ],
)
def test_everyday_words_that_stand_about_in_a_text_alarm_nobody(text: str) -> None:
    assert meaning(text) not in ("urgent", "deceased")


@pytest.mark.parametrize(
    "text",
    [
        "I could have died when he said it",
        "she almost died laughing at us",
        "oof, rip. Great effort though",
        "RIP my diet plans",
        "dead serious, it was that long",
        "that gives me dead legs for a week",
        "everyone in the book is dead or alive, nobody says",
        "he is emotionally dead to the lot of it",
        "is it a chronic disease or not",
        "dad says he wants to talk about the apartment so we'll be late",
        "a month has passed and no word",
        "she lives in Glasnevin now",
        "I made the cake as my own creation for her",
        "dead phone battery sorry",
        "Dad is dead against it",
    ],
)
def test_no_one_has_died_in_a_way_of_speaking(text: str) -> None:
    assert meaning(text) not in ("urgent", "deceased")


@pytest.mark.parametrize(
    "text",
    [
        "Patient RIP 14 May",
        "RIP. He went on Friday",
        "his notice is on rip.ie",
        "the person ye text is dead",
        "dead since March, stop writing",
        "this was my late mother's number",
        "he does not need it, she found him dead",
        "Resident Nora Mulqueen RIP",
    ],
)
def test_a_death_is_heard_however_shortly_it_is_told(text: str) -> None:
    assert meaning(text) == "deceased"


@pytest.mark.parametrize(
    "text",
    [
        "is it ok that my wound is open and smelly",
        "should i be worried, cant feel my left arm since lunch",
        "my incision has come apart at one end and i can see something white, is that ok",
        "do i need to come in sooner, my knee is the size of a football and scalding to touch",
        "would you know why my two legs wont move since i woke up",
        "can i get him seen today, he is drooling and his voice is muffled",
        "is it too late to do anything, he drank some of the weed killer an hour ago",
        "who can i ring, my husband has chest pain and is gone grey",
        "who do i tell that i want to end my life",
        "where do i go i cant breathe",
        "should i tell the doctor i am having chest pain right now",
        "was that a seizure, he shook all over and bit his tongue",
        "should the drain be full of bright red blood",
        "when do i stop cpr",
    ],
)
def test_an_emergency_put_as_a_question_is_one(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "is it normal to be a bit sore after the injection",
        "should I keep taking my blood thinners before the procedure",
        "should I bring my epipen",
        "how long will the drain be in",
        "my stitches are weeping a little, is that ok",
        "is the swelling meant to be gone by the 20th",
        "who do I ring if I get a chest pain at the weekend",
        "would the doctor give me something for the pain in my knee",
        "do I need to fast for the bleeding time test",
    ],
)
def test_what_everybody_asks_is_no_emergency(text: str) -> None:
    assert meaning(text) != "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "her eyes are turned in her head and her colour is shocking",
        "my stitches gave way when I coughed and the insides are showing",
        "granny slid off the chair and one side of her is gone",
        "he's seeing spiders and pulling at his drip",
        "the baby rolled off the bed and has a dent in her head",
        "took two of everything by mistake and the room is going round",
    ],
)
def test_two_signs_of_danger_alarm_though_they_are_of_one_kind(text: str) -> None:
    assert meaning(text) == "urgent"


def test_a_tale_that_holds_words_of_danger_by_the_way_alarms_nobody() -> None:
    tale = "the wizard fainted when the dragon set the castle ablaze and the knights were bleeding all over the carpet"
    assert meaning(tale) != "urgent"
    assert meaning("I fainted on the road this morning and my knee is bleeding all over, neighbours are with me") == "urgent"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("my husband is not rousable, sugar reading LO, pls advise", "urgent"),
        ("been standing on the bridge for a while. dunno who else to text", "urgent"),
        ("I've put my affairs in order and don't intend to be here by then", "urgent"),
        ("copped a whack on the head off the scaffold, been chucking up and cant see straight", "urgent"),
        ("Calf swollen since the flight and now short of breath", "urgent"),
        ("Pt expired on 09/06 in hospice", "deceased"),
        ("Mr. Hollis went home to be with the Lord on Sunday", "deceased"),
        ("My father in law does not live since April", "deceased"),
        ("Baba don die o, since last month", "deceased"),
        ("Mr Bell expired at home on Tuesday", "deceased"),
    ],
)
def test_danger_and_death_are_heard_in_the_english_of_other_places(text: str, intent: str) -> None:
    assert meaning(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "standing on the bridge taking photos",
        "the calf was born last night",
        "my medical card expired on 09/06",
        "he went home to his mother on Sunday",
        "My father does not live here since April",
        "we lost dad at the shops lol",
        "She passed the letter on to me",
        "she is no more in pain",
        "I've put my affairs in order so I can come that day",
        "not breathing a word",
    ],
)
def test_what_only_sounds_like_that_alarms_nobody(text: str) -> None:
    assert meaning(text) not in ("urgent", "deceased")


@pytest.mark.parametrize(
    "text",
    [
        "standing on the bridge now sorry",
        "chainsaw slipped, its my thigh",
        "she is at the foot of the ladder and her ear is leaking",
        "petrol all over his arms and a lighter in his hand now",
    ],
)
def test_words_of_danger_add_up_where_nothing_else_is_clear(text: str) -> None:
    assert meaning(text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "teściowa spadła z drabiny i cieknie jej z ucha"),
        ("pl", "yes but sznur i pistolet mam w szopie"),
        ("uk", "сахар 30, от него пахнет ацетоном и он засыпает"),
        ("ro", "mi-a prins mâna flexul și sângerează, sunt singură"),
        ("pt", "a máquina apanhou-lhe o braço, está a deitar sangue"),
        ("es", "se le ha quedado la mano en la picadora y está pálido"),
        ("fr", "il a la main dans le broyeur, il est tout blanc"),
        ("ga", "thit sé den dréimire agus tá a chluas ag sileadh"),
        ("lt", "supainiojau buteliukus, mažajai daviau savo lašų ir ji suglebus"),
        ("ar", "الشاي المغلي انكب على البنت"),
    ],
)
def test_words_of_danger_add_up_in_every_language(language: str, text: str) -> None:
    assert meaning(text, language) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "czy mam być na czczo do badania krwi?"),
        ("es", "¿la inyección duele? me dan miedo las agujas"),
        ("fr", "le match m'a tué, quelle ambulance ce but"),
        ("ga", "beidh taom croí agam leis an morgáiste seo"),
        ("pt", "tenho de levar os comprimidos para o coração?"),
    ],
)
def test_words_of_danger_in_questions_and_talk_alarm_in_none(language: str, text: str) -> None:
    assert meaning(text, language) not in ("urgent", "deceased")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "heart attack 2015, only a check up"),
        ("pt", "Tive um AVC em 2010 mas já recuperei, confirmo"),
        ("fr", "opéré du cœur en 2009, simple contrôle, je viens"),
        ("ga", "Bhí taom croí agam i 2011 ach táim slán ó shin, beidh mé ann"),
    ],
)
def test_danger_of_a_year_gone_by_is_none(language: str, text: str) -> None:
    assert label(read(RULES, text, language, RULES.example)) != "urgent"


@pytest.mark.parametrize(
    "text", ["stroke in 2019, having another now", "chest pain since 2019, worse today", "chest pain dob 1956"]
)
def test_a_year_beside_what_is_now_hides_nothing(text: str) -> None:
    assert label(read(RULES, text, "en", RULES.example)) == "urgent"


def test_the_points_are_told_with_the_words_that_they_are_for() -> None:
    reading = read(RULES, "standing on the bridge now sorry", "en")
    assert reading.rule == "points"
    assert reading.why == 'Nothing else is clear, and "standing", "bridge", "now" together make 5 points of danger.'


def test_a_few_points_alarm_nobody_but_are_told() -> None:
    reading = read(RULES, "ambulance to 14 Elm Park Clonmel", "en")
    assert (reading.intent, reading.rule) == ("unknown", "points")
    assert reading.why == 'Nothing else is clear, and "ambulance", "#" together make 3 points of danger.'


@pytest.mark.parametrize(
    "text",
    [
        "yes, the bleeding stopped and I'll be there with my leg up",
        "is it my eye or my ear on the 20th",
        "stuck at the lights on the bridge, will be 10 mins late",
        "haha he fell off the chair, blood everywhere in that film",
        "will the ambulance bring mam or do I drive her",
    ],
)
def test_an_answer_or_small_talk_in_such_words_adds_up_to_nothing(text: str) -> None:
    assert meaning(text) != "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [("pl", "dziadek nie żyje od marca"), ("es", "Mi abuelita ya descansa en paz"), ("fr", "on a enterré mamie mardi")],
)
def test_a_death_of_who_may_be_the_patient_or_a_relation_is_given_to_a_person(language: str, text: str) -> None:
    assert read(RULES, text, language).rule == "bereaved"


@pytest.mark.parametrize(
    ("language", "text"),
    [("es", "iré si puedo"), ("es", "Iré si me dan el día libre"), ("fr", "Mais oui bien sûr 🙄"), ("es", "Qué va")],
)
def test_a_yes_under_a_condition_or_with_rolling_eyes_is_none(language: str, text: str) -> None:
    assert meaning(text, language) in HANDED_OVER


def test_a_slang_word_for_what_does_not_suit_is_no_death() -> None:
    assert meaning("jeudi c'est mort pour moi", "fr") in HANDED_OVER
    assert meaning("mon père c'est mort jeudi", "fr") == "deceased"
