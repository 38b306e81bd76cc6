"""What a new password must be: long, and none that is guessed first (NIST SP 800-63B-4, 3.1.1.2). No mixture of
characters is asked for: a sentence is good.

It is read as a guesser would put it together: words of the lists, names of the account, rows of keys, runs and years
count as one or two, every other character as itself; what comes to little is refused, with what it is made of. The
lists: the 30,000 most frequent passwords that the library zxcvbn brings, and what is frequent here (our own words).
Passwords that are there already go on; asked is where one is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from models import Account, Place, PlacePeriod
from survey.problems import Problem
from survey.text import normal, without_tones

SHORTEST, LONGEST = 12, 200
LEAST = 6  # what it must come to: as much as six characters that nobody can foresee
_WORD, _NAME, _RUN = 2, 1, 1  # what a piece comes to, however long
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_HERE = Path(__file__).with_name("bad_passwords.txt")
_LONGEST_WORD = 24


def check(password: str, names: Iterable[str] = ()) -> None:
    """Raises `password_short`, `password_long`, `password_unkept`, `password_named`, `password_row` or
    `password_common`. `names`: of the account, its person and its place."""
    if len(normal("NFC", password)) < SHORTEST:
        raise Problem("password_short")
    if len(password) > LONGEST:
        raise Problem("password_long")
    if not password.isprintable():
        raise Problem("password_unkept")
    worth, made_of = _worth(_plain(password), _pieces_of(names))
    if worth < LEAST:
        raise Problem(made_of)


def names_about(session: Session, account: Account) -> list[str]:
    """What a guesser tries first: the names of the account, of its person, of its place."""
    return [account.username, account.display_name, *names_of_place(session, account.place_id)]


def names_of_place(session: Session, place_id: str | None) -> list[str]:
    """The names of a commune or province and of what it lies in."""
    place = session.get(Place, place_id) if place_id else None
    if place is None:
        return []
    names = session.scalars(select(PlacePeriod.name).where(PlacePeriod.place_id == place.id))
    return [*names, *names_of_place(session, place.parent_id)]


def _plain(text: str) -> str:
    """Small letters without marks, nothing between the words: "Mật khẩu-2026" is "matkhau2026"."""
    return "".join(one for one in without_tones(normal("NFKC", text)) if one not in " -_.,")


def _pieces_of(names: Iterable[str]) -> set[str]:
    """Each name, each of its words, and whatever of them stands side by side, if it is long enough to be seen."""
    found = set()
    for name in names:
        words = [_plain(word) for word in name.replace("-", " ").replace(".", " ").split()][:12]
        found |= {"".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1)}
    return {piece for piece in found if len(piece) >= 3}


@cache
def _bad_words() -> frozenset[str]:
    own = {line for line in _HERE.read_text("utf-8").split("\n") if line and not line.startswith("#")}
    return frozenset(own | {word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 4})


def _worth(text: str, names: set[str]) -> tuple[int, str]:
    """(the least that a guesser needs, and the refusal that says what it is made of)."""
    block = _repeated(text)
    if len(block) < len(text):
        worth, _made = _worth(block, names)
        return worth + 1, "password_row"
    # The cheapest way to put together the first n characters: what it comes to, and what it uses.
    best: list[tuple[int, frozenset[str]]] = [(0, frozenset())]
    for end in range(1, len(text) + 1):
        worth, used = best[end - 1]
        ways = [(worth + 1, used)]
        for start in range(max(0, end - _LONGEST_WORD), end - 2):
            for cost, what in _kinds(text[start:end], names):
                ways.append((best[start][0] + cost, best[start][1] | {what}))
        best.append(min(ways, key=lambda way: way[0]))
    worth, used = best[-1]
    order = ("password_named", "password_common", "password_row")
    return worth, next((what for what in order if what in used), "password_row")


def _kinds(piece: str, names: set[str]) -> list[tuple[int, str]]:
    kinds = []
    if piece in names:
        kinds.append((_NAME, "password_named"))
    if _is_run(piece) or (len(piece) == 4 and piece.isdecimal() and piece[:2] in ("19", "20")):
        kinds.append((_RUN, "password_row"))
    if len(piece) >= 4 and piece in _bad_words():
        kinds.append((_WORD, "password_common"))
    return kinds


def _is_run(piece: str) -> bool:
    """One character again and again, or neighbours in a row of keys or letters, either way."""
    return len(set(piece)) == 1 or any(piece in row or piece[::-1] in row for row in _ROWS)


def _repeated(text: str) -> str:
    """What a text is made of by being said several times: "ababab" of "ab"; the text itself otherwise."""
    at = (text + text).find(text, 1) if text else 0
    return text[:at]
