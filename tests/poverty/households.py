"""Reads `tests/cases/households.md`: the reference household and what each case changes.
⇄ tests/static/engine/households.js

Words are looked up in the file's own table and answers in the form's own choices, so a renamed choice shows here.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from survey.form.form import Form
from survey.xlsform.compile import compile_workbook
from survey.xlsform.tables import beside

FILE = Path(__file__).resolve().parents[1] / "cases" / "households.md"
EMPTY = "(trống)"
QUESTIONNAIRES = Path(__file__).resolve().parents[2] / "survey" / "form" / "questionnaires"
WORKBOOK = QUESTIONNAIRES / "ra_soat_ho.md"
BESIDE = beside(WORKBOOK)  # its points table and its pictures
CLASSES = {"Hộ nghèo": "ho_ngheo", "Hộ cận nghèo": "ho_can_ngheo", "Không nghèo": "khong_ngheo", "chưa rõ": None}
AREAS = {"Nông thôn": "nong_thon", "Thành thị": "thanh_thi", EMPTY: None}
# how the figure is said → method
B1 = (("thu nhập các khoản", "thu_nhap"), ("thu nhập ", "thu_nhap"), ("bảng ", "bang_diem"), ("", "nhap_tong"))
Household = dict[str, dict[str, Any]]  # "hộ" and each person → {path of the question: answer}


@dataclass(frozen=True)
class Case:
    name: str
    answers: dict[str, Any]
    household_class: str | None
    b1: float | None
    b2: float | None
    deprived: tuple[bool | None, ...]  # of the twelve, in order; None where it cannot be known yet
    persons_quoted: frozenset[str]
    illustrative: bool
    complete: bool  # nothing was left unanswered


@cache  # compiling takes most of a second
def household_form() -> Form:
    return compile_workbook(WORKBOOK.read_text(encoding="utf-8"), BESIDE)


def tables(text: str) -> list[list[dict[str, str]]]:
    """Every table of the page, its rows by the words of its head."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [[dict(zip(rows[0], row, strict=True)) for row in rows[2:]] for rows in found if rows]


def read_cases(form: Form, text: str) -> list[Case]:
    """The cases of the page, each with whole answers."""
    reader = Reader(form, text)
    return [reader.case(row) for row in reader.rows]


class Reader:
    def __init__(self, form: Form, text: str) -> None:
        self.form = form
        pages = tables(text)
        self.words = {row["Từ"]: row["Câu hỏi của phiếu"].split() for page in pages for row in page if "Từ" in row}
        self.rows = [row for page in pages for row in page if "Trường hợp" in row]
        self.reference: Household = {}
        for row in (row for page in pages for row in page if "Trả lời" in row):
            self.reference[row["Ai"]] = {}
            for change in row["Trả lời"].split("; "):
                self.change(self.reference, f"{row['Ai']}: {change}")

    def case(self, row: dict[str, str]) -> Case:
        household = copy.deepcopy(self.reference)
        for change in filter(None, row["Khác hộ mẫu"].split("; ")):
            self.change(household, change)
        method, said = self.b1(row["B1"])
        place = {"ma_ho": "03757-01-001", "vung": "mien_nui_phia_bac", "khu_vuc": AREAS[row["Khu vực"]]}
        keyed = {"nhap_tong": "thu_nhap/b1_nhap", "thu_nhap": "thu_nhap/thu_nhap_nguoi"}.get(method)
        is_in_parts = row["B1"] == "thu nhập các khoản"
        if method == "thu_nhap":
            household["hộ"].setdefault("thu_nhap/cach_thu_nhap", "cac_khoan" if is_in_parts else "giay")
        if keyed and not is_in_parts:
            household["hộ"][keyed] = said
        unknown = {int(part.strip(" ?")) for part in row["Thiếu hụt"].split(",") if "?" in part}
        known = {int(part) for part in row["Thiếu hụt"].split(",") if part.strip().isdigit()}
        return Case(
            name=row["Trường hợp"],
            answers=nested(household) | place | {"cach_b1": method},
            household_class=CLASSES[row["Xếp loại"]],
            b1=None if method == "thu_nhap" else said,
            b2=None if row["B2"] == "–" else float(row["B2"]),
            deprived=tuple(None if number in unknown else number in known for number in range(1, 13)),
            persons_quoted=frozenset(filter(None, row["Do ai"].split(", "))),
            illustrative=method == "bang_diem",
            complete=EMPTY not in row["Khác hộ mẫu"] + row["B1"],
        )

    def change(self, household: Household, text: str) -> None:
        """`bỏ mẹ`, `thêm bà như mẹ`, `mẹ: thẻ BHYT = Không`, `diện tích = 32`."""
        if text.startswith("bỏ "):
            del household[text.removeprefix("bỏ ")]
        elif text.startswith("thêm "):
            new, like = text.removeprefix("thêm ").split(" như ")
            household[new] = dict(household[like])
        else:
            question, answer = text.split(" = ")
            who, _, word = question.rpartition(": ")
            paths = self.words[word]
            parts = [EMPTY] * len(paths) if answer == EMPTY else self.parts(paths, answer)
            for path, part in zip(paths, parts, strict=True):
                household[who or "hộ"][path] = self.value(path, part)

    def parts(self, paths: list[str], answer: str) -> list[str]:
        """One answer for one question; day/month/year from the right, so that `2020` is a year only."""
        if len(paths) == 1:
            return [answer]
        given = answer.split("/")
        return [EMPTY] * (len(paths) - len(given)) + given

    def value(self, path: str, said: str) -> Any:
        node = self.form.node(path)
        if said == EMPTY:
            return None
        if node.type in ("select_one", "select_multiple"):
            names = {choice["label"]["vi"]: choice["name"] for choice in self.form.choices[node.list]}
            return " ".join(names[label] for label in said.split(" + "))
        if node.type in ("integer", "decimal"):
            return number(said)
        day, month, year = said.split("/")
        return f"{year}-{int(month):02}-{int(day):02}"

    @staticmethod
    def b1(said: str) -> tuple[str, float | None]:
        prefix, method = next(pair for pair in B1 if said.startswith(pair[0]))
        figure = said.removeprefix(prefix)
        return method, number(figure) if figure not in ("", EMPTY) else None


def number(said: str) -> float:
    value = float(said.replace(".", "").replace(",", "."))
    return int(value) if value == int(value) else value


def nested(household: Household) -> dict[str, Any]:
    """Answers as the form has them: groups nest, the persons are the list `thanh_vien`."""
    answers: dict[str, Any] = {"thanh_vien": []}
    for who, given in household.items():
        if who == "hộ":
            for path, value in given.items():
                group, _, name = path.rpartition("/")
                (answers.setdefault(group, {}) if group else answers)[name] = value
        else:
            answers["thanh_vien"].append({"ho_ten": who} | {path.split("/")[1]: value for path, value in given.items()})
    return answers
