"""The columns `parameters` and `appearance` of a question: judged by its type."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from survey.form.form import Item
from survey.form.values import text_number
from survey.text import N_, nearest
from survey.xlsform import vocabulary
from survey.xlsform.faults import Findings

_SPLIT = re.compile(r"[\s,;]+")
_WANTED = {
    "number": N_("%(key)s cannot be “%(value)s”: it is a number above 0"),
    "distance": N_("%(key)s cannot be “%(value)s”: it is a number, 0 or more"),
    "any number": N_("%(key)s cannot be “%(value)s”: it is a number"),
    "yes/no": N_("%(key)s cannot be “%(value)s”: it is true or false"),
    "seed": N_("%(key)s cannot be “%(value)s”: it is a number or a question, as ${name}"),
}
_RANGE = {"start": "1", "end": "10", "step": "1"}  # XLSForm's own


def read_parameters(item: Item, number: int, cells: Mapping[str, Any], findings: Findings) -> None:
    """Fills `item.parameters`; what its type does not take, or cannot mean, is told."""
    known = vocabulary.PARAMETERS.get(item.type, {})
    # A citizen card: field=question (static/app/cccd.js).
    names_answers = item.type == "barcode" or "cccd" in (item.appearance or "").split()
    if "rows" in cells and "rows" in known:
        item.parameters["rows"] = cells["rows"].text
    written = "=".join(map(str.strip, cells["parameters"].text.split("="))) if "parameters" in cells else ""
    for part in filter(None, _SPLIT.split(written)):
        key, equal, value = part.partition("=")
        key = key.lower()
        if not equal or not value:
            template = N_("“%(part)s” is no parameter: write name=value")
            findings.fault(number, "parameters", template, part=part)
        elif names_answers:
            item.parameters[key] = value
        elif not known:
            template = N_("a question of the type %(type)s takes no parameters: “%(part)s” changes nothing")
            findings.advise(number, "parameters", template, type=item.type, part=part)
        elif key not in known:
            template = N_("a question of the type %(type)s takes no parameter “%(key)s” (it takes %(known)s)")
            findings.fault(number, "parameters", template, type=item.type, key=key, known=", ".join(known))
        elif not _fits(known[key], value):
            words = N_("%(key)s cannot be “%(value)s”: it is one of %(wanted)s")
            template = _WANTED.get(known[key], words)
            wanted = {} if known[key] in _WANTED else {"wanted": ", ".join(known[key].split())}
            findings.fault(number, "parameters", template, key=key, value=value, **wanted)
        else:
            item.parameters[key] = value
            if key in vocabulary.IDLE_PARAMETERS:
                template = N_("a browser cannot follow the parameter %(key)s: it changes nothing on our phone")
                findings.advise(number, "parameters", template, key=key)
    if "seed" in item.parameters and item.parameters.get("randomize", "").lower() not in ("yes", "true"):
        findings.fault(number, "parameters", N_("a seed needs randomize=true"))
    if item.type == "range":
        _check_range(item, number, findings)
    _check_appearance(item, number, findings)


def _fits(wanted: str, value: str) -> bool:
    if wanted == "any":
        return True
    if wanted == "yes/no":
        return value.lower() in ("yes", "no", "true", "false")
    if wanted == "seed":
        return bool(re.fullmatch(r"\$\{[^}]+\}", value)) or math.isfinite(text_number(value))
    if wanted in ("number", "any number"):
        return math.isfinite(text_number(value)) and (wanted == "any number" or text_number(value) > 0)
    if wanted == "distance":
        return text_number(value) >= 0 and math.isfinite(text_number(value))
    return value in wanted.split()


def _check_range(item: Item, number: int, findings: Findings) -> None:
    start, end, step = (text_number(item.parameters.get(key, usual)) for key, usual in _RANGE.items())
    ticks, shown = (text_number(item.parameters.get(key, "nan")) for key in ("tick_interval", "placeholder"))
    if start == end:
        findings.fault(number, "parameters", N_("start and end of a range must differ"))
    elif step > abs(end - start):
        findings.fault(number, "parameters", N_("the step of a range is larger than the range"))
    elif ticks > abs(end - start):
        findings.fault(number, "parameters", N_("the tick_interval of a range is larger than the range"))
    elif not math.isnan(shown) and not min(start, end) <= shown <= max(start, end):
        findings.fault(number, "parameters", N_("the placeholder of a range lies outside the range"))
    elif abs((end - start) / step - round((end - start) / step)) > 1e-6:
        template = N_("no number of steps leads from start to end: the last answer is beneath the end")
        findings.advise(number, "parameters", template)


def _check_appearance(item: Item, number: int, findings: Findings) -> None:
    looks = item.appearance or ""
    if looks.startswith("search("):
        template = N_("search() is not supported: write select_one_from_file with a choice_filter")
        findings.fault(number, "appearance", template)
        return
    for word in looks.split():
        if any(word.startswith(foreign) for foreign in vocabulary.FOREIGN):
            template = N_("“%(word)s” needs another app: our phone asks the question without it")
            findings.advise(number, "appearance", template, word=word)
        elif not vocabulary.knows_appearance(item.type, word):
            known = [*vocabulary.APPEARANCES.get(item.type, ()), *vocabulary.EVERYWHERE]
            near = nearest(word, known)
            template = N_("a question of the type %(type)s has no appearance “%(word)s”: it changes nothing")
            if near:
                template = N_("a question of the type %(type)s has no appearance “%(word)s”: is “%(near)s” meant?")
                findings.advise(number, "appearance", template, type=item.type, word=word, near=near)
            else:
                findings.advise(number, "appearance", template, type=item.type, word=word)
        elif word in vocabulary.DEGRADED:
            template = N_("our phone has no “%(word)s”: it asks the question in its plain way")
            findings.advise(number, "appearance", template, word=word)
