"""What the languages beside English share: alarms in any order of words, and what their grammar does to an answer."""

from __future__ import annotations

import pytest

from engine.understanding import label, read
from evaluation.__main__ import reminder

RULES = reminder()


def meaning(language: str, text: str) -> str:
    return label(read(RULES, text, language, RULES.example))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "połowa twarzy mi opadła"),
        ("pl", "córka połknęła tabletki"),
        ("uk", "мама впала і не приходить до тями"),
        ("uk", "ребенок посинел и не дышит"),
        ("lt", "išgėriau visą buteliuką tablečių"),
        ("lt", "tėtis nukrito ir nereaguoja"),
        ("ro", "mi-a amorțit partea stângă"),
        ("pt", "tomei um monte de comprimidos"),
        ("es", "se me durmió medio cuerpo"),
        ("es", "mi bebé está morado y no respira"),
        ("fr", "j'ai avalé tous mes cachets"),
        ("fr", "il est tombé et ne se réveille pas"),
        ("ga", "tá leath m'aghaidhe bodhar"),
        ("ga", "thóg mé na táibléid go léir"),
        ("ar", "طاح ومو راضي يصحى"),
        ("ar", "نص وجهي نمل"),
        ("es", "le quedaron los ojos en blanco y no responde"),
        ("pt", "revirou os olhos e está tremendo"),
        ("pt", "pressão muito alta e a vista embaçada"),
        ("fr", "une barre dans la poitrine et des sueurs"),
        ("fr", "elle a le bras tout mou d'un coup"),
        ("pl", "babci oczy uciekły do góry i charczy"),
        ("uk", "боюся, що зроблю щось собі"),
        ("ro", "i-au ieșit ochii peste cap și tremură"),
        ("lt", "tėtis guli ant grindų ir nebereaguoja"),
        ("lt", "baisiausias galvos skausmas ir sprandas sustingęs"),
        ("ga", "níl aon chúis agam maireachtáil"),
        ("ar", "عيونه انقلبت وعم يشخر"),
        ("ar", "ra7 mawwet 7ali"),
        ("es", "mi madre no tiene pulso"),
        ("es", "le bajó la saturación a 80"),
        ("pt", "queimou o rosto com água fervendo"),
        ("pl", "mąż mnie pobił"),
        ("lt", "pusė kūno neklauso"),
        ("pt", "quero sumir deste mundo"),
        ("fr", "je veux disparaître à jamais"),
        ("pl", "mam tabletki w ręce"),
        ("uk", "немає пульсу, він упав"),
        ("ro", "îmi explodează capul și vomit"),
        ("lt", "nebenoriu būti šiame pasaulyje"),
        ("ga", "ag casacht fola ó mhaidin"),
        ("ro", "băiatul a înghițit pastilele bunicii"),
        ("es", "no puedo jalar aire y estoy sudando frío"),
        ("fr", "j'arrive plus à prendre mon souffle et j'ai des sueurs froides"),
        ("ar", "ما في نبض"),
    ],
)
def test_danger_is_seen_in_whatever_order_it_is_told(language: str, text: str) -> None:
    assert meaning(language, text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "mi madre ya descansa en paz, no irá"),
        ("ro", "mama s-a stins ieri, nu mai vine"),
        ("fr", "maman nous a quittés lundi"),
        ("pl", "niestety tata odszedł w marcu"),
    ],
)
def test_a_death_is_seen_though_it_is_said_gently(language: str, text: str) -> None:
    assert meaning(language, text) == "deceased"


def test_who_does_not_come_because_of_a_death_is_the_dead_one_or_the_writer() -> None:
    assert meaning("es", "mi abuela murió, no puedo ir") == "cancel"
    assert meaning("es", "murió mi madre, no irá") == "deceased"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ga", "cuir an píotsa ar ceal"),  # the object stands inside the verb
        ("ga", "tá an cluiche curtha ar ceal, téimis go dtí an pub"),
        ("lt", "atšauk picą"),
        ("uk", "підтверди бронь готелю на суботу"),
        ("ar", "غير موعد الاجتماع للجمعة"),
        ("ro", "soția zice să anulez, mai vedem"),  # left open
        ("uk", "вибачте, я написав скасувати помилково"),  # by mistake
        ("es", "Perdón, puse C por error, sí voy"),
        ("lt", "taip bet 12 val"),
        ("lt", "telefonas mirė, atsiprašau"),
        ("ga", "tá bainis agam an lá sin"),  # "tá" is a yes only where it is all that is said
        ("es", "no hace falta cambiarla?"),
        ("pl", "Te wasze wiadomości mnie męczą, nie chcę ich więcej"),  # the texts are not wanted
        ("ro", "M-am săturat de mesajele voastre, nu le mai vreau"),
        ("pt", "Estou farta das vossas mensagens, não as quero mais"),
        ("pt", "precisa levar os exames"),
        ("pl", "To jest na 10 czy na 14?"),
        ("es", "Mi mamá fue el lunes pasado"),
        ("pt", "aqui é a Juliana"),
        ("lt", "Vis pypsi tos jūsų žinutės, daugiau jų nenoriu"),
        ("ar", "زهقت من رسائلكم، ما بدي ياها"),
        ("en", "Yes see you at 11."),  # the mark at its end is no part of the hour
    ],
)
def test_what_is_not_meant_for_us_or_not_certain_changes_nothing(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "mixed", "question")


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("uk", "Дістали ваші повідомлення, більше їх не хочу", "stop"),
        ("fr", "Marre de vos messages, je n'en veux plus", "stop"),
        ("es", "no me la pierdo por nada", "confirm"),
        ("ar", "ما رح فوّت الموعد", "confirm"),
        ("fr", "c noté", "thanks"),  # "c'est noté", and no key
        ("fr", "c merci", "cancel"),
        ("es", "mi padre se fue el lunes", "deceased"),
        ("pt", "nao vou desmarcar nada, estarei la", "confirm"),  # two negations are one
        ("uk", "ничего отменять не надо, я приду", "confirm"),
        ("fr", "je n'ai pas oublié, je viens", "confirm"),
        ("ga", "ná bíodh imní oraibh, beidh mé ann", "confirm"),
        ("pl", "Nie odwołujcie tylko przesuńcie", "reschedule"),
        ("uk", "Не скасовувати, а перенести", "reschedule"),
        ("ar", "لا تلغوه بس أجلوه", "reschedule"),
        ("pl", "Niestety nie dam rady, poproszę lipiec po 15", "reschedule"),
        ("es", "el 20 no puedo, ¿el 22?", "reschedule"),
        ("ga", "ní féidir liom an 20ú", "reschedule"),
        ("fr", "n'importe quel jour sauf le mercredi", "reschedule"),
        ("es", "Y muchas gracias", "confirm"),  # the key, though "y" is a word
        ("pt", "C obrigado", "cancel"),
        ("lt", "Y ačiū", "confirm"),
        ("ga", "cuir an choinne ar ceal", "cancel"),
        ("fr", "je suis dans la salle d'attente", "running_late"),
        ("en", "I would like this cancelled.", "cancel"),
    ],
)
def test_grammar_does_not_hide_an_answer(language: str, text: str, wanted: str) -> None:
    assert meaning(language, text) == wanted


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "llego en 5 min, pon la cena"),
        ("es", "murió la batería de mi celular"),
        ("es", "anda, me va a dar un infarto con la factura"),
        ("pt", "o coração dói de tanta saudade"),
        ("pt", "morri de vergonha"),
        ("fr", "j'arrive dans 5 min, sors les bières"),
        ("fr", "annule la pizza, Marc est pas dispo"),
        ("fr", "un film sur le suicide"),
        ("pl", "będę za 5 min, wstaw obiad"),
        ("pl", "upał mnie zabija"),
        ("uk", "зараз будемо, став чайник"),
        ("uk", "шеф мене вб'є"),
        ("ro", "ajung în 5 min, pune berea la rece"),
        ("ro", "mă omoară șeful"),
        ("lt", "tuoj būsim, trauk alų"),
        ("lt", "bosas mane užmuš"),
        ("ga", "tá mo ghuthán marbh"),
        ("ar", "واصل بعد 5 دقايق حضر القهوة"),
        ("ar", "هالحر موتني"),
    ],
)
def test_everyday_talk_that_only_sounds_like_an_answer_or_danger_is_left_to_a_person(language: str, text: str) -> None:
    assert meaning(language, text) == "unknown"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "anúlela y me da otra en otoño"),
        ("fr", "annulez et redonnez-moi une date en septembre"),
        ("pt", "desmarca e marca pra setembro"),
        ("pl", "proszę odwołać i dać mi coś na wrzesień"),
        ("uk", "скасуйте і дайте на вересень"),
        ("ro", "anulați și dați-mi alta în septembrie"),
        ("lt", "atšaukit ir duokit rugsėjį"),
        ("ar", "الغوه واعطوني موعد بشهر 9"),
        ("pl", "odwołajcie 20 i dajcie mi najbliższy wolny"),
        ("uk", "скасуйте 20 і дайте найближчий вільний"),
        ("fr", "annulez le 20 et donnez-moi la prochaine place"),
    ],
)
def test_to_cancel_and_be_given_another_is_no_cancellation(language: str, text: str) -> None:
    assert meaning(language, text) != "cancel"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "su entierro fue el jueves, no irá"),
        ("fr", "ses obsèques ont eu lieu jeudi, il ne viendra pas"),
        ("pt", "o enterro dele foi na quinta"),
        ("pl", "pogrzeb był w czwartek, nie przyjdzie"),
        ("uk", "похорон був у четвер, він не прийде"),
        ("ro", "înmormântarea lui a fost joi"),
        ("ga", "bhí an tsochraid Déardaoin, ní bheidh sé ann"),
    ],
)
def test_who_has_been_buried_is_dead_and_who_buries_another_has_a_reason(language: str, text: str) -> None:
    assert meaning(language, text) == "deceased"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "todo el mundo quiere cambiar, yo no"),
        ("pl", "lepiej dla mnie byłoby o 14"),
        ("uk", "краще б для мене було о 14"),
        ("fr", "je saute dans le train et j'arrive"),
        ("ro", "mi-e frică să fac operația"),
        ("es", "necesito ayuda urgente para cambiar la cita"),
        ("fr", "je pense sauter ce rdv"),
        ("ga", "bhuail mé le m'fhear"),
        ("es", "la quimio es el 20, mejor otro día"),
        ("lt", "bijau kad padarysiu klaidą"),
        ("ar", "لا ترسلوا لي رسائل مرة أخرى"),
    ],
)
def test_no_alarm_is_made_of_words_that_only_stand_close_together(language: str, text: str) -> None:
    assert meaning(language, text) != "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "mi madre pregunta si la pueden cambiar"),
        ("pt", "minha mãe quer saber se dá pra mudar"),
        ("pl", "mama pyta czy można przełożyć"),
        ("uk", "мама питає чи можна перенести"),
        ("ro", "mama întreabă dacă se poate muta"),
        ("lt", "mama klausia ar galima perkelti"),
        ("ro", "a băiatului mutați-o, a mea rămâne"),
    ],
)
def test_what_somebody_else_asks_or_one_of_two_has_is_not_acted_on(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "question", "mixed")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "po przebytym udarze mam tę wizytę czy inną?"),
        ("pl", "sąsiadka miała udar dwa lata temu"),
        ("uk", "не маю болю в грудях"),
        ("uk", "рука німіє як завжди вже багато років"),
        ("ro", "care sunt simptomele de infarct?"),
        ("ro", "fiul a avut convulsii în copilărie"),
        ("pt", "depois do enfarte preciso de credencial?"),
        ("pt", "o tio teve um enfarte o ano passado mas já corre"),
        ("es", "vi una película sobre el suicidio"),
        ("es", "en 2019 tuve un derrame"),
        ("fr", "la voisine a fait un AVC il y a deux ans"),
        ("fr", "main engourdie comme d'habitude"),
        ("lt", "kaimynę prieš dvejus metus ištiko insultas"),
        ("lt", "žiūrėjau filmą apie savižudybę"),
        ("ga", "bhí stróc ag an gcomharsa dhá bhliain ó shin"),
        ("ga", "níl pian i mo chliabhrach"),
        ("ar", "جارتي جاها جلطة قبل سنتين"),
        ("ar", "ما عندي الم في الصدر"),
        ("ga", "bhí stróc ag Daideo anuraidh ach tá sé ag rothaíocht arís anois"),
        ("es", "mi tío tuvo un infarto el año pasado pero hoy ya juega al tenis"),
    ],
)
def test_danger_that_is_denied_long_past_or_only_named_alarms_nobody(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "question")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "miałam zawał rok temu i teraz znowu boli w klatce"),
        ("uk", "торік був інсульт, сьогодні знову німіє рука"),
        ("ro", "fetița de 2 ani nu respiră"),
        ("pt", "tive um enfarte há dois anos e hoje dói-me o peito outra vez"),
        ("es", "como siempre, quiero morir"),
        ("fr", "je ne vais pas bien, je veux mourir"),
        ("lt", "jam jau 5 metų, nekvėpuoja"),
        ("ga", "bhí taom croí agam anuraidh agus tá pian i mo chliabhrach arís anois"),
        ("ar", "جاني جلطة السنة الماضية واليوم صدري يوجعني ثاني"),
    ],
)
def test_what_is_past_or_usual_hides_no_danger_of_now(language: str, text: str) -> None:
    assert meaning(language, text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "nie żyję, co za mem"),
        ("uk", "я померла коли побачила ціну"),
        ("ro", "am murit când am văzut prețul"),
        ("es", "muerta de la risa contigo"),
        ("fr", "mdr je suis décédée"),
        ("ga", "tá mé marbh ag gáire"),
    ],
)
def test_who_writes_of_their_own_death_lives(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "question")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "tata dostał zawału i zmarł w nocy"),
        ("pl", "mój mąż nie żyje"),
        ("pl", "maz nie zyje"),
        ("ro", "mama a făcut infarct și a murit"),
        ("es", "a mi madre le dio un ictus y falleció"),
        ("lt", "tėtį ištiko insultas ir jis mirė"),
        ("ga", "níl sé beo níos mó"),
        ("ar", "امي جاها جلطة وماتت"),
    ],
)
def test_a_death_is_one_whatever_it_is_put_down_to(language: str, text: str) -> None:
    assert meaning(language, text) == "deceased"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "mąż zbladł, spocony cały i trzyma się za bark"),
        ("pl", "teściowa leży na podłodze i nie odpowiada"),
        ("uk", "губи розпухли після горіхів, дере горло"),
        ("uk", "батько після падіння зі сходів одна зіниця більша"),
        ("ro", "soțul s-a albit, e transpirat tot și se ține de umăr"),
        ("ro", "am varsat apa clocotita pe cel mic, i se duce pielea de pe burtica"),
        ("pt", "o coração bate desvairado e fico com a vista negra"),
        ("pt", "não consigo urinar desde ontem, a barriga parece um tambor"),
        ("es", "mi suegra está en el suelo y no contesta"),
        ("es", "estoy de 7 meses y pierdo agua con sangre, es normal o llamo a alguien?"),
        ("fr", "mon mari est devenu blanc, en sueur et se tient l'épaule"),
        ("fr", "je vomis noir comme du marc de café"),
        ("lt", "vyras išbalo, visas prakaituoja ir laikosi už peties"),
        ("lt", "staiga nebematau viena akim"),
        ("ga", "d'iompaigh m'fhear bán, allas air agus greim aige ar a ghualainn"),
        ("ar", "زوجي اصفر وجهه ومعرق وماسك كتفه"),
        ("ar", "استفرغ اسود مثل القهوة"),
        ("ar", "jozi 6a7 w ma birod"),
        ("ar", "ma 3ad bedi 3eesh"),
    ],
)
def test_signs_of_danger_are_heard_in_a_laymans_words(language: str, text: str) -> None:
    assert meaning(language, text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "dziecko ma gorączkę i wymiotuje, nie przyjdziemy"),
        ("uk", "болить спина і не можу встати з ліжка, прошу інший день"),
        ("ro", "după operație piciorul e puțin umflat, e normal?"),
        ("pt", "tomei os comprimidos hoje de manhã, tenho de ir em jejum?"),
        ("es", "tomo pastillas para el corazón y diabetes, las dejo?"),
        ("fr", "je suis enceinte de 20 semaines, l'examen est sûr ?"),
        ("lt", "sloguoju ir skauda gerklę, ar galiu ateiti?"),
        ("ga", "thóg mé na piollaí ar maidin, an gá dom bheith ar céalacan?"),
        ("ar", "اخذت الحبوب اليوم الصبح، لازم اكون صايم؟"),
        ("pl", "noga mi zdrętwiała od siedzenia w tej waszej poczekalni"),
        ("es", "se me durmió la pierna de tanto esperar en su sala"),
        ("fr", "j'ai peur de l'opération, ça va faire mal ?"),
        ("lt", "mano aukštas spaudimas, ar gerti tabletes prieš vizitą?"),
        ("ga", "tá eagla orm roimh an obráid, an mbeidh sé pianmhar?"),
    ],
)
def test_what_everybody_has_now_and_then_alarms_nobody(language: str, text: str) -> None:
    assert meaning(language, text) not in ("urgent", "deceased")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "spóźnię się na lekcję, trzymajcie mi miejsce"),
        ("pl", "nie dam rady przyjść na parapetówkę, dziecko ma katar"),
        ("uk", "вже була у перукарки, гарно вийшло"),
        ("uk", "не можу в п'ятницю їхати на рибалку"),
        ("ro", "am fost deja la muzeul ăla, plictiseală"),
        ("ro", "am intarziat ieri la interviu si tot m-au luat!!!"),
        ("pt", "já fui ao cabeleireiro, ficou giro"),
        ("pt", "não posso sexta ir à pesca"),
        ("es", "no puedo ir al bautizo, el niño está resfriado"),
        ("es", "ya fuimos a ese museo, un rollo"),
        ("fr", "je suis déjà allée chez la coiffeuse, super résultat"),
        ("fr", "je peux pas vendredi pour la pêche"),
        ("lt", "jau buvau parduotuvėj"),
        ("lt", "negaliu ateiti į krikštynas, vaikas sloguoja"),
        ("ga", "beidh mé déanach don rang, coinnigh suíochán dom"),
        ("ar", "ما اقدر اجي على العرس، الولد مزكم"),
        ("ar", "ماتت قطتنا والاولاد يبكون"),
        ("pl", "przełożyli nam egzamin na prawo jazdy"),
        ("lt", "taip, raktai po kilimėliu"),
        ("lt", "mirė telefonas, rašau iš planšetės"),
        ("es", "escríbele a María que no va"),
        ("es", "la última vez cancelé y esperé medio año"),
        ("fr", "on nous a décalé l'examen du permis"),
        ("pl", "wolę piątek, wtedy gra Legia"),
        ("es", "no puedo el jueves ayudar con la mudanza"),
        ("uk", "краще п'ятниця, грає Динамо"),
    ],
)
def test_what_is_told_of_other_places_and_people_is_left_to_a_person(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "question", "mixed")


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("pl", "spóźnię się, autobus utknął w korku", "running_late"),
        ("uk", "вже був у лікаря вчора, зняли шви", "already_attended"),
        ("ro", "întârzii puțin, caut loc de parcare", "running_late"),
        ("pt", "já fui à consulta ontem, tiraram os pontos", "already_attended"),
        ("es", "llego tarde, hay un atasco en el puente", "running_late"),
        ("fr", "je suis en retard, le bus est coincé derrière un camion", "running_late"),
        ("lt", "vėluosiu, ieškau kur pastatyti mašiną", "running_late"),
        ("ga", "beidh mé déanach, tá an trácht go dona", "running_late"),
        ("ar", "بتاخر عشر دقايق الزحمة رهيبة", "running_late"),
        ("pl", "wolę piątek, proszę, mam egzamin z matematyki", "reschedule"),
        ("es", "no puedo el jueves, trabajo", "reschedule"),
    ],
)
def test_a_remark_with_what_goes_with_it_is_for_us(language: str, text: str, wanted: str) -> None:
    assert meaning(language, text) == wanted


@pytest.mark.parametrize("text", ["وجع قوي فصدري", "وجع قوي بصدري", "وجع قوي في صدري"])
def test_an_arabic_letter_that_is_a_word_hides_none(text: str) -> None:
    assert meaning("ar", text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "bramkarz zabil mnie tym bledem"),
        ("pl", "nie moge oddychac w tej sukience haha"),
        ("uk", "рятуйте, дедлайн горить"),
        ("ro", "sefa ma omoara daca nu termin raportul"),
        ("pt", "socorro, esqueci o aniversario da sogra"),
        ("es", "no aguanto mas este calor"),
        ("fr", "je respire plus dans cette robe mdr"),
        ("lt", "gelbek, uzmirsau anytos gimtadieni"),
        ("ar", "قتلوا البطل بنص المسلسل"),
        ("ga", "bhásaigh an carr ar an M50"),
        ("ro", "i-a murit pestisorul lui andrei"),
    ],
)
def test_what_people_groan_and_laugh_about_alarms_nobody(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "question", "mixed")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "mama krzyczy ratunku"),
        ("pl", "ratunku"),
        ("uk", "рятуйте"),
        ("es", "no aguanto mas, me quiero morir"),
        ("pt", "socorro, meu pai desmaiou"),
        ("fr", "au secours, mon mari ne respire plus"),
        ("ar", "الحقوني ابي ما عم يتنفس"),
        ("lt", "nusižudysiu haha"),
    ],
)
def test_a_cry_alone_or_beside_danger_is_heard(language: str, text: str) -> None:
    assert meaning(language, text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "potwierdzam, to jest plotkara"),
        ("es", "confirmo, es un capullo"),
        ("lt", "patvirtinu, jis asilas"),
        ("pl", "odwoluje jutro nasze plany"),
        ("es", "no me escribas mas, lo nuestro se acabo"),
        ("fr", "PROMO! -50% sur les lunettes. STOP SMS 36111"),
        ("ar", "مش جاي عالجيم اليوم"),
    ],
)
def test_an_answer_to_somebody_else_changes_nothing(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "question", "mixed")


def test_a_name_under_a_letter_signs_it_in_other_languages_too() -> None:
    assert meaning("pl", "Potwierdzam wizytę.\nZ poważaniem\nStanisław Grzesiak") == "confirm"
    assert meaning("fr", "Je serai présent.\nCordialement, M. Dubreuil") == "confirm"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "sadri byouja3ni w idi mnamle"),
        ("ar", "wjehi m3awaj w mish 2ader a7ki"),
        ("ar", "immi wa23et w ma bte7ki"),
        ("ar", "bfakker 2ntaher"),
        ("uk", "bolit v hrudyah, nimiie ruka"),
    ],
)
def test_danger_in_latin_letters_is_heard(language: str, text: str) -> None:
    assert meaning(language, text) == "urgent"


def test_answers_in_latin_letters_are_read_and_english_words_are_left_alone() -> None:
    assert meaning("uk", "tak budu dyakuyu") == "confirm"
    assert meaning("uk", "vidminit zapys") == "cancel"
    assert meaning("ar", "badde ghayer el maw3ed") == "reschedule"
    english = "sorry I can't make it, my mother is sick"
    assert meaning("ar", english) == meaning("en", english)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "dziadek sie przewrocil, boli go biodro, nie wstanie"),
        ("uk", "так буду але з учора не чую рухів дитини"),
        ("ro", "nu mai am putere sa traiesc, anulati programarea"),
        ("pt", "não tenho mais força pra viver, cancelem a consulta"),
        ("es", "si ire pero mi madre se tambalea y tiene la cara morada"),
        ("fr", "papi est tombé, il peut plus se relever"),
        ("lt", "mociute keistai kalba ir nejudina rankos"),
        ("ar", "امي وقعت وما بتحكي شو اعمل؟"),
        ("ga", "níl an neart agam maireachtáil, cealaigh an coinne"),
    ],
)
def test_danger_beside_an_answer_or_in_a_question_comes_first(language: str, text: str) -> None:
    assert meaning(language, text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "zawalu dostane przez ten kredyt"),
        ("uk", "задихаюсь від сміху"),
        ("ro", "fac avc de la traficul asta"),
        ("pt", "vou ter um avc nesse transito"),
        ("es", "me va a dar un infarto con la hipoteca"),
        ("fr", "je vais faire un avc avec ces bouchons"),
        ("lt", "infarkta gausiu del tos paskolos"),
        ("ar", "رح تجيني جلطة من هالقرض"),
        ("ga", "beidh taom croí agam leis an morgáiste seo"),
    ],
)
def test_what_is_put_down_to_a_trifle_alarms_nobody(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "question", "mixed")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "potwierdzam, dopiero teraz zobaczyłam wiadomość"),
        ("uk", "звичайно прийду, вибачте що пізно відповідаю"),
        ("ro", "da vin, ma aduce fiul ca am piciorul in ghips"),
        ("pt", "Sim, obrigada, a minha filha tirou folga para me levar"),
        ("es", "confirmo, acabo de ver el mensaje"),
        ("fr", "bien sur que je viens, desolé de repondre si tard"),
        ("lt", "patvirtinu, tik dabar pamaciau zinute"),
        ("ar", "بأكد، هلق شفت الرسالة"),
        ("ga", "cinnte beidh mé ann, gabh mo leithscéal as freagra déanach"),
    ],
)
def test_an_excuse_or_who_drives_takes_no_yes_back(language: str, text: str) -> None:
    assert meaning(language, text) == "confirm"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "meu marido está com dor indo pro braço esquerdo e suando frio"),
        ("uk", "у чоловіка біль віддає в ліву руку і він весь мокрий"),
        ("lt", "vyrui skausmas eina i kaire ranka ir jis visas slapias"),
        ("fr", "mon bébé est tout mou et respire vite"),
        ("es", "mi tío tiene la cara torcida y no habla"),
    ],
)
def test_who_is_in_danger_is_no_word_to_a_friend(language: str, text: str) -> None:
    assert meaning(language, text) == "urgent"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "ale tak, oczywiście"),
        ("uk", "і я прийду"),
        ("lt", "bet taip"),
        ("ro", "dar da, sigur"),
        ("pt", "mas sim, claro"),
        ("fr", "et je viens avec Paul"),
        ("ga", "ach beidh mé ann"),
        ("es", "entonces voy"),
        ("ar", "لكن نعم"),
    ],
)
def test_a_yes_that_begins_as_talk_goes_on_confirms_nothing(language: str, text: str) -> None:
    assert meaning(language, text) in {"unknown", "mixed", "question"}


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("pl", "nie ma wcześniej?", "reschedule"),
        ("lt", "ar nėra nieko anksčiau?", "reschedule"),
        ("uk", "а раніше нічого немає?", "reschedule"),
        ("pt", "não há nada mais cedo?", "reschedule"),
        ("es", "no tienen nada más tarde?", "reschedule"),
        ("lt", "norėčiau vėliau, jei galima", "reschedule"),
        ("uk", "якщо можна, на інший день", "reschedule"),
        ("lt", "ateisiu, jei galima", "mixed"),
        ("pt", "vou se der", "unknown"),
        ("pl", "spoko pasuje mi ten 20 czerwca", "mixed"),
    ],
)
def test_a_wish_may_be_put_as_what_is_not_there_or_if_possible_and_a_yes_may_not(language: str, text: str, wanted: str) -> None:
    assert meaning(language, text) == wanted


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "va mi abuela, yo la acompaño porque no habla inglés"),
        ("pt", "minha avó não fala inglês, vou junto com ela"),
        ("pl", "mama nie mówi po angielsku, ja z nią przyjdę"),
        ("uk", "мама не говорить англійською, я буду з нею"),
        ("lt", "mama nekalba angliškai, ateisiu kartu"),
    ],
)
def test_who_speaks_no_english_has_not_lost_her_speech(language: str, text: str) -> None:
    assert meaning(language, text) not in ("urgent", "cancel")


def test_a_but_behind_an_apology_takes_no_refusal_back() -> None:
    assert meaning("ga", "tá brón orm ach tá an páiste tinn agus ní féidir liom teacht") == "cancel"


def test_ok_beside_who_drives_is_a_yes_and_ok_to_somebody_is_none() -> None:
    assert meaning("lt", "gerai, sūnus mane atveš") == "confirm"
    assert meaning("lt", "gerai mama") == "unknown"


def test_to_be_taken_off_the_list_stops_no_texts_in_polish_unless_it_is_theirs() -> None:
    assert meaning("pl", "proszę wykreślić mnie z listy, nie będę się już leczyć") == "cancel"
    assert meaning("pl", "wykreślcie mnie z listy sms") == "stop"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "não posso ir sozinha"),
        ("es", "no puedo ir sola"),
        ("fr", "je ne peux pas y aller seul"),
        ("ro", "nu pot veni singur"),
        ("lt", "negaliu atvykti viena"),
        ("ga", "ní féidir liom teacht i m'aonar"),
        ("ar", "ما بقدر اجي لحالي"),
        ("pl", "nie mogę przyjść sama"),
        ("uk", "не можу прийти сама"),
        ("uk", "не можу прочитати"),
        ("ga", "ní féidir liom é a léamh"),
        ("pl", "nie przyjdzie mi to do głowy"),
    ],
)
def test_who_cannot_come_alone_or_cannot_do_something_else_gives_nothing_up(language: str, text: str) -> None:
    assert meaning(language, text) in ("unknown", "question", "mixed")
