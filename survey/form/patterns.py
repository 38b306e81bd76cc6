"""The patterns of `regex()`: a defined subset of regular expressions, compiled once and walked in linear time.

⇄ static/app/engine/patterns.js, which walks what is compiled here: a phone sees no pattern, only its program.

Taken: letters, classes `[…]`, `.`, `\\d \\w \\s` (ASCII) and what is none of them, `\\p{L}` and the other general
categories of Unicode, groups, `|`, `* + ? {m} {m,} {m,n}` and their lazy forms (for a whole text they mean the same),
`(?i)` at the beginning (ASCII, as in Java), `^` and `$` at the ends. A pattern matches a *whole* text (ODK XForms
`regex()`, JavaRosa's `Pattern.matches`). What could not be walked as a set of places is refused by name, and so is what
Java, Python and JavaScript read in different ways.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from survey.text import N_

# What phones get of a form beside its content: raised when the same form becomes another bundle.
BUILD = f"1-{unicodedata.unidata_version}"
MOST_POSITIONS = 1000  # letters and classes of a pattern with its repetitions written out
MOST_INSTRUCTIONS = 4000
MOST_EDGES = 20_000  # of all its classes: \\p{L} has 1,300
MOST_DEEP = 50  # groups in groups
MOST_STATES = 500  # sets of places that are kept with what follows after a letter
MOST_MOVES = 5000  # of all of them together
LAST = 0x10FFFF

LOOK_AROUND = N_("regex(): “%(found)s” looks ahead or back, which no pattern can: write a second regex() beside it")
BACK_REFERENCE = N_("regex(): “%(found)s” refers back to a group, which no pattern here can")
POSSESSIVE = N_("regex(): “%(found)s” is possessive or atomic, which no pattern here is: leave it out")
FLAG = N_("regex(): “%(found)s” is not known here: of flags only (?i), at the very beginning")
ANCHOR = N_("regex(): “%(found)s” may only begin or end a pattern, which always matches the whole text")
ESCAPE = N_("regex(): “%(found)s” is not known here")
NESTED = N_("regex(): within […] write \\%(found)s for “%(found)s”: programs differ in what they make of it")
BRACE = N_("regex(): “%(found)s” is no number of repetitions: a brace itself is written \\{")
PROPERTY = N_("regex(): there is no kind of letters “%(found)s”: write one such as \\p{L}, \\p{Lu} or \\p{N}")
TOO_LONG = N_("regex(): written out the pattern has more than %(most)s letters and classes: repeat less in it")
TOO_DEEP = N_("regex(): the groups of the pattern are nested too deeply")
NO_PATTERN = N_("regex(): “%(pattern)s” is no pattern")
NOT_LITERAL = N_("regex() takes its pattern as one text in quotes: what is put together cannot be looked at beforehand")

Ranges = tuple[int, ...]  # first, last, first, last, …: code points, both included, in order, apart from one another


class PatternError(ValueError):
    """A pattern that is not taken: `template` with `values` says what in it."""

    def __init__(self, template: str, **values: Any) -> None:
        super().__init__(template % values if values else template)
        self.template, self.values = template, values


# --- letters --------------------------------------------------------------------------------------------------------


def _together(ranges: Sequence[int]) -> Ranges:
    """Ranges in order, those that touch made one."""
    found: list[int] = []
    for first, last in sorted(zip(ranges[::2], ranges[1::2], strict=True)):
        if found and first <= found[-1] + 1:
            found[-1] = max(found[-1], last)
        else:
            found += [first, last]
    return tuple(found)


def _all_but(ranges: Ranges) -> Ranges:
    edges = [0, *(edge + at % 2 for at, edge in enumerate(ranges)), LAST + 1]  # where it begins and ceases to be out
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(edge for first, behind in pairs if first < behind for edge in (first, behind - 1))


def _in_any_case(ranges: Ranges) -> Ranges:
    """With the other case of each ASCII letter: Java's (?i)."""
    more = []
    for low, shift in ((ord("a"), -32), (ord("A"), 32)):
        for first, last in zip(ranges[::2], ranges[1::2], strict=True):
            first, last = max(first, low), min(last, low + 25)
            more += [first + shift, last + shift] if first <= last else []
    return _together([*ranges, *more])


_DIGITS: Ranges = (48, 57)
_WORD: Ranges = (48, 57, 65, 90, 95, 95, 97, 122)
_SPACE: Ranges = (9, 13, 32, 32)
_ENDS_OF_LINE: Ranges = (10, 10, 13, 13, 0x85, 0x85, 0x2028, 0x2029)  # what `.` leaves out: Java's
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CLASSES |= {name.upper(): _all_but(ranges) for name, ranges in _CLASSES.items()}
_CONTROLS = {"t": 9, "n": 10, "f": 12, "r": 13}


@lru_cache(maxsize=1)
def _categories() -> dict[str, Ranges]:
    """The letters of each general category of Unicode, by its name and by its first letter."""
    found: dict[str, list[int]] = {}
    for code in range(LAST + 1):
        of_kind = found.setdefault(unicodedata.category(chr(code)), [])
        if of_kind and of_kind[-1] == code - 1:
            of_kind[-1] = code
        else:
            of_kind += [code, code]
    for name, ranges in list(found.items()):
        found.setdefault(name[0], []).extend(ranges)
    return {name: _together(ranges) for name, ranges in found.items()}


def _has(ranges: Ranges, code: int) -> bool:
    at = bisect_right(ranges, code)
    return at % 2 == 1 or (at > 0 and ranges[at - 1] == code)


# --- reading --------------------------------------------------------------------------------------------------------

# ("set", ranges) | ("all", part, …) one after another | ("any", part, …) one of them | ("times", part, least, most)
_Part = tuple[Any, ...]
_BEGINS, _ENDS = ("begins",), ("ends",)


class _Reader:
    """A pattern's text → its parts: one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.deep = text, 0
        self.folds = text.startswith("(?i)")
        self.at = 4 if self.folds else 0
        self.read = 0  # edges of what letters were read so far

    def wrong(self) -> PatternError:
        return PatternError(NO_PATTERN, pattern=self.text)

    def ahead(self, count: int = 1) -> str:
        return self.text[self.at : self.at + count]

    def take(self, wanted: str) -> bool:
        if self.text.startswith(wanted, self.at):
            self.at += len(wanted)
            return True
        return False

    def next(self) -> str:
        if self.at >= len(self.text):
            raise self.wrong()
        self.at += 1
        return self.text[self.at - 1]

    def whole(self) -> _Part:
        part = self.either()
        if self.at < len(self.text):
            raise self.wrong()  # a “)” too many
        return part

    def either(self) -> _Part:
        parts = [self.sequence()]
        while self.take("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else ("any", *parts)

    def sequence(self) -> _Part:
        parts: list[_Part] = []
        while self.at < len(self.text) and self.ahead() not in "|)":
            parts.append(self.repeated(self.atom()))
        return ("all", *parts)

    def repeated(self, part: _Part) -> _Part:
        start = self.at
        least, most = self.times()
        if start == self.at:
            return part
        if part in (_BEGINS, _ENDS):
            raise PatternError(ANCHOR, found="^" if part is _BEGINS else "$")
        if not self.take("?") and self.take("+"):
            raise PatternError(POSSESSIVE, found=self.text[start : self.at])
        if self.ahead() and self.ahead() in "*+?{":
            raise self.wrong()
        return ("times", part, least, most)

    def times(self) -> tuple[int, int | None]:
        if self.take("*"):
            return 0, None
        if self.take("+"):
            return 1, None
        if self.take("?"):
            return 0, 1
        if not self.take("{"):
            return 1, 1
        inside, brace, _ = self.ahead(14).partition("}")
        least, comma, most = inside.partition(",")
        if not brace or not _is_count(least) or not (most == "" or _is_count(most)):
            raise PatternError(BRACE, found=f"{{{inside[:20]}{brace}")
        self.at += len(inside) + 1
        numbers = int(least), int(most) if most else None if comma else int(least)
        if numbers[1] is not None and numbers[1] < numbers[0]:
            raise self.wrong()
        return numbers

    def atom(self) -> _Part:
        letter = self.next()
        if letter == "(":
            return self.group()
        if letter == "[":
            return self.letters(self.set())
        if letter == "\\":
            return self.escape()
        if letter == ".":
            return self.letters(_all_but(_ENDS_OF_LINE))
        if letter in "^$":
            return _BEGINS if letter == "^" else _ENDS
        if letter == "{":
            raise PatternError(BRACE, found="{")
        if letter in "*+?":
            raise self.wrong()
        return self.letters((ord(letter), ord(letter)))

    def letters(self, ranges: Ranges) -> _Part:
        self.read += len(ranges)
        if self.read > MOST_EDGES:
            raise PatternError(TOO_LONG, most=f"{MOST_POSITIONS:,}")
        return ("set", _in_any_case(ranges) if self.folds else ranges)

    def group(self) -> _Part:
        if self.ahead() == "?":
            self.opening()
        self.deep += 1
        if self.deep > MOST_DEEP:
            raise PatternError(TOO_DEEP)
        part = self.either()
        if not self.take(")"):
            raise self.wrong()
        self.deep -= 1
        return part

    def opening(self) -> None:
        """What stands behind “(?”."""
        if self.take("?:"):
            return
        kind = self.ahead(3) if self.ahead(2) == "?<" else self.ahead(2)
        if kind in ("?=", "?!", "?<=", "?<!"):
            raise PatternError(LOOK_AROUND, found=f"({kind}")
        if kind == "?>":
            raise PatternError(POSSESSIVE, found="(?>")
        name, angle, _ = self.ahead(40)[2:].partition(">")
        if self.ahead(2) == "?<" and angle and name.isascii() and name.isalnum() and name[0].isalpha():
            self.at += len(name) + 3
            return
        raise PatternError(FLAG, found=f"({self.ahead(3)}")

    def escape(self) -> _Part:
        letter = self.next()
        if letter in "AzZ":
            return _BEGINS if letter == "A" else _ENDS
        if letter in "123456789k":
            raise PatternError(BACK_REFERENCE, found=f"\\{letter}")
        return self.letters(self.escaped(letter))

    def escaped(self, letter: str) -> Ranges:
        """What follows on a backslash, within a class and without."""
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in "pP":
            return self.category(letter)
        if letter in "xu":
            length = 2 if letter == "x" else 4
            digits = self.ahead(length)
            if len(digits) < length or not all(one in "0123456789abcdefABCDEF" for one in digits):
                raise PatternError(ESCAPE, found=f"\\{letter}{digits}")
            self.at += length
            return (int(digits, 16),) * 2
        if letter in _CONTROLS:
            return (_CONTROLS[letter],) * 2
        if letter.isalnum() or not letter.isascii():
            raise PatternError(ESCAPE, found=f"\\{letter}")
        return (ord(letter),) * 2

    def category(self, letter: str) -> Ranges:
        if self.take("{"):
            name, brace, _ = self.ahead(20).partition("}")
            self.at += len(name) + len(brace)
        else:
            name, brace = self.next(), "}"
        if not brace or name.removeprefix("Is") not in _categories():
            raise PatternError(PROPERTY, found=f"\\{letter}{{{name[:20]}{brace}")
        ranges = _categories()[name.removeprefix("Is")]
        return ranges if letter == "p" else _all_but(ranges)

    def set(self) -> Ranges:
        """What stands between brackets; the opening one is taken."""
        is_negated = self.take("^")
        found: list[int] = []
        is_first = True
        while is_first or self.ahead() != "]":
            if is_first and self.ahead() == "]":
                raise PatternError(NESTED, found="]")
            is_first = False
            low = self.one_of_set()
            if self.ahead() == "-" and self.ahead(2) != "-]":
                self.at += 1
                high = self.one_of_set()
                if len({*low}) > 1 or len({*high}) > 1 or low[0] > high[0]:
                    raise self.wrong()
                low = (low[0], high[0])
            found.extend(low)
        self.at += 1
        ranges = _together(found)
        ranges = _in_any_case(ranges) if self.folds else ranges
        return _all_but(ranges) if is_negated else ranges

    def one_of_set(self) -> Ranges:
        letter = self.next()
        if letter == "\\":
            return self.escaped(self.next())
        if letter == "[" or (letter == "&" and self.ahead() == "&"):
            raise PatternError(NESTED, found=letter)
        return (ord(letter),) * 2


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


# --- writing out ----------------------------------------------------------------------------------------------------


def _without_ends(part: _Part, begins: bool, ends: bool) -> _Part:
    """The part without the anchors that say nothing: `begins` and `ends` tell whether it stands where a text does.
    Anywhere else they are refused."""
    kind = part[0]
    if kind in ("begins", "ends"):
        if not (begins if kind == "begins" else ends):
            raise PatternError(ANCHOR, found="^" if kind == "begins" else "$")
        return ("all",)
    if kind == "any":
        return ("any", *(_without_ends(one, begins, ends) for one in part[1:]))
    if kind == "times":
        return ("times", _without_ends(part[1], False, False), *part[2:])
    if kind == "set":
        return part
    parts = part[1:]
    solid = [at for at, one in enumerate(parts) if one not in (_BEGINS, _ENDS)]
    first, last = (solid[0], solid[-1]) if solid else (len(parts), -1)
    kept = (_without_ends(one, begins and at <= first, ends and at >= last) for at, one in enumerate(parts))
    return ("all", *kept)


def _size(part: _Part) -> tuple[int, int]:
    """Letters and classes, and instructions, that the part takes written out."""
    kind = part[0]
    if kind == "set":
        return 1, 1
    if kind == "times":
        letters, instructions = _size(part[1])
        copies = max(part[2] + (part[3] is None and part[2] == 0), part[3] or 0)
        return letters * copies, (instructions + 2) * copies
    sizes = [_size(one) for one in part[1:]]
    more = 2 * len(sizes) if kind == "any" else 0
    return sum(letters for letters, _ in sizes), more + sum(instructions for _, instructions in sizes)


def _longest(part: _Part) -> float:
    kind = part[0]
    if kind == "set":
        return 1
    if kind == "times":
        inner = _longest(part[1])
        return 0 if inner == 0 else inner * (float("inf") if part[3] is None else part[3])
    each = [_longest(one) for one in part[1:]]
    return max(each) if kind == "any" else sum(each)


class _Writer:
    """Parts → instructions: a number takes a letter of that class and goes on, a list goes on at each of its places
    without one, -1 is the end."""

    def __init__(self) -> None:
        self.program: list[Any] = []
        self.classes: dict[Ranges, int] = {}

    def write(self, part: _Part) -> None:
        kind = part[0]
        if kind == "set":
            self.program.append(self.classes.setdefault(part[1], len(self.classes)))
        elif kind == "all":
            for one in part[1:]:
                self.write(one)
        elif kind == "any":
            self.one_of(part[1:])
        else:
            self.times(*part[1:])

    def fork(self) -> list[int]:
        forks: list[int] = []
        self.program.append(forks)
        return forks

    def one_of(self, parts: Sequence[_Part]) -> None:
        ways, jumps = self.fork(), []
        for one in parts:
            ways.append(len(self.program))
            self.write(one)
            jumps.append(self.fork())
        for jump in jumps:
            jump.append(len(self.program))

    def times(self, part: _Part, least: int, most: int | None) -> None:
        last = len(self.program)
        for _ in range(least):
            last = len(self.program)
            self.write(part)
        if most is None and least:
            self.program.append([last, len(self.program) + 1])
        elif most is None:
            start = len(self.program)
            around = self.fork()
            around.append(len(self.program))
            self.write(part)
            self.program.append([start])
            around.append(len(self.program))
        else:
            skips = []
            for _ in range(most - least):
                skip = self.fork()
                skip.append(len(self.program))
                skips.append(skip)
                self.write(part)
            for skip in skips:
                skip.append(len(self.program))


# --- walking --------------------------------------------------------------------------------------------------------


class _State:
    """A set of places in the program: what letters are waited for, whether a text may end here, where letters lead."""

    __slots__ = ("accepts", "moves", "places")

    def __init__(self, places: tuple[int, ...], accepts: bool) -> None:
        self.places, self.accepts = places, accepts
        self.moves: dict[str, _State] = {}


class Pattern:
    """A compiled pattern. `positions`: letters and classes with repetitions written out; `longest`: letters of the
    longest text that it can match, None when there is no end."""

    def __init__(self, classes: Sequence[Ranges], program: Sequence[Any], longest: int | None) -> None:
        self.classes, self.program, self.longest = classes, program, longest
        self.positions = sum(isinstance(one, int) and one >= 0 for one in program)
        self._forget()

    def as_json(self) -> list[Any]:
        """As it travels to phones (docs/form-bundle.md)."""
        return ["pattern", self.longest, [list(ranges) for ranges in self.classes], list(self.program)]

    def matches(self, text: str) -> bool:
        """Whether the whole text matches: as many steps as it has letters, each over places at most `positions`."""
        state = self._start
        for letter in text:
            state = state.moves.get(letter) or self._moved(state, letter)
            if state is self._dead:
                return False
        return state.accepts

    def places_in(self, text: str) -> int:
        """How many places the walk over a text stands at, one after another: what it takes, whatever is kept."""
        state, found = self._start, 0
        for letter in text:
            state = state.moves.get(letter) or self._moved(state, letter)
            found += 1 + len(state.places)
            if state is self._dead:
                break
        return found

    def _forget(self) -> None:
        self._dead = _State((), False)
        self._states: dict[tuple[int, ...], _State] = {(): self._dead}
        self._moves = 0
        self._start = self._state([0])

    def _moved(self, state: _State, letter: str) -> _State:
        """The state after a letter, kept for the next time; when too much is kept, all is forgotten."""
        if self._moves >= MOST_MOVES or len(self._states) >= MOST_STATES:
            self._forget()
        code = ord(letter)
        holds: dict[int, bool] = {}
        reached = []
        for place in state.places:
            wanted = self.program[place]
            if wanted not in holds:
                holds[wanted] = _has(self.classes[wanted], code)
            if holds[wanted]:
                reached.append(place + 1)
        found = state.moves[letter] = self._state(reached)
        self._moves += 1
        return found

    def _state(self, places: Sequence[int]) -> _State:
        """The state of these places and of all that they lead to without a letter."""
        seen: set[int] = set()
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            if place not in seen:
                seen.add(place)
                if isinstance(self.program[place], list):
                    waiting.extend(self.program[place])
        kept = tuple(sorted(place for place in seen if not isinstance(self.program[place], list)))
        if kept not in self._states:
            letters = tuple(place for place in kept if self.program[place] >= 0)
            self._states[kept] = _State(letters, len(letters) < len(kept)) if kept else self._dead
        return self._states[kept]


@lru_cache(maxsize=1000)
def compile_pattern(text: str | None) -> Pattern:
    """The pattern of a text, None where a form gives none but something to be worked out. Raises `PatternError`."""
    if text is None:
        raise PatternError(NOT_LITERAL)
    part = _without_ends(_Reader(text).whole(), True, True)
    letters, instructions = _size(part)
    if letters > MOST_POSITIONS or instructions > MOST_INSTRUCTIONS:
        raise PatternError(TOO_LONG, most=f"{MOST_POSITIONS:,}")
    writer = _Writer()
    writer.write(part)
    longest = _longest(part)
    return Pattern(list(writer.classes), [*writer.program, -1], None if longest == float("inf") else int(longest))


def pattern_of(call: Any) -> Pattern | None:
    """The pattern of a call of `regex()`; None where an older release published one that this one does not take."""
    try:
        return compile_pattern(call[3] if isinstance(call[3], str) else None)
    except PatternError:
        return None


def without_text(tree: Any) -> Any:
    """Trees, and whatever holds them, as phones get them: in the place of each pattern's text its program; null where
    it is not taken."""
    if isinstance(tree, dict):
        return {key: without_text(value) for key, value in tree.items()}
    if not isinstance(tree, list):
        return tree
    if tree[:2] == ["call", "regex"] and len(tree) == 4:
        pattern = pattern_of(tree)
        return ["call", "regex", without_text(tree[2]), pattern.as_json() if pattern else None]
    return [without_text(part) for part in tree]
