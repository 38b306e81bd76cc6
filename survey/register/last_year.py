"""What last year's lists say of a household's members and address, as answers of the questionnaire. Pure.

Only questions whose `preload` is `copy` are taken: who somebody is, never how the household lives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from survey.form.form import Form, Item
from survey.members import CODE, NAME, members_in
from survey.register.csv_rows import CsvRow
from survey.register.persons import Person, Row, said_in

# A member's column → the question's name in the form; its other headers, folded.
MEMBER_COLUMNS: dict[str, tuple[str, set[str]]] = {
    "full_name": ("ho_ten", {"ho va ten", "ho ten", "name"}),
    "sex": ("gioi_tinh", {"gioi tinh", "nam hay nu", "gender"}),
    "relation": ("quan_he", {"quan he", "quan he voi chu ho", "relation to head"}),
    "birth_day": ("ngay_sinh", {"ngay sinh", "ngay thang nam sinh", "birth date", "date of birth"}),
    "birth_month": ("thang_sinh", {"thang sinh"}),
    "birth_year": ("nam_sinh", {"nam sinh"}),
    "ethnic_group": ("dan_toc", {"dan toc"}),
    "cccd": ("cccd", {"so cccd", "can cuoc", "so can cuoc", "so dinh danh", "citizen id"}),
}
ADDRESS = ("thong_tin_ho", "dia_chi")  # where the household questionnaire has it
MEMBERS = "thanh_vien"
RANGES = {"ngay_sinh": (1, 31), "thang_sinh": (1, 12)}
_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)


def copied(form: Form | None) -> dict[str, Item]:
    """The members' questions that are taken over from last year, by name."""
    if form is None or form.members is None:
        return {}
    return {item.name: item for item in form.nodes() if item.repeat == form.members.path and _is_copied(item)}


def address_question(form: Form | None) -> Item | None:
    found = (
        (item for item in form.nodes() if item.name == "dia_chi" and not item.repeat and _is_copied(item))
        if form
        else ()
    )
    return next(iter(found), None)


def address_in(answers: Any) -> str:
    group = answers.get(ADDRESS[0]) if isinstance(answers, dict) else None
    said = group.get(ADDRESS[1]) if isinstance(group, dict) else None
    return said if isinstance(said, str) else ""


def with_address(answers: Any, address: str) -> dict[str, Any]:
    """The answers with another address in them; "" takes it out."""
    found = dict(answers) if isinstance(answers, dict) else {}
    group = found.get(ADDRESS[0])
    rest = {key: value for key, value in (group if isinstance(group, dict) else {}).items() if key != ADDRESS[1]}
    rest |= {ADDRESS[1]: address} if address else {}
    return {key: value for key, value in found.items() if key != ADDRESS[0]} | ({ADDRESS[0]: rest} if rest else {})


def with_members(answers: Any, listed: Sequence[Row], members: Sequence[Person]) -> Any:
    """The answers with `members` for those whom they list: each with what is known of them now. `listed`: who is who in
    the answers; the same answers where nobody and nothing is another."""
    rows = members_in(answers)
    if len(listed) != len(rows):
        ids = _ids_by_name(rows, members)
        listed = [Row(at, said_in(row), id) for at, (row, id) in enumerate(zip(rows, ids, strict=True))]
    here = {one.id: one for one in members}
    kept = [
        _known_now(row, then.said, here.pop(then.person_id))
        for row, then in zip(rows, listed, strict=True)
        if then.person_id in here
    ]
    now = kept + [dict(one.said) | {CODE: one.id} for one in sorted(here.values(), key=lambda each: each.place)]
    return answers if now == rows else _with_rows(answers, now)


def with_members_of(answers: Any, other: Any) -> Any:
    """The answers with the members of other ones."""
    rows = members_in(other)
    return answers if rows == members_in(answers) else _with_rows(answers, rows)


def _ids_by_name(rows: Sequence[Mapping[str, Any]], members: Sequence[Person]) -> list[str]:
    left = list(members)
    found = []
    for row in rows:
        one = next((one for one in left if one.name == row[NAME]), None)
        found.append(one.id if one else "")
        left = [each for each in left if each is not one]
    return found


def _known_now(row: Mapping[str, Any], said: Mapping[str, Any], one: Person) -> dict[str, Any]:
    """A member's answers with what was said of them since they were listed."""
    since = {key: value for key, value in one.said.items() if value != said.get(key)}
    since |= {CODE: one.id} if CODE in row else {}
    return {key: value for key, value in row.items() if key not in said or key in one.said} | since


def _with_rows(answers: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    found = dict(answers) if isinstance(answers, dict) else {}
    for key, value in found.items():
        if isinstance(value, list) and value == members_in({key: value}):
            return found | {key: rows}
        if isinstance(value, dict) and members_in(value):
            return found | {key: _with_rows(value, rows)}
    return found | {MEMBERS: rows}


def of_members(answers: Any, names: Sequence[str]) -> Any:
    """The answers with those members alone, and of everything else nothing but the address."""
    if not isinstance(answers, dict):
        return None
    found: dict[str, Any] = {}
    for key, value in answers.items():
        if isinstance(value, list) and value == members_in({key: value}):
            found[key] = [one for one in value if one[NAME] in names]
        elif isinstance(value, dict) and (inner := of_members(value, names)):
            found[key] = inner
        elif key == ADDRESS[1]:
            found[key] = value
    return found


def answers(form: Form, members: list[dict[str, Any]], address: str) -> dict[str, Any] | None:
    """The answers of last year as the form has them; None when nothing is known."""
    found: dict[str, Any] = {}
    question = address_question(form)
    if address and question:
        _put(found, question.path, address)
    if members and form.members:
        _put(found, form.members.path, members)
    return found or None


def member(row: CsvRow, questions: Mapping[str, Item], form: Form, this_year: int) -> dict[str, Any]:
    """One row's answers; what does not fit is a mistake of the row."""
    row.needed("full_name")
    _split_date(row)
    found: dict[str, Any] = {}
    for column, (name, _headers) in MEMBER_COLUMNS.items():
        if not row.get(column):
            continue
        item = questions.get(name)
        if item is None:
            row.wrong(column, "no_form")
            continue
        value = _value(row, column, item, form, this_year)
        if value is not None:
            found[name] = value
    return found


def _value(row: CsvRow, column: str, item: Item, form: Form, this_year: int) -> str | int | None:
    text = row.get(column)
    if item.name == "cccd":
        digits = text.replace(" ", "")
        if re.fullmatch(r"[0-9]{12}", digits):
            return digits
        row.wrong(column, "not_cccd")
        return None
    if item.type == "integer":
        return row.number_in(column, *RANGES.get(item.name, (1900, this_year)))
    if item.list is None:
        return text
    choices = form.choices[item.list]
    known: dict[str, str] = {}
    for choice in choices:
        for piece in {p for label in choice["label"].values() for p in str(label).split(",")}:
            known.setdefault(piece.strip().casefold(), choice["name"])
    for choice in choices:
        for label in (choice["name"], *choice["label"].values()):
            known[str(label).casefold()] = choice["name"]
    if text.casefold() not in known:
        labels = [str(choice["label"].get("vi", choice["name"])) for choice in choices]
        row.wrong(column, "not_one_of", value=text[:40], known="; ".join(labels[:12]) + (" …" if labels[12:] else ""))
    return known.get(text.casefold())


def _split_date(row: CsvRow) -> None:
    """ "05/03/1980" in the day's column is a whole date."""
    match = _DATE.fullmatch(row.get("birth_day"))
    if match:
        for column, part in zip(("birth_day", "birth_month", "birth_year"), match.groups(), strict=True):
            row.cells[column] = part


def _put(answers: dict[str, Any], path: str, value: Any) -> None:
    *groups, name = path.split("/")
    for group in groups:
        answers = answers.setdefault(group, {})
    answers[name] = value


def _is_copied(item: Item) -> bool:
    return item.columns.get("preload") == "copy"
