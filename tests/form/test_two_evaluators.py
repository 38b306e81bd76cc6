"""The server's evaluator and the phone's, side by side on generated expressions and households: never different."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import forms as bench
from survey.form.form import Form, Item
from survey.form.record import Clock, evaluate
from survey.poverty.assess import assess
from survey.xlsform.compile import Compiler, compile_workbook
from tests.cases.compile_expressions import TABLE, workbook
from tests.examples import examples
from tests.poverty.households import household_form

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
CLOCK = Clock(NOW.date(), NOW)
CLOCK_JSON = {"today": "2026-11-23", "now": "2026-11-23T01:30:00.000+00:00"}


class Phone:
    """The JavaScript evaluator, running."""

    def __init__(self) -> None:
        node = shutil.which("node")
        assert node, "node is needed"
        script = str(ROOT / "tests" / "static" / "engine" / "evaluator.js")
        self.process = subprocess.Popen([node, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.known: set[str] = set()

    def evaluate(
        self, form: Form, answers: Any, typing: bool = False, steps: Any = None, counting: bool = False
    ) -> Any:
        assert self.process.stdin and self.process.stdout
        message = {"id": form.hash, "answers": answers, "clock": CLOCK_JSON, "typing": typing, "steps": steps}
        message["counting"] = counting
        if form.hash not in self.known:
            message["bundle"] = form.for_engine(form.as_json())
            self.known.add(form.hash)
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    running = Phone()
    yield running
    assert running.process.stdin
    running.process.stdin.close()
    running.process.wait(10)
    assert running.process.stdout
    running.process.stdout.close()


def on_the_server(form: Form, answers: Any) -> dict[str, Any]:
    done = evaluate(form, answers, CLOCK)
    found = assess(form, done)
    return {
        "values": done.values,
        "relevant": done.relevant,
        "problems": [problem.as_json() for problem in done.problems],
        "assessment": {
            "class": found.household_class,
            "b1": found.b1,
            "b2": found.b2,
            "deprivedCount": found.deprived_count,
            "illustrative": found.illustrative,
            "refused": found.refused,
            "persons": found.persons,
            "headName": found.head_name,
            "indicators": [
                {
                    "key": result.indicator,
                    "dimension": result.dimension,
                    "label": form.indicators[at].label,
                    "law": form.indicators[at].law,
                    "deprived": result.deprived,
                    "because": [because.as_json() for because in result.because],
                }
                for at, result in enumerate(found.indicators)
            ],
        },
    }


def plain_json(value: Any) -> Any:
    """As JSON prints it, so that 1 and 1.0 are one."""
    return json.loads(json.dumps(value), parse_int=float)


# --- expressions ----------------------------------------------------------------------------------------------------

NODES = st.sampled_from(["/data/tv", "/data/tv/tuoi", "/data/tv/luong", "/data/tv[tuoi > 10]", "/data/tv/biet_chu"])
COMPARE = st.sampled_from("= != < <= > >=".split())


def made(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions of a pattern: each § filled by one of the parts."""
    pieces = pattern.split("§")
    return st.tuples(*parts).map(lambda t: pieces[0] + "".join(x + y for x, y in zip(t, pieces[1:], strict=True)))


def names(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(text.split())


# Numbers, texts and truths each on their own, so that an operator mostly meets what it is for and its result shows;
# `deep` bounds the nesting.
PLAIN_NUMBER = names("0 1 2.5 0.5 16 100 3 -2.5 -3 -0.5 0.1 ${so} ${le} ${am} ${an} ${trong} /data/tv[2]/tuoi")
PLAIN_TEXT = st.sampled_from(
    ["''", "'a'", "'12'", "' 7 '", "'2026-01-31'", "'Bản Nà'", "${chu}", "${trong}", "${nhieu}", "${ngay}"]
)


@cache
def number(deep: int) -> st.SearchStrategy[str]:
    if deep == 0:
        return PLAIN_NUMBER
    n, t, b = number(deep - 1), text(deep - 1), truth(deep - 1)
    return st.one_of(
        n,
        made("(§ § §)", n, names("+ - * div mod"), n),
        made("(§ § §)", n, names("+ - * div mod"), n),
        made("(-§)", n),
        made("§(§)", names("int round floor ceiling abs number sqrt"), n),
        made("round(§, §)", n, names("0 1 2 -1")),
        made("pow(§, §)", n, names("0 1 2 0.5 -1 3 400 401")),
        made("if(§, §, §)", b, n, n),
        made("§(§)", names("count sum min max count-non-empty number"), NODES),
        made("count(/data/tv[tuoi § §])", COMPARE, n),
        made("sum(/data/tv[§ § luong]/tuoi)", n, COMPARE),
        made("max(§, §, §)", n, n, n),
        made("§(§)", names("sin cos tan asin acos atan log log10 exp exp10"), n),
        made("atan2(§, §)", n, n),
        made("distance(concat(§, ' ', §, ';', §, ' ', §))", n, n, n, n),
        made("area(concat(§, ' ', §, ';', §, ' ', §, ';1 1;2 5'))", n, n, n, n),
        made("decimal-time(§)", t),
        made("§(§)", names("number string-length count-selected decimal-date-time"), t),
    )


@cache
def text(deep: int) -> st.SearchStrategy[str]:
    if deep == 0:
        return PLAIN_TEXT
    n, t, b = number(deep - 1), text(deep - 1), truth(deep - 1)
    return st.one_of(
        t,
        made("string(§)", st.one_of(n, b)),
        made("concat(§, §)", t, st.one_of(t, n, NODES)),
        made("join('-', §)", NODES),
        made("coalesce(§, §)", t, t),
        made("if(§, §, §)", b, t, t),
        made("substr(§, §, §)", t, n, n),
        made("substring(§, §, §)", t, n, n),
        made("§(§, §)", names("substring-before substring-after selected-at"), t, st.one_of(t, n)),
        made("translate(§, §, §)", t, t, t),
        made("normalize-space(§)", t),
        made("date(§)", st.one_of(t, n)),
        made("date-time(§)", st.one_of(t, n)),
        made("format-date-time(date-time(§), '%y-%m-%dT%H:%M:%S.%3 %h %e %b %a')", st.one_of(t, n)),
        made("join(',', randomize(/data/tv/tuoi, §))", n),
        made("jr:choice-name(§, '${mot}')", t),
        made("indexed-repeat(${ten}, ${tv}, §)", n),
        made("pulldata('bang', 'diem', 'ma', §)", st.one_of(t, n)),
        made("digest(§, '§', '§')", st.one_of(t, n, NODES), names("MD5 SHA-1 SHA-256 SHA-512"), names("hex base64")),
        made("base64-decode(§)", st.one_of(t, st.just("digest('a', 'MD5')"), st.just("'TMOyIFbEg24='"))),
        made("format-date(§, '%d/%m/%Y %n')", t),
        made("instance('bang')/root/item[ma = § and vung = 'y']/diem", st.one_of(t, n)),
        made("instance('bang')/root/item[so § §]/ma", COMPARE, n),
    )


@cache
def truth(deep: int) -> st.SearchStrategy[str]:
    if deep == 0:
        return made("§()", names("true false"))
    n, t, b = number(deep - 1), text(deep - 1), truth(deep - 1)
    return st.one_of(
        made("(§ § §)", n, COMPARE, n),
        made("(§ § §)", t, COMPARE, st.one_of(t, n)),
        made("geofence(concat(§, ' ', §), '0 0;0 9;9 9;5 3;9 0;0 0')", n, n),
        made("(§ § §)", NODES, COMPARE, st.one_of(n, t, NODES)),
        made("(§ § §)", b, names("and or = !="), b),
        made("§(§)", names("not boolean"), st.one_of(b, n, t)),
        made("boolean-from-string(§)", t),
        made("regex(§, '§')", t, names(r"[a-z]+ .* \p{L}[\p{L}\s]* (?i)B.n\s?.+ -?\d{1,3}(\.\d+)? (a|\D){2,}? [^\d]*")),
        made("checklist(§, §, §, §)", n, n, b, n),
        made("weighted-checklist(§, §, §, §, §, §)", n, n, b, n, t, n),
        made("§(§, §)", names("contains starts-with ends-with selected"), t, t),
    )


MEMBERS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "ten": st.sampled_from(["An", "Bình", "Đỗ Thị Ấm"]),
            "tuoi": st.integers(-1, 120),
            "biet_chu": st.integers(0, 1),
            "luong": st.sampled_from([0, 0.1, 12.5, 1e6]),
        },
    ),
    max_size=4,
)
ANSWERS = st.fixed_dictionaries(
    {"tv": MEMBERS},
    optional={
        "so": st.integers(-1000, 1000),
        "le": st.sampled_from([0.1, 2.5, -0.5, 1e-7, 123456789.125]),
        "am": st.just(-3),
        "chu": st.text(max_size=12),
        "trong": st.sampled_from(["", " ", "5"]),
        "ngay": st.dates().map(str),
        "nhieu": st.sampled_from(["xe", "ti_vi xe", "tu_lanh  xe"]),
        "an": st.integers(),
    },
)


@pytest.mark.thorough
@settings(max_examples=examples(80), derandomize=True, deadline=None)
@given(expressions=st.lists(st.one_of(number(3), text(3), truth(2)), min_size=8, max_size=8), answers=ANSWERS)
def test_any_expression_gives_the_same_on_phone_and_server(
    phone: Phone, expressions: list[str], answers: dict[str, Any]
) -> None:
    rows = workbook("%s").split("\n")
    at = next(number for number, row in enumerate(rows) if "ket_qua" in row)
    rows[at : at + 1] = [
        rows[at].replace("ket_qua", f"ket_qua_{n}") % expression for n, expression in enumerate(expressions)
    ]
    with pytest.MonkeyPatch.context() as patch:  # what they cost is held by tests/form/test_metered.py
        patch.setattr(Compiler, "check_costs", lambda *of: None)
        form = compile_workbook("\n".join(rows), {"bang.csv": TABLE})
    here, there = on_the_server(form, answers), phone.evaluate(form, answers)
    assert plain_json(here) == plain_json(there), expressions


# --- households -----------------------------------------------------------------------------------------------------


def answer_of(form: Form, item: Item) -> st.SearchStrategy[Any]:
    """Answers such as the question may receive: mostly sensible, sometimes at a boundary, sometimes none."""
    if item.list is not None:
        rows = form.rows[item.list]
        names = [row[item.from_file.get("value", "name")] for row in rows]
        picked = st.sampled_from(names)
        if item.type == "select_one":
            return picked
        if item.type == "rank":
            return st.one_of(st.permutations(names), st.lists(picked, max_size=4)).map(" ".join)
        return st.lists(picked, max_size=3, unique=True).map(" ".join)
    numbers = st.one_of(
        st.integers(0, 40), st.sampled_from([1, 2, 3, 8, 12, 15, 16, 30, 31, 140, 141, 175, 1995, 2010, 2020, 2026])
    )
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "integer": numbers,
        "decimal": st.one_of(numbers, st.sampled_from([0.5, 7.99, 24.0])),
        "date": st.sampled_from(["2026-11-23", "2026-10-01"]),
        "today": st.just("2026-11-23"),
        "geopoint": st.just("21.5 103.9 600 12"),
        "image": st.just("0" * 64),
        "time": st.sampled_from(["08:30", "23:59:59.999+07:00", "24:00", "8:30"]),
        "geotrace": st.sampled_from(["21 103;21.01 103", "21 103 600 5; 21 103.1 600 5;", "21 103", "21 103;x"]),
        "geoshape": st.sampled_from(["0 0;0 1;1 1;0 0", "0 0;0 1;1 1", "0 0 0 0;0 1 0 0;1 1 0 0;0 0 0 0;", "0 0"]),
        "acknowledge": st.sampled_from(["OK", "có"]),
        "range": st.sampled_from([0, 5, 10, 2.5]),
        "calculate": st.sampled_from([4, 2.5, "2-a"]),
    }
    return kinds.get(item.type, st.sampled_from(["Lò Văn A", "014190000001", "x"]))


def answers_in(form: Form, items: list[Item]) -> st.SearchStrategy[dict[str, Any]]:
    parts: dict[str, st.SearchStrategy[Any]] = {}
    for item in items:
        if item.type == "group":
            parts[item.name] = answers_in(form, item.children)
        elif item.type == "repeat":
            parts[item.name] = st.lists(answers_in(form, item.children), max_size=3)
        elif item.is_kept or item.type not in ("calculate", "note"):
            parts[item.name] = st.one_of(answer_of(form, item), answer_of(form, item), answer_of(form, item), st.none())
    return st.fixed_dictionaries(parts).map(lambda d: {k: v for k, v in d.items() if v is not None})


HOUSEHOLD_FORM = household_form()
CASES = ROOT / "tests" / "cases"
MARKETS = {"cho.csv": (CASES / "cho.csv").read_bytes()}
KINDS_FORM = compile_workbook((CASES / "kinds_form.md").read_text(), MARKETS)
INTERVIEW_FORM = compile_workbook((ROOT / "tests/cases/interview_form.md").read_text())


@settings(max_examples=examples(30), derandomize=True, deadline=None)
@given(answers=answers_in(HOUSEHOLD_FORM, HOUSEHOLD_FORM.children))
def test_any_household_comes_out_the_same_on_phone_and_server(phone: Phone, answers: dict[str, Any]) -> None:
    here = on_the_server(HOUSEHOLD_FORM, answers)
    assert plain_json(here) == plain_json(phone.evaluate(HOUSEHOLD_FORM, answers))


@settings(max_examples=examples(75), derandomize=True, deadline=None)
@given(answers=answers_in(KINDS_FORM, KINDS_FORM.children))
def test_any_kind_of_answer_comes_out_the_same_on_phone_and_server(phone: Phone, answers: dict[str, Any]) -> None:
    here = on_the_server(KINDS_FORM, answers)
    assert plain_json(here) == plain_json(phone.evaluate(KINDS_FORM, answers))


@settings(max_examples=examples(15), derandomize=True, deadline=None)
@given(answers=answers_in(HOUSEHOLD_FORM, HOUSEHOLD_FORM.children))
def test_answering_one_by_one_ends_where_answering_at_once_does(phone: Phone, answers: dict[str, Any]) -> None:
    at_once = phone.evaluate(HOUSEHOLD_FORM, answers)
    one_by_one = phone.evaluate(HOUSEHOLD_FORM, answers, typing=True)
    assert one_by_one == at_once


STEPS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10_000), st.integers(0, 1000)), min_size=1, max_size=60)
LARGE_FORM = compile_workbook(bench.workbook("L"))


@settings(max_examples=examples(20), derandomize=True, deadline=None)
@given(steps=STEPS)
@pytest.mark.parametrize(
    "form",
    [HOUSEHOLD_FORM, LARGE_FORM, INTERVIEW_FORM, KINDS_FORM],
    ids=["household", "large", "interview", "kinds"],
)
def test_changing_answers_ends_where_a_fresh_start_does(phone: Phone, form: Form, steps: Any) -> None:
    started = {"tv": bench.answers("L")["tv"][:3]} if form is LARGE_FORM else {}
    changed, fresh = phone.evaluate(form, started, steps=steps)
    assert changed == fresh
