"""A reply from a phone with several appointments, cut by what each part of it is about: "yes for Tom, cancel Amy's", "both",
"Y1 R2", "Friday is fine, the other one no".

What points at an appointment is in `pointers.py`; what is not told apart by it is not guessed at. The words that are left are
read by `understanding.read`, in each part by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from engine.lexicon import Role
from engine.normalise import clean
from engine.pointers import ALL, BREAK, JOIN, NAME, NUMBER, POINTING, WORD, Choice, Pointers, Token
from engine.reading import MIXED, Reading

# A reply longer than this tells a story, and stories are not cut up.
LONGEST = 320

# What can hardly be meant otherwise. A day or a time may also be the one that would suit better.
SURE = frozenset({NAME, NUMBER, ALL})


@dataclass(frozen=True, slots=True)
class Addressed:
    """What a reply says of which appointment. `parts`: index of the choice -> the words about it, "" where it is pointed at
    and nothing more. `doubt`: why that cannot be told although something is pointed at. `by`: the kinds of pointers used."""

    parts: dict[int, str]
    doubt: str = ""
    by: frozenset[str] = frozenset()

    @property
    def named(self) -> bool:
        return bool(self.parts or self.doubt)


NOTHING = Addressed({})


def address(text: str, choices: Sequence[Choice], read: Callable[[int, str], Reading], languages: Iterable[str]) -> Addressed:
    """Cut a reply by appointment. `read` reads words as the talk of a choice would; `languages` are those whose weekdays and
    months count. Pure; no text raises."""
    cleaned = clean(text[: LONGEST + 1])
    if len(cleaned) > LONGEST or len(choices) < 2:
        return NOTHING
    tokens = Pointers(choices, tuple(languages)).mark(cleaned)
    kinds = frozenset(token.kind for token in tokens if token.kind in POINTING)
    if not kinds:
        return NOTHING
    pointing = [token for token in tokens if token.kind in POINTING]
    if any(not token.at or (len(token.at) > 1 and token.kind != ALL) for token in pointing):
        return Addressed({}, "what it names fits more than one", kinds)
    pieces = _pieces(tokens)
    if pieces is None:
        return Addressed({}, "what it names does not go together", kinds)
    if (len(pieces) > 1 and _hangs_together(tokens)) or any(token.text in _EXCEPT for token in tokens):
        return Addressed({}, "one part of it hangs on another", kinds)
    parts: dict[int, str] = {}
    for piece in pieces:
        for index in sorted(piece.at):
            words = piece.words(read, index)
            if words is None:
                return Addressed({}, "it can be read in two ways", kinds)
            if index in parts:
                return Addressed({}, "it speaks twice of the same one", kinds)
            parts[index] = words
    return Addressed(parts, "", kinds)


def named(text: str, choices: Sequence[Choice], languages: Iterable[str], kinds: Collection[str]) -> frozenset[int]:
    """The choices that a reply names in one of these ways, whatever else it says."""
    tokens = Pointers(choices, tuple(languages)).mark(clean(text[:LONGEST]))
    return frozenset(index for token in tokens if token.kind in kinds and len(token.at) == 1 for index in token.at)


def without_names(text: str, choices: Sequence[Choice], languages: Iterable[str]) -> str:
    """The reply with "it" for each name of a choice's patient."""
    cleaned = clean(text[:LONGEST])
    for token in reversed(Pointers(choices, tuple(languages)).mark(cleaned)):
        if token.kind == NAME:
            cleaned = f"{cleaned[: token.begin]}it{cleaned[token.end :]}"
    return cleaned


# ---- pieces ----------------------------------------------------------------------------------------------------------

# Words that lead to a pointer, or trail one, and say nothing without it.
_LEADING = frozenset({
    "for", "to", "on", "at", "with", "about", "re", "regarding", "the", "my", "our", "number", "of", "in", "do", "le", "dr",
    "doctor", "mr", "mrs", "ms", "prof", "ceann", "dla", "для", "за", "para", "por", "la", "el", "de", "del", "pour", "au",
    "celui", "celle", "pentru", "pe", "lui",
})  # fmt: skip
_TRAILING = frozenset({
    "one", "ones", "appointment", "appointments", "appt", "appts", "apt", "visit", "clinic", ")", ":", "=", "-",
})  # fmt: skip


@dataclass(slots=True)
class _Piece:
    """A stretch of the reply, and the choices that it is about. `words` of it are read with each pointer taken out, replaced
    by "it", and left in: what is clear in several of these must be the same. `abreast`: two choices stand side by side in it
    with no "and"."""

    at: frozenset[int]
    tokens: list[Token]
    pointed: bool = False
    abreast: bool = False

    @property
    def before(self) -> list[Token]:
        """What is said before anything is pointed at."""
        return list(takewhile(lambda token: token.kind not in POINTING, self.tokens))

    @property
    def behind(self) -> list[Token]:
        """What is said behind all that is pointed at, up to a comma."""
        last = max((number for number, token in enumerate(self.tokens) if token.kind in POINTING), default=-1)
        return list(takewhile(lambda token: token.kind != JOIN, self.tokens[last + 1 :]))

    @property
    def courteous(self) -> bool:
        """Whether there is nothing in it but what it points at and a please or thanks."""
        said = [token for token in self.tokens if token.kind not in POINTING and token.text not in _LEADING | _TRAILING]
        return all(token.role & (Role.COURTESY | Role.FILLER) for token in said)

    def words(self, read: Callable[[int, str], Reading], index: int) -> str | None:
        """The words as they are to be read, "" where there are none; None where they can be read in two ways."""
        bare = self.written("")
        if not re.search(r"\w", bare) and not _says_something(bare):
            return ""
        if self._says_two_things(read, index):
            return None
        clear: dict[str, str] = {}
        sure = any(token.kind in SURE for token in self.tokens)
        variants = (bare, self.written("it")) if sure else (bare, self.written("it"), self.written(None))
        for words in dict.fromkeys(variants):
            reading = read(index, words)
            if reading.intent == MIXED:
                return None
            if reading.clear:
                clear.setdefault(reading.intent, words)
        if len(clear) > 1:
            return None
        polite = not _weighty([token for token in self.tokens if token.kind not in POINTING])
        return next(iter(clear.values()), "" if polite else bare)

    def _says_two_things(self, read: Callable[[int, str], Reading], index: int) -> bool:
        """Whether one answer stands before the pointer and another behind it ("cancel, Tom is fine": whose is cancelled?), or
        several choices have as many answers ("Tom and Amy cancel move")."""
        sides = [_spaced([token.text for token in side]) for side in (self.before, self.behind) if _weighty(side)]
        if len(sides) > 1 and _differ(read(index, side) for side in sides):
            return True
        words = [token.text for token in self.tokens if token.kind == WORD and _weighty([token])]
        return len(self.at) > 1 and len(words) == len(self.at) and _differ(read(index, word) for word in words)

    def written(self, instead: str | None) -> str:
        """The tokens as text; each pointer, with the words that lead to it, is `instead` (None: left as it stands)."""
        out: list[str] = []
        skip = False
        for number, token in enumerate(self.tokens):
            if token.kind in POINTING and instead is not None:
                while out and out[-1] in _LEADING:
                    out.pop()
                if instead:
                    out.append(instead)
                skip = True
                continue
            if skip and token.text in _TRAILING:
                continue
            skip = False
            if token.kind == JOIN and (not out or number == len(self.tokens) - 1):
                continue
            out.append(token.text)
        return _spaced(out)


def _differ(readings: Iterable[Reading]) -> bool:
    """Whether each is clear and they are not all the same. Thanks is thanks beside anything."""
    found = [reading for reading in readings if reading.intent != "thanks"]
    return all(reading.clear for reading in found) and len({reading.intent for reading in found}) > 1


def _says_something(bare: str) -> bool:
    return any(not character.isspace() and character not in ".,;:!()[]-/&+=#" for character in bare)


def _spaced(words: list[str]) -> str:
    return re.sub(r" ([,.;:!?)])", r"\1", " ".join(words)).strip(" ,\n")


def _pieces(tokens: list[Token]) -> list[_Piece] | None:
    """The reply as pieces, each about some of the choices; None where that cannot be told."""
    pieces: list[_Piece] = []
    lead: list[Token] = []  # words before anything is pointed at
    waiting: _Piece | None = None  # pointed at, with no word yet that says what of it
    pointer_first = False  # "Tom: yes. Amy: no"
    cut = _cuts(tokens)
    if cut is None or _runs_on(cut):
        return None
    for number, (piece, after_break) in enumerate(cut, 1):
        says = _says_something(piece.written("")) and not (number == len(cut) and piece.courteous)
        if not piece.pointed and waiting is not None:
            if lead:
                return None  # "yes, Tom, cancel, Amy": before it or behind it?
            pieces.append(_Piece(waiting.at, [*waiting.tokens, _COMMA, *piece.tokens], True))
            waiting, pointer_first = None, True
        elif not piece.pointed and pieces:
            pieces[-1].tokens += [_COMMA, *piece.tokens]
        elif not piece.pointed:
            lead += [*piece.tokens, _COMMA]
        elif says:
            if waiting is not None and (lead or pointer_first or after_break or _weighty(piece.before)):
                return None  # "yes, Tom and Amy no", "Tom, cancel Amy": whose is it?
            at = piece.at | waiting.at if waiting is not None else piece.at
            pieces.append(_Piece(at, [*lead, *piece.tokens], True))
            lead, waiting = [], None
        elif pieces and waiting is None and not pointer_first and not after_break and not _weighty(pieces[-1].behind):
            pieces[-1].at |= piece.at  # "yes for Tom and Amy"
        else:
            waiting = _Piece(piece.at | (waiting.at if waiting else frozenset()), piece.tokens, True)
    if waiting is not None and pieces:
        return None  # "Tom: yes. Amy."
    if waiting is not None:
        pieces.append(_Piece(waiting.at, [*lead, *waiting.tokens], True))
    return pieces


_COMMA = Token(JOIN, ",", 0, 0)


def _cuts(tokens: list[Token]) -> list[tuple[_Piece, bool]] | None:
    """All stretches, cut; with each piece whether a break comes before it."""
    out: list[tuple[_Piece, bool]] = []
    for stretch, after_break in _stretches(tokens):
        cut = _cut(stretch)
        if cut is None:
            return None
        out += [(piece, after_break and piece is cut[0]) for piece in cut]
    return out


def _runs_on(cut: list[tuple[_Piece, bool]]) -> bool:
    """Whether choices stand side by side, with no "and", between words on both sides: in "cancel Amy Tom is fine" and "cancel
    Tom and Amy Jack is fine" nobody can tell where the one thought ends."""
    goes_on = said = abreast = False
    for piece, after_break in cut:
        if not goes_on or after_break or _weighty(piece.before):
            said, abreast = _weighty(piece.before), False
        abreast = abreast or piece.abreast
        behind = _weighty(piece.behind)
        if said and abreast and behind:
            return True
        goes_on = piece.pointed and not behind
    return False


def _stretches(tokens: list[Token]) -> list[tuple[list[Token], bool]]:
    """What stands between breaks and joins, each with whether a break comes before it. A question mark stays with what it
    asks."""
    out: list[tuple[list[Token], bool]] = []
    now: list[Token] = []
    broken = False
    for token in tokens:
        if token.kind not in (BREAK, JOIN):
            now.append(token)
            continue
        if token.text == "?":
            now.append(token)
        if now:
            out.append((now, broken))
            now, broken = [], False
        broken = broken or token.kind == BREAK
    return [*out, (now, broken)] if now else out


def _cut(stretch: list[Token]) -> list[_Piece] | None:
    """One stretch: mostly one piece. "Y1 R2" and "1 Y 2 R" are two, told by which end the pointers stand at."""
    groups: list[tuple[int, int, frozenset[int]]] = []  # pointers that stand together: from, to, which
    abreast: set[int] = set()  # the groups in which they are several choices
    for number, token in enumerate(stretch):
        if token.kind not in POINTING:
            continue
        if groups and all(t.text in _LEADING or t.text in _TRAILING for t in stretch[groups[-1][1] : number]):
            begin, _, which = groups[-1]
            if not which & token.at:
                if token.kind != stretch[groups[-1][1] - 1].kind:
                    return None  # Tom's on Friday, where Friday's is Amy's
                groups[-1] = (begin, number + 1, which | token.at)
                abreast.add(len(groups) - 1)
            else:
                groups[-1] = (begin, number + 1, which & token.at)
        else:
            groups.append((number, number + 1, token.at))
    if len(groups) < 2:
        return [_Piece(groups[0][2] if groups else frozenset(), stretch, bool(groups), bool(abreast))]
    if _turned(stretch):
        return None
    starts_with = not _weighty(stretch[: groups[0][0]])
    ends_with = not _weighty(stretch[groups[-1][1] :])
    if starts_with == ends_with:
        return None
    cuts = [group[0] for group in groups[1:]] if starts_with else [group[1] for group in groups[:-1]]
    if not starts_with:
        cuts = [_past_trailing(stretch, cut) for cut in cuts]
    edges = [0, *cuts, len(stretch)]
    return [
        _Piece(group[2], stretch[begin:end], True, number in abreast)
        for number, (group, begin, end) in enumerate(zip(groups, edges[:-1], edges[1:], strict=True))
    ]


def _past_trailing(stretch: list[Token], at: int) -> int:
    while at < len(stretch) and stretch[at].text in _TRAILING:
        at += 1
    return at


def _weighty(tokens: list[Token]) -> bool:
    """Whether there is more in it than courtesy and what leads to a pointer."""
    light = Role.COURTESY | Role.FILLER
    return any(
        token.text not in _LEADING | _TRAILING and not token.role & light and re.search(r"\w", token.text) for token in tokens
    )


def _turned(stretch: list[Token]) -> bool:
    """Whether something in it turns round what stands before or behind it. A plain no is an answer."""
    turning = Role.NEGATION | Role.CONTRAST | Role.CONDITION | Role.HEDGE
    return any(
        (token.role & turning and token.text not in ("no", "n")) or token.text in _LINKED or token.text.endswith("n't")
        for token in stretch
        if token.kind == WORD
    )


def _hangs_together(tokens: list[Token]) -> bool:
    """Whether the whole is one thought that must not be cut: a condition, a doubt, an exception, a choice between two."""
    return any(token.role & (Role.CONDITION | Role.HEDGE) or token.text in _LINKED for token in tokens if token.kind == WORD)


_EXCEPT = frozenset({"except", "excepting", "apart", "excluding", "bar", "besides"})
_LINKED = frozenset({
    "or", "either", "whether", "if", "unless", "except", "apart", "instead", "swap", "swapped", "switch", "rather", "than",
    "before", "after", "then",
})  # fmt: skip
