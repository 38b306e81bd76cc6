"""What happens in a seed: a list of steps, decided by the seed alone.

A step is a dict with what is done ("do"), by whom, and what goes wrong meanwhile:

    line   what the phone's next requests meet (line.Weather)
    dies   the tab dies instead of taking this step of its own with disk or network
"""

from __future__ import annotations

from random import Random
from typing import Any

Step = dict[str, Any]

FIRST = range(1, 51)  # what goes before each landing: the few in `make test`, the others of them in `make further`
FEW = (13, 14, 18, 26, 44, 45, 47)  # tests/faults/test_schedule.py: they meet all that those fifty meet

DAY = 86_400
FULL = ("request", "commit")  # when a phone notices that its disk is full
LEAPS = (-400 * DAY, -2 * DAY, -3600, 1800, 3 * DAY, 400 * DAY)  # seconds a clock is wrong by
CUTS = ("cut_answer", "cut_answer", "cut_answer", "cut_request", "short_answer", "garble", "forge")
REST = ("refuse", "drop_request", "drop_answer", "twice", "at_once", "hold_request", "hold_answer", "portal",
        "redirect", "gateway", "stale")  # fmt: skip
WEATHERS = (0, 1, 1, 1, 2, 3)  # how many things go wrong in a talk
REQUESTS = ("push", "push", "push", "receipts", "file", "file", "hello", "register", "form", "any")
SENDING = ("push", "push", "push", "receipts", "file", "file")
NARROW = (6_500, 9_000, 20_000, 70_000)  # bytes that get through in one request: a part, an interview
KILLS = {"hello": 15, "push": 80, "file": 30}  # about so many steps a request takes with database and disk
AT_COMMIT = {"hello": 0.5, "push": 0.6, "file": 0.2}  # so often the office dies there, else at one of these steps
HOUSEHOLDS = {"enumerator": ("ho-1", "ho-2", "ho-3"), "enumerator-2": ("ho-4",)}


def schedule(seed: int) -> tuple[list[str], list[Step]]:
    """Who holds each phone (usernames), and what happens."""
    chance = Random(seed)
    people = ["enumerator", *chance.choices(["enumerator", "enumerator-2"], k=chance.randrange(3))]
    return people, [_step(chance, people) for _ in range(chance.randint(8, 20))]


def _step(chance: Random, people: list[str]) -> Step:
    kind = chance.choices(list(STEPS), [weight for weight, _ in STEPS.values()])[0]
    return {"do": kind} | STEPS[kind][1](chance, people)


def _who(chance: Random, people: list[str]) -> Step:
    return {"phone": chance.randrange(len(people)), "tab": chance.choice((0, 0, 0, 1))}


def _dies(chance: Random, often: float, within: int) -> Step:
    return {"dies": chance.randrange(within)} if chance.random() < often else {}


def _interview(chance: Random, people: list[str]) -> Step:
    who = _who(chance, people)
    household = chance.choice(HOUSEHOLDS[people[who["phone"]]])
    asked = {"household": household, "answers": chance.randint(1, 6), "photos": chance.choice((0, 0, 1, 1, 2))}
    full = {"full": [chance.randrange(asked["answers"]), chance.choice(FULL)]} if chance.random() < 0.1 else {}
    return who | asked | {"finish": chance.random() < 0.7} | full | _dies(chance, 0.15, 40)


def _finish(chance: Random, people: list[str]) -> Step:
    return _who(chance, people) | _dies(chance, 0.25, 12)


def _line(chance: Random, requests: tuple[str, ...] = REQUESTS, often: tuple[int, ...] = WEATHERS) -> list[Any]:
    weather: list[Any] = []
    for _ in range(chance.choice(often)):
        what = chance.choice(CUTS) if chance.random() < 0.5 else chance.choice(REST)
        on = chance.choice(requests)
        if chance.random() < 0.3 and on in KILLS:
            step = [on, "kill", chance.randrange(KILLS[on])]
            weather.append([on, "kill_commit", chance.random()] if chance.random() < AT_COMMIT[on] else step)
            continue
        if what in ("garble", "forge") and on not in ("push", "file"):  # what is not signed, TLS protects
            what = "cut_answer"
        weather.append([on, what, round(chance.random(), 4)])
    return weather


def hardship(chance: Random) -> list[list[Any]]:
    """What a line or an office may be like for a whole talk, and everything that is finished goes all the same."""
    kind = chance.choice(("none", "narrow", "narrow", "out", "stall"))
    if kind == "none":
        return []
    if kind == "narrow":
        return [["any", "narrow", chance.choice(NARROW)]]
    status = chance.choice((403, 404, 500, 503, 507)) if kind == "out" else 0
    return [[chance.choice(("register", "form", "receipts")), kind, status]]


def _sync(chance: Random, people: list[str]) -> Step:
    line = _line(chance) + (hardship(chance) if chance.random() < 0.2 else [])
    return _who(chance, people) | {"line": line} | _dies(chance, 0.15, 30)


def _outing(chance: Random, people: list[str]) -> Step:
    """A household is asked and sent, once more when that was cut off: the line has something to break at."""
    asked = _interview(chance, people) | {"finish": True, "photos": chance.choice((0, 1, 1, 2))}
    who = {"phone": asked["phone"], "tab": asked["tab"]}
    requests = SENDING if asked["photos"] else ("push",)
    talks = [
        {"do": "sync"} | who | {"line": _line(chance, requests, (1,))} | _dies(chance, 0.1, 30)
        for _ in range(chance.randint(1, 3))
    ]
    return {"steps": [{"do": "interview"} | asked, *talks]}


def _at_once(chance: Random, people: list[str]) -> Step:
    """Two people, or two tabs of one phone, at the same time; or the office goes down meanwhile."""
    kind = chance.choice(("phones", "tabs", "tabs finish", "office"))
    if kind == "phones":
        steps = [{"do": "sync"} | _sync(chance, people) | {"phone": phone} for phone in range(len(people))]
    elif kind == "office":
        steps = [{"do": "sync"} | _sync(chance, people), {"do": "office restarts", "release": "release-1"}]
    else:
        what = "finish" if kind == "tabs finish" else "sync"
        phone = chance.randrange(len(people))
        steps = [{"do": what} | STEPS[what][1](chance, people) | {"phone": phone, "tab": tab} for tab in (0, 1)]
    return {"steps": steps}


def _nothing(_chance: Random, _people: list[str]) -> Step:
    return {}


def _wrong_clock(chance: Random, people: list[str]) -> Step:
    return _who(chance, people) | {"seconds": chance.choice((0, *LEAPS))}


# name: (weight, what else is decided)
STEPS: dict[str, tuple[int, Any]] = {
    "interview": (16, _interview),
    "finish": (8, _finish),
    "sync": (20, _sync),
    "outing": (32, _outing),
    "at once": (10, _at_once),
    "PIN chosen": (3, lambda chance, people: _who(chance, people) | _dies(chance, 0.4, 40)),
    "tab closed": (3, _who),
    "connection lost": (2, _who),
    "phone's clock": (3, _wrong_clock),
    "phone full": (2, lambda chance, people: _who(chance, people) | {"when": chance.choice(FULL)}),
    "phone has room": (4, _who),
    "late": (3, _who),
    "office killed": (3, _nothing),
    "office restarts": (4, lambda chance, _: {"release": f"release-{chance.randint(1, 3)}"}),
    "office's clock": (2, lambda chance, _: {"seconds": chance.choice((0, -3600, 3600, 2 * DAY, 300 * DAY))}),
    "backup": (4, _nothing),
    "restore": (6, _nothing),
    "database full": (2, _nothing),
    "files full": (2, lambda chance, _: {"when": chance.choice((1, 2))}),
    "office has room": (2, _nothing),
    "revoked": (2, lambda chance, people: {"username": chance.choice(people)}),
    "allowed again": (2, lambda chance, people: {"username": chance.choice(people)}),
    "moved": (2, lambda chance, people: {"household": chance.choice(("ho-1", "ho-2"))}),
}
