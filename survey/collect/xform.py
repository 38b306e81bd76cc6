"""The ODK Collect edition of a workbook: an XForm that a real Collect fills without a network.

Our own columns are left out. A questionnaire with `preload` = `context` begins with the choice of a household from the
entity list `households`; what the phone would be handed is looked up in the chosen row. A soft warning becomes a note
beneath its question, and the provisional result closes the form. Rows made here are named `odk_so_ho…`: they are
Collect's, not answers, and `openrosa.py` knows them by that name.

XForms: https://getodk.github.io/xforms-spec/, entities: https://getodk.github.io/xforms-spec/entities (2024.1.0).
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable, Mapping
from typing import Any

from pyxform.builder import create_survey_element_from_dict
from pyxform.errors import PyXFormError
from pyxform.parsing.expression import parse_expression
from pyxform.xls2json import workbook_to_json
from pyxform.xls2json_backends import DefinitionData, get_xlsform

from survey.xlsform import vocabulary
from survey.xlsform.rows import language_code

OWN = "odk_so_ho"  # how the rows begin that only this edition has
LIST = "households"
CHOSEN, HOUSEHOLD, ROUND, COMMUNE, REPLACES = (
    f"{OWN}_{name}" for name in ("chon", "household_id", "round_id", "commune_id", "replaces")
)
STARTED, ENDED = f"{OWN}_start", f"{OWN}_end"
LOOKED_UP = {HOUSEHOLD: "household_id", ROUND: "round_id", COMMUNE: "commune_id", REPLACES: "replaces"}
STATE = "received"  # what Collect itself writes into its list when an interview is finalised

_OURS = ("law", "warning", "warning_message", "preload", "outcome", "dimension", "because", "member_label", "reading")
_ENDS = ("end group", "end_group", "end repeat", "end_repeat")

_WORDS = {
    "title": {"vi": "Chọn hộ", "en": "Choose the household"},
    "which": {"vi": "Phỏng vấn hộ nào?", "en": "Which household is interviewed?"},
    "how": {
        "vi": "Gõ tên chủ hộ hoặc mã hộ để tìm. Dấu ✓ là hộ đã có phiếu.",
        "en": "Type the head's name or the number to search. A ✓ marks a household that has an interview.",
    },
    "choose": {"vi": "Xin chọn hộ trong danh sách.", "en": "Please choose a household of the list."},
    "done": {
        "vi": "Hộ này đã có phiếu trong đợt. Phiếu gửi thêm sẽ được giữ lại để cán bộ xã, phường so hai phiếu.",
        "en": "This household has an interview in the round. Another one is held until the office compares them.",
    },
    "returned": {
        "vi": "Phiếu của hộ này bị trả lại để sửa: %s\nPhiếu mới sẽ thay phiếu cũ.",
        "en": "The interview of this household was returned to be mended: %s\nThe new one takes its place.",
    },
    "result": {"vi": "Kết quả tạm tính", "en": "Provisional result"},
    "ho_ngheo": {"vi": "Kết quả tạm tính: **Hộ nghèo**", "en": "Provisional result: **Poor household**"},
    "ho_can_ngheo": {"vi": "Kết quả tạm tính: **Hộ cận nghèo**", "en": "Provisional result: **Near-poor household**"},
    "khong_ngheo": {
        "vi": "Kết quả tạm tính: **Không thuộc hộ nghèo, hộ cận nghèo**",
        "en": "Provisional result: **Neither poor nor near-poor**",
    },
    "missing": {
        "vi": "Chưa tính được kết quả: còn thiếu câu trả lời.",
        "en": "No result yet: answers are missing.",
    },
    "b1": {"vi": "Điểm B1: %s", "en": "B1 points: %s"},
    "b2": {"vi": "Điểm B2: %s", "en": "B2 points: %s"},
    "illustrative": {
        "vi": "Điểm B1 tính theo bảng minh hoạ, không phải kết quả chính thức.",
        "en": "The B1 points rest on an illustrative table: this is no official result.",
    },
    "refused": {
        "vi": "Gia đình chưa đồng ý trả lời: phiếu được ghi nhận, không phân loại.",
        "en": "The family did not agree to answer: the record counts, without a class.",
    },
}  # fmt: skip


class EditionError(ValueError):
    """pyxform makes no XForm of this workbook for ODK Collect; the text says why."""


def collect_edition(source: bytes | str) -> str:
    """The XForm of a workbook that compiles. The same workbook gives the same text. Raises `EditionError`."""
    try:
        book = _edited(get_xlsform(io.BytesIO(source) if isinstance(source, bytes) else source))
        survey = create_survey_element_from_dict(workbook_to_json(book, form_name="data", warnings=[]))
        return str(survey.to_xml(validate=False, pretty_print=False, warnings=[]))
    except PyXFormError as error:
        raise EditionError(str(error)) from error


def _edited(book: DefinitionData) -> DefinitionData:
    edition = _Edition(book)
    rows = edition.rows()
    changed: dict[str, Any] = {"survey": rows, "survey_header": [_header(rows)]}
    if edition.has_context:
        changed["entities"] = [
            {"list_name": LIST, "entity_id": f"${{{CHOSEN}}}", "label": f"concat('✓ ', ${{{OWN}_ten}})"}
        ]
        changed["entities_header"] = [_header(changed["entities"])]
        sheets = list(book.sheet_names or [])
        changed["sheet_names"] = sheets if "entities" in sheets else [*sheets, "entities"]
    return dataclasses.replace(book, **changed)


def _plain_heading(column: str) -> str:
    """“Constraint Message::English (en)” → “constraint_message::English (en)”: as the rows made here write it."""
    head, colons, language = column.partition("::")
    plain = "_".join(head.split()).lower()
    return f"{plain}{colons}{language}" if vocabulary.is_known(plain) else column


def _header(rows: Iterable[Mapping[str, Any]]) -> dict[str, None]:
    return {column: None for row in rows for column in row}


class _Edition:
    def __init__(self, book: DefinitionData) -> None:
        self.given = [{_plain_heading(column): cell for column, cell in row.items()} for row in book.survey or []]
        self.form_id = ((book.settings or [{}])[0]).get("form_id") or ((book.settings or [{}])[0]).get("id_string")
        columns = dict.fromkeys(column for row in self.given for column in row)
        self.languages = [column.partition("::")[2] for column in columns if column.startswith("label::")] or [""]
        self.has_context = any(row.get("preload", "").strip() == "context" for row in self.given)
        self.outcomes = {row["outcome"].strip(): row["name"].strip() for row in self.given if row.get("outcome")}

    def rows(self) -> list[dict[str, str]]:
        made: list[dict[str, str]] = [{"type": "start", "name": STARTED}, {"type": "end", "name": ENDED}]
        if self.has_context:
            made += self.choice_of_household()
        for row in self.given:
            made.append(self.plain(row))
            made += self.warning(row)
        return made + self.result()

    # -- the household

    def choice_of_household(self) -> list[dict[str, str]]:
        same_form = f"form_id = '{self.form_id}'"
        looked_up = {**LOOKED_UP, f"{OWN}_ten": "title", f"{OWN}_tinh_trang": "state", f"{OWN}_ly_do": "comment"}
        return [
            {"type": "begin group", "name": OWN, **self.said("label", "title")},
            {
                "type": f"select_one_from_file {LIST}.csv", "name": CHOSEN, "required": "yes",
                "appearance": "autocomplete", "choice_filter": same_form,
                **self.said("label", "which"), **self.said("hint", "how"), **self.said("required_message", "choose"),
            },
            *({"type": "calculate", "name": name, "calculation": self.cell(of)} for name, of in looked_up.items()),
            # An answer like the others to Collect: what it writes into its own copy of the list.
            {"type": "calculate", "name": f"{OWN}_da_gui", "calculation": f"'{STATE}'", "save_to": "state"},
            self.note("done", f"${{{OWN}_tinh_trang}} = 'received' or ${{{OWN}_tinh_trang}} = 'accepted'"),
            self.note("returned", f"${{{OWN}_tinh_trang}} = 'returned'", f"${{{OWN}_ly_do}}"),
            {"type": "end group"},
        ]  # fmt: skip

    def cell(self, column: str) -> str:
        return f"instance('{LIST}')/root/item[name=${{{CHOSEN}}}]/{column}"

    # -- rows of the workbook

    def plain(self, row: dict[str, str]) -> dict[str, str]:
        """A row without our columns; one that a phone is handed is looked up instead."""
        kept = {column: cell for column, cell in row.items() if column.partition("::")[0] not in _OURS}
        if row.get("preload", "").strip() == "context":
            kept |= {"type": "calculate", "calculation": self.cell(row["name"].strip())}
        return kept

    def warning(self, row: dict[str, str]) -> list[dict[str, str]]:
        rule, name = row.get("warning", "").strip(), row.get("name", "").strip()
        if not rule or not name or row.get("type", "").strip() in _ENDS:
            return []
        texts = {
            "label" + column.removeprefix("warning_message"): f"⚠ {cell}"
            for column, cell in row.items()
            if column.partition("::")[0] == "warning_message" and cell.strip()
        }
        asked = f"({row['relevant']}) and " if row.get("relevant", "").strip() else ""
        relevant = f"{asked}${{{name}}} != '' and not({of_question(rule, name)})"
        return [{"type": "note", "name": f"{OWN}_w_{name}", "relevant": relevant, **(texts or {"label": "⚠"})}]

    # -- the result

    def result(self) -> list[dict[str, str]]:
        found = self.outcomes
        if "class" not in found:
            return []
        cls, refused = f"${{{found['class']}}}", f"${{{found['refused']}}} = 1" if "refused" in found else ""
        notes = [self.note(term, f"{cls} = '{term}'") for term in ("ho_ngheo", "ho_can_ngheo", "khong_ngheo")]
        notes.append(self.note("missing", f"{cls} = ''" + (f" and not({refused})" if refused else "")))
        if refused:
            notes.append(self.note("refused", refused))
        for outcome in ("b1", "b2"):
            if outcome in found:
                number = f"${{{found[outcome]}}}"
                notes.append(self.note(outcome, f"{cls} != '' and {number} != ''", number))
        if "illustrative" in found:
            notes.append(self.note("illustrative", f"{cls} != '' and ${{{found['illustrative']}}} = 1"))
        start = {"type": "begin group", "name": f"{OWN}_kq", "appearance": "field-list", **self.said("label", "result")}
        return [start, *notes, {"type": "end group"}]

    def note(self, what: str, relevant: str, quoted: str = "") -> dict[str, str]:
        return {"type": "note", "name": f"{OWN}_{what}", "relevant": relevant, **self.said("label", what, quoted)}

    def said(self, column: str, what: str, quoted: str = "") -> dict[str, str]:
        """A sentence in each language of the workbook, Vietnamese where we have no words of it."""
        sentences = {}
        for language in self.languages:
            words = _WORDS[what]["en" if language_code(language).lower() in ("en", "english") else "vi"]
            sentences[f"{column}::{language}" if language else column] = words.replace("%s", quoted)
        return sentences


def of_question(rule: str, name: str) -> str:
    """A rule about the question `name` ("." is its answer) as the rule of a row beside it."""
    depth, written = 0, []
    tokens = parse_expression(rule)
    for at, token in enumerate(tokens):
        text = str(token)
        depth += text.count("[") - text.count("]") if token.type != "SYSTEM_LITERAL" else 0
        if token.type == "SELF_REF":
            after_slash = at > 0 and str(tokens[at - 1]) == "/"
            if after_slash:  # current()/. : the question whose rule this was
                text = f"../{name}" if _of_current(tokens, at) else text
            elif not depth:  # within brackets it is a row of what is looked through
                text = f"${{{name}}}"
        written.append(text)
    return "".join(written)


def _of_current(tokens: tuple[Any, ...], at: int) -> bool:
    return "".join(map(str, tokens[max(0, at - 6) : at])).replace(" ", "").endswith("current()/")
