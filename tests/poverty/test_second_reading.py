"""The product beside a second reading of the law (second_reading.py), on random households: no difference is accepted.

`make test` judges 1,500 of them, `make journeys` 50,000 (SECOND_READING).
`python -m tests.poverty.test_second_reading 5000` prints
what was judged, what the readings that are open would change, and each difference with its smallest case.
"""

from __future__ import annotations

import copy
import csv
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from itertools import combinations
from random import Random
from typing import Any

import pytest

from survey.form.record import Clock, evaluate
from survey.poverty.assess import assess
from tests.form.test_two_evaluators import Phone
from tests.poverty.households import FILE, QUESTIONNAIRES, household_form, read_cases
from tests.poverty.random_households import Household, household, interview, placed
from tests.poverty.second_reading import CHOSEN, INDICATORS, READINGS, Finding, Law, heard, judge

HOUSEHOLDS = int(os.environ.get("SECOND_READING", "1500"))
PARTS = 10  # so that several processes share them
SAMPLE = 300  # judged by the phone too
PAIRS = 150  # of households, for each property
# Another day than any review: everything follows the day of the interview.
CLOCK = Clock(today=date(2027, 5, 1), now=datetime(2027, 5, 1, 2, 0, tzinfo=UTC))
FORM = household_form()
POINTS = {
    (row["item"], row["answer"], row["region"]): float(row["points"])
    for row in csv.DictReader((QUESTIONNAIRES / "diem_b1.csv").read_text(encoding="utf-8").splitlines())
}
CLASSES = ("khong_ngheo", "ho_can_ngheo", "ho_ngheo")

Facts = dict[str, Any]  # the age of each member, each indicator and by whom, points, class


def law(answers: Household, reading: Law = CHOSEN) -> Facts:
    return facts_of(judge(answers, POINTS, reading), [person["ho_ten"] for person in heard(answers)["thanh_vien"]])


def facts_of(found: Finding, names: list[str]) -> Facts:
    ages = {f"age of {name}": age for name, age in zip(names, found.ages, strict=True)}
    by = {f"{name} by": found.causes[name] for name in found.causes if found.deprived[name]}
    return ages | found.deprived | by | {"b1": found.b1, "b2": found.b2, "class": found.household_class}


def server(answers: Household) -> Facts:
    evaluation = evaluate(FORM, answers, CLOCK)
    found = assess(FORM, evaluation)
    indicators = {
        str(result.indicator): (result.deprived, {because.member for because in result.because})
        for result in found.indicators
    }
    return product_facts(evaluation.values, indicators, found.b1, found.b2, found.household_class)


def on_the_phone(phone: Phone, answers: Household) -> Facts:
    outcome = phone.evaluate(FORM, answers)
    found = outcome["assessment"]
    indicators = {
        one["key"]: (one["deprived"], {because["member"] for because in one["because"]}) for one in found["indicators"]
    }
    return product_facts(outcome["values"], indicators, found["b1"], found["b2"], found["class"])


def product_facts(
    values: dict[str, Any],
    indicators: dict[str, tuple[bool | None, set[str | None]]],
    b1: float | None,
    b2: float | None,
    household_class: str | None,
) -> Facts:
    people = [person for person in values.get("thanh_vien", ()) if "ho_ten" in person]
    ages = {f"age of {person['ho_ten']}": person.get("tuoi") for person in people}
    deprived = {name: found for name, (found, _) in indicators.items()}
    by = {f"{name} by": frozenset(filter(None, who)) for name, (found, who) in indicators.items() if found}
    return ages | deprived | by | {"b1": b1, "b2": b2, "class": household_class and str(household_class)}


@dataclass(frozen=True)
class Difference:
    """A fact that the product gives otherwise: `wrong`; `hasty` while the law cannot know; `late` where it can."""

    fact: str
    law: Any
    product: Any

    @property
    def kind(self) -> str:
        return "hasty" if self.law is None else "late" if self.product is None else "wrong"

    @property
    def sort(self) -> tuple[str, str]:
        """Differences that probably are one: the fact without the person, and the direction."""
        fact = "age" if self.fact.startswith("age of") else self.fact
        told = f": {self.law} → {self.product}" if fact in (*INDICATORS, "class") else ""
        return fact, self.kind + told


def differences(expected: Facts, found: Facts) -> list[Difference]:
    """What is not as the law says. Which members are named is held where both find the household deprived and name
    persons at all. The sum of B2 is held where the indicators agree. A total of B1 that comes later than it could is no
    harm: the class is held by itself."""
    wrong: list[Difference] = []
    for fact in expected:
        if fact == "b2" and any(difference.fact in INDICATORS for difference in wrong):
            continue
        if fact.endswith(" by"):
            if not expected[fact] or found.get(fact) is None:
                continue
        elif fact == "b1" and found[fact] is None:
            continue
        if found.get(fact) != expected[fact]:
            wrong.append(Difference(fact, expected[fact], found.get(fact)))
    return wrong


@cache
def interview_of(number: int) -> tuple[Household, Household]:
    """The household with this number as it is in truth, and one interview of it: in turn whole, with answers missing,
    with stale answers behind questions that are not asked, and both."""
    rng = Random(f"household {number}")
    truth = household(rng)
    return truth, interview(truth, rng, missing=number % 2 == 1, stale=number % 4 >= 2)


# --- The comparison ----------------------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.many
@pytest.mark.parametrize("part", range(PARTS))
def test_the_server_judges_as_the_law_is_read_a_second_time(part: int) -> None:
    seen = Comparison()
    for number in range(part, HOUSEHOLDS, PARTS):
        seen.compare(number, interview_of(number)[1])
    assert not seen.sorts, seen.told()


def test_the_phone_judges_as_the_law_is_read_a_second_time(phone: Phone) -> None:
    seen = Comparison(phone)
    for number in range(SAMPLE):
        seen.compare(number, interview_of(number)[1])
    assert not seen.sorts, seen.told()


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    running = Phone()
    yield running
    assert running.process.stdin and running.process.stdout
    running.process.stdin.close()
    running.process.wait(10)
    running.process.stdout.close()


@dataclass
class Comparison:
    phone: Phone | None = None
    judged: int = 0
    sorts: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # → the numbers of the households

    def compare(self, number: int, answers: Household) -> None:
        self.judged += 1
        for difference in differences(law(answers), self.product(answers)):
            self.sorts.setdefault(difference.sort, []).append(number)

    def product(self, answers: Household) -> Facts:
        return server(answers) if self.phone is None else on_the_phone(self.phone, answers)

    def told(self, most: int = 6) -> str:
        """Each sort of difference with a smallest household, and the misreading or other reading that would make it."""
        lines = [f"{self.judged} households judged, {len(self.sorts)} sorts of difference"]
        for sort, numbers in sorted(self.sorts.items(), key=lambda one: -len(one[1]))[:most]:
            answers = smallest(interview_of(numbers[0])[1], sort)
            lines += [f"{len(numbers)} × {sort[0]}: {sort[1]} (the first is household {numbers[0]})"]
            lines += [f"    {line}" for line in told(answers)] + [f"    as if {explanation(answers)}"]
        return "\n".join(lines)


def explanation(answers: Household) -> str:
    """The fewest readings that, changed, leave nothing wrong or hasty; "-" when none does, or nothing is."""
    found = server(answers)
    others = [(name, value) for name, reading in READINGS.items() for value in reading.values[1:]]
    for count in (0, 1, 2):
        for some in combinations(others, count):
            left = differences(law(answers, Law(dict(some))), found)
            if len(dict(some)) == count and all(difference.kind == "late" for difference in left):
                return ", ".join(f"{name} = {value}" for name, value in some) or "-"
    return "-"


def smallest(answers: Household, sort: tuple[str, str]) -> Household:
    """A household that differs in the same sort and from which nothing can be taken: no person, no unusual answer."""
    if not _differs(answers, sort):  # seen on the phone only
        return answers
    best, shrinks = answers, True
    while shrinks:
        shrinks = False
        for candidate in _smaller(best):
            if _differs(candidate, sort):
                best, shrinks = candidate, True
                break
    return best


def _differs(answers: Household, sort: tuple[str, str]) -> bool:
    return any(difference.sort == sort for difference in differences(law(answers), server(answers)))


PLAIN: dict[str, dict[str, Any]] = {  # by group; answers that deprive nobody, of an adult who is at home
    "": {"khu_vuc": "nong_thon", "vung": "mien_nui_phia_bac", "cach_b1": "nhap_tong"},
    "thong_tin_ho": {"dong_y": "co"},
    "thanh_vien": {
        "ngay_sinh": 1, "thang_sinh": 1, "nam_sinh": 1980, "gioi_tinh": "nam", "tro_cap_xa_hoi": "khong",
        "the_bhyt": "co", "trinh_do_van_hoa": "thpt", "trinh_do_dao_tao": "so_cap", "internet": "co",
        "tinh_trang_viec_lam": "huu_noi_tro", "luong_huu": "khong",
    },
    "nha_o": {"tuong": "gach_da", "cot": "be_tong", "mai": "ngoi", "dien_tich": 200},
    "dien_nuoc": {"nguon_nuoc": "may", "loai_nha_tieu": "tu_hoai", "nguon_dien": "khong"},
    "tai_san_ho": {"tai_san": "khong", "dat": "khong", "vat_nuoi": "khong", "thuy_san": "khong"},
    "thong_tin": {"phuong_tien": "tivi"},
    "thu_nhap": {"b1_nhap": 120},
    "xac_nhan": {},
}  # fmt: skip
KEPT = ("ngay_ra_soat", "ho_ten")


def placed_by_group(answers: Household) -> Iterator[tuple[str, Household]]:
    """The household's own answers, each group's, each member's, with the group's name."""
    yield "", answers
    for name, value in answers.items():
        for place in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
            yield name, place


def _smaller(answers: Household) -> Iterator[Household]:
    """Each household that is plainer by one thing."""
    people = answers["thanh_vien"]
    for at in range(len(people)):
        yield {**answers, "thanh_vien": people[:at] + people[at + 1 :]}
    for at, (group, place) in enumerate(placed_by_group(answers)):
        for name, value in (PLAIN[group] | place).items():
            plain = PLAIN[group].get(name)
            if isinstance(value, (dict, list)) or name in KEPT or (name in place and place[name] == plain):
                continue
            candidate = copy.deepcopy(answers)
            _, where = list(placed_by_group(candidate))[at]
            where[name] = plain
            if plain is None:
                del where[name]
            yield candidate


def told(answers: Household) -> Iterator[str]:
    """The answers that are not plain, those that are missing (None), and what law and product make of them."""
    for group, place in placed_by_group(answers):
        expected = PLAIN[group]
        said = {name: value for name, value in place.items() if expected.get(name) != value}
        said |= dict.fromkeys(name for name in expected if name not in place)
        said = {name: value for name, value in said.items() if not isinstance(value, (dict, list))}
        if said:
            yield f"{group or 'review'}: {said}"
    for difference in differences(law(answers), server(answers)):
        yield f"{difference.fact}: law {_shown(difference.law)}, product {_shown(difference.product)}"


def _shown(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


# --- Properties of the product -----------------------------------------------------------------------------------


def whole(count: int) -> Iterator[tuple[int, Household]]:
    """Households that agreed to answer, with an answer to everything."""
    every = ((number, interview_of(number)[0]) for number in range(HOUSEHOLDS))
    agreed = ((number, truth) for number, truth in every if truth["thong_tin_ho"]["dong_y"] == "co")
    return (next(agreed) for _ in range(count))


@pytest.mark.thorough
def test_the_order_of_the_members_changes_nothing() -> None:
    for number in range(PAIRS):
        answers = interview_of(number)[1]
        people = list(answers["thanh_vien"])
        Random(number).shuffle(people)
        assert server({**answers, "thanh_vien": people}) == server(answers), number


@pytest.mark.thorough
def test_answers_behind_questions_that_are_not_asked_change_nothing() -> None:
    for number, truth in whole(PAIRS):
        assert server(truth) == server(heard(truth)), number


LOWER = dict(zip(("tieu_hoc", "thcs", "thpt"), ("chua_tieu_hoc", "tieu_hoc", "thcs"), strict=True))
LOWER_LEVEL = dict(
    zip(
        "tieu_hoc thcs thpt trung_cap cao_dang dai_hoc".split(),
        "mam_non tieu_hoc thcs thpt thpt cao_dang".split(),
        strict=True,
    )
)
# question → (the worse answer by the law's own words, the indicators that it may deprive)
WORSE: dict[str, tuple[Any, tuple[str, ...]]] = {
    "the_bhyt": (lambda said: "khong", ("bhyt",)),
    "suy_dinh_duong": (lambda said: "co", ("dinh_duong",)),
    "tro_cap_xa_hoi": (lambda said: "khuyet_tat", ("nguoi_phu_thuoc",)),
    "dang_di_hoc": (lambda said: "khong", ("gd_nguoi_lon", "gd_tre_em")),
    "trinh_do_van_hoa": (lambda said: LOWER.get(said, said), ("gd_nguoi_lon",)),
    "trinh_do_dao_tao": (lambda said: "chua_qua", ("gd_nguoi_lon",)),
    "vua_hoc_vua_lam": (lambda said: "khong", ("gd_nguoi_lon",)),
    "cap_hoc": (
        lambda said: LOWER_LEVEL.get(said, said),
        ("gd_nguoi_lon",),
    ),  # of adults only: a child has one right level
    "internet": (lambda said: "khong", ("vien_thong",)),
    "tinh_trang_viec_lam": (lambda said: "khong_viec", ("viec_lam",)),
    "hop_dong": (lambda said: "khong", ("viec_lam",)),
    "tuong": (lambda said: "dat_voi", ("nha_o_chat_luong",)),
    "cot": (lambda said: "tre_go_tap", ("nha_o_chat_luong",)),
    "mai": (lambda said: "la_ranh", ("nha_o_chat_luong",)),
    "dien_tich": (lambda said: said / 2, ("nha_o_dien_tich",)),
    "nguon_nuoc": (lambda said: "song_suoi", ("nuoc",)),
    "loai_nha_tieu": (lambda said: "khong_co", ("nha_tieu",)),
    "phuong_tien": (lambda said: "khong", ("phuong_tien_tt",)),
}


def worsened(truth: Household, rng: Random) -> tuple[str, Household] | None:
    """The household with one answer worse than it was, if the answer that chance names can be."""
    changed = copy.deepcopy(truth)
    question = rng.choice(list(WORSE))
    places = [place for place in placed(changed) if question in place]
    if question == "cap_hoc":
        born_before = int(truth["ngay_ra_soat"][:4]) - 17
        places = [place for place in places if place["nam_sinh"] <= born_before]
    if not places:
        return None
    place = rng.choice(places)
    worse = WORSE[question][0](place[question])
    if worse == place[question]:
        return None
    place[question] = worse
    return question, changed


@pytest.mark.thorough
def test_a_worse_answer_never_helps_and_a_better_one_never_harms() -> None:
    """Read from the worse to the better household, it is the same pair: one comparison holds both."""
    tried: Counter[str] = Counter()
    for number, truth in whole(2 * PAIRS):
        changed = worsened(truth, Random(f"worse {number}"))
        if changed is None:
            continue
        question, worse = changed
        tried[question] += 1
        before, after = server(truth), server(worse)
        lost = [name for name in INDICATORS if before[name] and not after[name]]
        won = [name for name in INDICATORS if after[name] and not before[name]]
        assert not lost, (number, question, lost)
        assert set(won) <= set(WORSE[question][1]), (number, question, won)
        if truth["cach_b1"] != "bang_diem":
            assert CLASSES.index(after["class"]) >= CLASSES.index(before["class"]), (number, question)
    print(f"made worse: {dict(tried)}")
    assert set(tried) == set(WORSE)


# --- The second reading itself -----------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_households_have_every_answer_every_class_and_every_indicator() -> None:
    counts = Counts()
    for number in range(2000):
        counts.count(interview_of(number)[1])
    print(counts.told())
    for name in INDICATORS:
        assert min(counts.deprived[name, value] for value in (True, False, None)) >= 40, name
    assert min(counts.classes[name] for name in (*CLASSES, None)) >= 200
    assert (
        min(counts.ages[age] for age in (2, 3, 5, 6, 10, 11, 14, 15, 16, 17, 18, 29, 30, 31, 35, 56, 57, 60, 61)) >= 10
    )
    for item in FORM.nodes():
        names = {choice["name"] for choice in FORM.choices.get(item.list or "", ())}
        if item.name in counts.answers and item.name not in ("dan_toc", "nguyen_nhan"):
            assert names <= counts.answers[item.name], item.name


def test_what_the_texts_name_has_an_answer_and_no_answer_judges_itself() -> None:
    """b2_items_1_12_update.csv 9 and 10, word by word; who answers names a kind, the law says what it is worth."""
    named = {
        "nguon_nuoc": "nước máy|giếng khoan|giếng đào được bảo vệ|mó được bảo vệ|nước mưa|đóng chai",
        "loai_nha_tieu": "tự hoại|bán tự hoại|thấm dội|thông hơi|bệ ngồi|hai ngăn",
    }
    for question, words in named.items():
        labels = [choice["label"]["vi"].casefold() for choice in FORM.choices[question]]
        for word in words.split("|"):
            assert any(word in label for label in labels), f"{question}: no answer «{word}»"
        assert not [label for label in labels if "hợp vệ sinh" in label], question


@dataclass
class Counts:
    households: int = 0
    members: int = 0
    deprived: Counter[tuple[str, bool | None]] = field(default_factory=Counter)
    classes: Counter[str | None] = field(default_factory=Counter)
    ages: Counter[int | None] = field(default_factory=Counter)
    answers: dict[str, set[str]] = field(default_factory=dict)

    def count(self, answers: Household) -> None:
        found = judge(answers, POINTS)
        self.households += 1
        self.members += len(found.ages)
        self.deprived.update(found.deprived.items())
        self.classes[found.household_class] += 1
        self.ages.update(found.ages)
        for place in placed(heard(answers)):
            for name, value in place.items():
                if isinstance(value, str):
                    self.answers.setdefault(name, set()).update(value.split())

    def told(self) -> str:
        lines = [f"{self.households} households, {self.members} members; classes {dict(self.classes)}"]
        for name in INDICATORS:
            yes, no, unknown = (self.deprived[name, value] for value in (True, False, None))
            lines.append(f"  {name:18} deprived {yes:5}  not {no:5}  not known {unknown:5}")
        return "\n".join(lines)


# Where each decided when this was last looked for: asked first, because there are thousands in between.
DECIDING = (1, 2, 3, 4, 8, 9, 13, 19, 22, 23, 24, 28, 87, 109, 116, 268, 440, 820, 2312)


def test_every_reading_decides_about_some_household() -> None:
    """A parameter that changes nothing would be no parameter."""
    waiting = {(name, value) for name, reading in READINGS.items() for value in reading.values[1:]}
    for number in (*DECIDING, *range(5000)):
        answers = interview_of(number)[1]
        chosen = law(answers)
        waiting -= {(name, value) for name, value in waiting if law(answers, Law({name: value})) != chosen}
        if not waiting:
            return
    assert not waiting


def test_the_readable_cases_are_judged_alike_by_the_second_reading() -> None:
    """tests/cases/households.md, which an official reads: neither this reading nor the table is alone."""
    apart = []
    for case in read_cases(FORM, FILE.read_text(encoding="utf-8")):
        found = judge(case.answers, POINTS)
        given = (found.household_class, found.b2, *found.deprived.values())
        written = (case.household_class, case.b2, *case.deprived)
        names = ("class", "b2", *INDICATORS)
        apart += [
            f"{case.name}: {name}: written {there}, read {here}"
            for name, there, here in zip(names, written, given, strict=True)
            if there != here
        ]
    assert not apart, "\n".join(apart)


def hanging(numbers: range) -> Iterator[str]:
    """How many classes of whole interviews each other reading would change."""
    whole_ones = [interview_of(number)[1] for number in numbers if number % 2 == 0]
    chosen = [judge(answers, POINTS).household_class for answers in whole_ones]
    for name, reading in READINGS.items():
        for value in reading.values[1:]:
            other = [judge(answers, POINTS, Law({name: value})).household_class for answers in whole_ones]
            moved = sum(a != b for a, b in zip(chosen, other, strict=True))
            status = "closed" if reading.closed else "open"
            yield f"  {status:6} {name} = {value} (not {reading.chosen}): {moved} of {len(chosen)}"


if __name__ == "__main__":
    numbers = range(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
    counts, seen = Counts(), Comparison()
    for number in numbers:
        counts.count(interview_of(number)[1])
        seen.compare(number, interview_of(number)[1])
    print(counts.told())
    print("classes that another reading changes:", *hanging(numbers), sep="\n")
    print(seen.told(most=99))
