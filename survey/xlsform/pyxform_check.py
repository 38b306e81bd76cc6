"""What pyxform itself says of a workbook as XLSForm, in our words where only pyxform looks: entities and their list."""

from __future__ import annotations

import re

from pyxform.builder import create_survey_element_from_dict
from pyxform.errors import ErrorCode, PyXFormError
from pyxform.xls2json import workbook_to_json
from pyxform.xls2json_backends import DefinitionData

from survey.text import N_
from survey.xlsform.faults import Fault

ROOT = "data"  # what pyxform calls a form that does not name itself
_STUMBLES = (LookupError, AttributeError, TypeError, ValueError)  # over what it did not expect
# pyxform's sentence → the column that is to be mended where the sentence names none, and ours.
_WORDS = {
    "ENTITY_001": ("", N_("save_to needs a sheet “entities” that declares the entity")),
    "ENTITY_002": ("", N_("row %(other_row)s saves to “%(saveto)s” already")),
    "ENTITY_003": ("", N_("a group cannot be saved to an entity: only an answer can")),
    "ENTITY_004": ("", N_("the sheet entities has no list “%(dataset)s”")),
    "ENTITY_005": ("label", N_("an entity that is created needs a label")),
    "ENTITY_006": ("update_if", N_("an entity with create_if and entity_id needs an update_if as well")),
    "ENTITY_007": ("entity_id", N_("an entity that is updated needs an entity_id")),
    "ENTITY_008": ("", N_("where there are several entities, save_to names the list too: list#property")),
    "ENTITY_013": ("", N_("save_to holds one # at most: list#property")),
    "HEADER_005": ("", N_("the sheet entities knows no columns %(columns)s")),
    "NAMES_008": ("", N_("this is no name: letters, digits, _ - . and no space; a letter or _ comes first")),
    "NAMES_010": ("", N_("this name may not begin with two underscores")),
    "NAMES_011": ("", N_("this name may not hold a point")),
    "NAMES_012": ("", N_("a property may not be called name or label: choose another name")),
    "NAMES_014": ("", N_("two entities have the same list_name")),
    "NAMES_015": ("", N_("the list_name of the entity is missing")),
    "PYREF_003": ("", N_("there is no question “%(name)s”")),  # pyxform calls it q
}


_LONGEST = 1000  # letters of a sentence: it quotes the workbook, and is looked through by patterns with several holes


def _pattern(code: str) -> re.Pattern[str]:
    """What matches pyxform's sentence, with the values that it fills in."""
    parts = re.split(r"\{(\w+)\}", " ".join(ErrorCode[code].value.msg.split()))
    holes = [f"(?P<{part}>.*?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)]
    return re.compile("".join(holes) + r"\Z")


_PATTERNS = {code: _pattern(code) for code in _WORDS}


def judge(book: DefinitionData) -> list[Fault]:
    """The first mistake that pyxform finds; it looks no further."""
    try:
        survey = create_survey_element_from_dict(workbook_to_json(book, form_name=ROOT, warnings=[]))
        survey.to_xml(validate=False, pretty_print=False, warnings=[])
    except PyXFormError as error:
        return [_fault_of(" ".join(str(error).split()))]
    except _STUMBLES as error:
        return [_fault_of(f"{type(error).__name__}: {error}")]
    return []


def judge_entities(book: DefinitionData) -> list[Fault]:
    """Of a workbook that has faults already: what pyxform says of entities, at which nobody else looks."""
    return [fault for fault in judge(book) if fault.sheet == "entities" or fault.column == "save_to"]


def _fault_of(text: str) -> Fault:
    text = text[:_LONGEST]
    row = re.search(r"\[row ?: ?(\d+)\]|row '?(\d+)'?", text)
    sheet = re.search(r"'(survey|choices|settings|entities)'", text)
    column = re.search(r"'(\w+)' value", text)
    place, number = sheet[1] if sheet else "survey", int(row[1] or row[2]) if row else None
    named = {"dataset": "list_name"}.get(column[1], column[1]) if column else None
    for code, (instead, template) in _WORDS.items():
        match = _PATTERNS[code].match(text)
        if match:
            given = {"name" if key == "q" else key: value for key, value in match.groupdict().items()}
            values = {key: value for key, value in given.items() if f"%({key})s" in template}
            return Fault.of(place, number, named or instead or None, template, **values)
    return Fault.of(place, number, named, N_("pyxform, which reads XLSForm, says: %(said)s"), said=text)
