"""The household questionnaire in JavaRosa, the engine inside ODK Collect, in several orders of answering.

    make oracle            (JAVAROSA=folder of the oracle, if it is not ../shared/oracles/javarosa)

Every household of tests/cases/households.md is answered in the order of the questions, from the last question to the
first, and with the members after everything else, the last member first; each with constraints checked before an answer
is stored, as in Collect up to 2025.3, and after. No answer may be refused, validation must find what the server finds
(nothing, in a whole interview), and the results must be the server's (`collect_cases.py`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from bench.collect_cases import CASES, HOUSEHOLD, differences, edition, files_of, given, refusals
from survey.collect.xform import CHOSEN, OWN
from tests.poverty.households import Case
from tests.web.collect.collect_client import XF

HERE = Path(__file__).parent
SHARED = HERE.parent.parent / "shared" / "oracles" / "javarosa"
MEMBERS = "/data/thanh_vien"
PRELOADED = 'jr:preload="date" type="date" jr:preloadParams="today"'
DAY = "<ngay_ra_soat ?/>"
# It asks whether there is a head of household: right to refuse it before the members are known.
EARLY = {"xac_nhan/doc_lai"}
WORDS = ("label", "hint", "help", "value", "item", "itemset")


class Oracle:
    """JavaRosa as a process: a job a line in, an answer a line out."""

    def __init__(self, home: Path, compiled: Path) -> None:
        self.process = subprocess.Popen(
            [home / "ask", compiled],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **job: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"id": 1, **job}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("The oracle has ended: see its README.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)


class Order(NamedTuple):
    """The form with its questions in an order, and whether the members are told from the last to the first."""

    name: str
    form: str
    members_backwards: bool = False


def orders(text: str) -> list[Order]:
    return [
        Order("in order", text),
        Order("last question first", _rearranged(text, _backwards)),
        Order("members last", _rearranged(text, _members_last), members_backwards=True),
    ]


def _rearranged(text: str, change: Any) -> str:
    root = ElementTree.fromstring(text)
    body = next(child for child in root if child.tag.endswith("}body"))
    change(body)
    return ElementTree.tostring(root, encoding="unicode")


def _backwards(parent: Element) -> None:
    """Groups and questions from the last to the first, at every level; rules and places stay as they are."""
    asked = [child for child in parent if child.tag.removeprefix(XF) not in WORDS]
    for child in asked:
        parent.remove(child)
        if child.tag in (f"{XF}group", f"{XF}repeat"):
            _backwards(child)
    parent.extend(reversed(asked))


def _members_last(body: Element) -> None:
    members = next(child for child in body if child.get("ref") == MEMBERS)
    body.remove(members)
    body.append(members)


def answers_of(case: Case, order: Order) -> dict[str, Any]:
    answers = given(case) | {OWN: {CHOSEN: HOUSEHOLD}}
    if order.members_backwards:
        answers["thanh_vien"] = answers["thanh_vien"][::-1]
    return answers


def faults(oracle: Oracle, order: Order, case: Case, *, precommit: bool) -> Iterator[str]:
    """What JavaRosa makes otherwise of a case than the server, or will not take."""
    # The day of the review is the case's: the machine's clock is another.
    form, times = re.subn(DAY, f"<ngay_ra_soat>{case.answers['ngay_ra_soat']}</ngay_ra_soat>", order.form)
    if times != 1:
        raise SystemExit("The day of the review has no place in the form: see DAY.")
    with tempfile.TemporaryDirectory() as media:
        for name, content in files_of(case).items():
            (Path(media) / name).write_text(content, encoding="utf-8")
        answers = answers_of(case, order)
        done = oracle.ask(xml=form, media=media, answers=answers, precommit=precommit, passes=12)
    if done["stage"] != "done":
        yield f"stopped at {done['stage']}: {done.get('error')}"
        return
    yield from (f"refused: {path} {how}" for path, how in done["attempts"].items() if not _is_early(path, how, order))
    yield from (f"judging threw: {error}" for error in done["judgeErrors"])
    if "validateThrew" in done:
        yield f"validating threw: {done['validateThrew']}"
    expected = refusals(case)
    if done["problems"] != {_place(path, case, order): kind for path, kind in expected.items()}:
        yield f"not taken: theirs {done['problems']}, ours {expected}"
    if not expected and "validate" in done:
        yield f"not valid: {done['validate']}"
    values = {path: value for path, relevant, value, _ in done["nodes"] if relevant and value is not None}
    said = {path.rpartition("/")[2] for path, relevant, value, _ in done["nodes"] if relevant and value is not None}
    yield from differences(case, values, said)


def _is_early(path: str, how: dict[str, Any], order: Order) -> bool:
    return how == {"code": 2} and path in EARLY and order.name != "in order"


def _place(path: str, case: Case, order: Order) -> str:
    """Where a member's answer stands when the members are told backwards."""
    if not order.members_backwards or not path.startswith("thanh_vien["):
        return path
    number, rest = path.removeprefix("thanh_vien[").split("]", 1)
    return f"thanh_vien[{len(case.answers['thanh_vien']) + 1 - int(number)}]{rest}"


def compile_oracle(home: Path, folder: Path) -> None:
    subprocess.run([home / "setup", folder], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["javac", "-d", folder, HERE / "Pair.java"], check=True)


def main() -> int:
    home = Path(os.environ.get("JAVAROSA") or SHARED)
    if not (home / "ask").is_file():
        print(f"JavaRosa is not here ({home}): left out. JAVAROSA names its folder.")
        return 0
    text = edition()
    if PRELOADED not in text:
        raise SystemExit("The day of the review is no longer preloaded as it was: see PRELOADED.")
    with tempfile.TemporaryDirectory() as folder:
        compile_oracle(home, Path(folder))
        jobs = int(os.environ.get("JOBS") or 2)
        with ThreadPoolExecutor(jobs) as pool:
            oracles = [Oracle(home, Path(folder)) for _ in range(jobs)]
            found = 0
            for order in orders(text.replace(PRELOADED, 'type="date"')):
                for precommit in (True, False):
                    rounds = [pool.submit(_several, oracles[n], order, CASES[n::jobs], precommit) for n in range(jobs)]
                    lines = [line for one in rounds for line in one.result()]
                    found += len(lines)
                    print(*lines[:20], sep="\n", end="\n" if lines else "")
                    bad = len({line.split(": ", 1)[0] for line in lines})
                    how = f"{order.name}, checked {'before' if precommit else 'after'} storing"
                    print(f"{how}: {len(CASES) - bad} of {len(CASES)} households right", flush=True)
            for oracle in oracles:
                oracle.close()
    print(f"JavaRosa: {found} differences")
    return 1 if found else 0


def _several(oracle: Oracle, order: Order, cases: list[Case], precommit: bool) -> list[str]:
    return [f"{case.name}: {fault}" for case in cases for fault in faults(oracle, order, case, precommit=precommit)]


if __name__ == "__main__":
    sys.exit(main())
