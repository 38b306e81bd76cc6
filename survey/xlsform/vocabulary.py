"""The words of XLSForm (https://xlsform.org, its reference table): types, columns, appearances, parameters, settings.

Spellings are those that pyxform takes, whose authors kept those of ten years of workbooks.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# --- types ----------------------------------------------------------------------------------------------------------

_ALIASES = {
    "text": "text, string, q string, add text prompt",
    "integer": "integer, int, q int, add integer prompt, percentage, number of days in last month, "
    "number of days in last six months, number of days in last year",
    "decimal": "decimal, q decimal, add decimal prompt",
    "range": "range",
    "date": "date, q date, add date prompt",
    "time": "time, q time",
    "dateTime": "datetime, date time, q datetime, q date time, add datetime prompt, add date time prompt",
    "note": "note, q note, add note prompt",
    "calculate": "calculate, q calculate, add calculate prompt",
    "hidden": "hidden",
    "geopoint": "geopoint, gps, location, q location, q geopoint, add location prompt",
    "geotrace": "geotrace, q geotrace",
    "geoshape": "geoshape, q geoshape",
    "image": "image, photo, q picture, q image, add image prompt, add photo prompt",
    "audio": "audio, q audio, add audio prompt",
    "video": "video, q video, add video prompt",
    "file": "file, add file prompt",
    "barcode": "barcode, q barcode, add barcode prompt",
    "acknowledge": "acknowledge, q acknowledge, add acknowledge prompt, trigger",
    "start": "start, start time, get start time",
    "end": "end, end time, get end time",
    "today": "today, get today",
    "deviceid": "deviceid, imei, device id, get device id, uri:deviceid",
    "subscriberid": "subscriberid, subscriber id, get subscriber id, uri:subscriberid",
    "simserial": "simserial, sim id, get sim id, uri:simserial",
    "phonenumber": "phonenumber, phone number, get phone number, uri:phonenumber",
    "username": "username, uri:username",
    "email": "email, uri:email",
    "audit": "audit",
    "start-geopoint": "start-geopoint",
    "background-audio": "background-audio",
    "background-geopoint": "background-geopoint",
}
TYPES = {alias.strip(): kind for kind, aliases in _ALIASES.items() for alias in aliases.split(",")}
# Types that stand for a number within bounds.
BOUNDED = {
    "percentage": ". >= 0 and . <= 100",
    "number of days in last month": ". >= 0 and . <= 31",
    "number of days in last six months": ". >= 0 and . <= 183",
    "number of days in last year": ". >= 0 and . <= 365",
}
_SELECTS = {
    "select_one": "select_one, select one, select one from, select one using, select1, q select1, "
    "add select one prompt using",
    "select_multiple": "select_multiple, select multiple, select multiple from, select multiple using, "
    "select all that apply, select all that apply from, q select, add select multiple prompt using",
    "rank": "rank",
    "select_one_from_file": "select_one_from_file, select one from file",
    "select_multiple_from_file": "select_multiple_from_file, select multiple from file",
    "select_one_external": "select_one_external, select one external",
}
# The longest first: “select one from file x.csv” is no list called “file”.
SELECTS = sorted(
    ((alias.strip(), kind) for kind, aliases in _SELECTS.items() for alias in aliases.split(",")),
    key=lambda pair: -len(pair[0]),
)
FRAME = re.compile(r"(begin|end)[ _](group|lgroup|repeat|looped group|loop)( over \S+)?\Z", re.IGNORECASE)
FRAMES = {"group": "group", "lgroup": "repeat", "repeat": "repeat", "looped group": "repeat", "loop": "repeat"}
OR_OTHER = re.compile(r"[ _]or[ _](other|specify[ _]other)\Z", re.IGNORECASE)
EXTERNAL = ("csv-external", "xml-external")
CHOOSING = ("select_one", "select_multiple", "rank")


def choosing(kind: str) -> tuple[str, str] | None:
    """A type that offers choices, as (what it is, what follows it): "select one xa" → ("select_one", "xa")."""
    lower = kind.lower()
    for alias, known in SELECTS:
        if lower == alias or lower.startswith(f"{alias} "):
            return known, kind[len(alias) :].strip()
    return None


def in_small_letters(kind: str) -> str | None:
    """A known type as XLSForm writes it: "Select_One YN" → "select_one YN"; None when it is none."""
    chosen = choosing(kind)
    if chosen is not None:
        return kind[: len(kind) - len(chosen[1])].lower() + chosen[1]
    if kind in TYPES.values():
        return kind  # dateTime
    known = kind.lower() in TYPES or kind.lower() in EXTERNAL or FRAME.match(kind)
    return kind.lower() if known else None


# --- columns --------------------------------------------------------------------------------------------------------

MEDIA = ("image", "big-image", "audio", "video")
RULES = {
    "relevant": "relevant", "relevance": "relevant", "required": "required", "constraint": "constraint",
    "calculation": "calculate", "calculate": "calculate", "warning": "warning", "choice_filter": "choice_filter",
    "read_only": "readonly", "readonly": "readonly", "default": "default", "repeat_count": "count", "count": "count",
    "jr:count": "count",
}  # fmt: skip
TEXTS = {
    "label": "label", "caption": "label", "hint": "hint", "guidance_hint": "guidance",
    "required_message": "required_message", "requiredmsg": "required_message", "jr:requiredmsg": "required_message",
    "constraint_message": "constraint_message", "constraining_message": "constraint_message",
    "jr:constraintmsg": "constraint_message", "warning_message": "warning_message",
}  # fmt: skip
PLAIN = {
    "type": "type", "command": "type", "name": "name", "tag": "name", "value": "name", "appearance": "appearance",
    "parameters": "parameters", "trigger": "trigger", "rows": "rows", "save_to": "save_to",
    "disabled": "disabled",
}  # fmt: skip
OURS = ("law", "preload", "outcome", "dimension", "because", "member_label", "reading")
PRELOADS = ("copy", "context", "never")
OUTCOMES = (
    "class", "b1", "b2", "deprived_count", "illustrative", "refused", "persons", "head_name", "b1_line", "income",
    "income_line", "indicator",
)  # fmt: skip
# Columns of XLSForm that other programs read and that change nothing on our phone.
IDLE = (
    "accuracythreshold", "autoplay", "noapperrorstring", "no_app_error_string", "compact_tag", "sms_field",
    "sms_option", "sms_separator", "sms_allow_media", "sms_date_format", "sms_datetime_format", "sms_response",
    "intent",
)  # fmt: skip
SPREAD = ("bind", "body", "control", "instance", "media")


class Column(NamedTuple):
    """A header: `head` as we call it ("" of a namespace that changes nothing), `language` as it is written."""

    head: str
    language: str


def column(header: str) -> Column:
    """A survey header: “media::image::English (en)” → image, English (en); “bind::relevant” → relevant."""
    parts = [part.strip() for part in header.split("::" if "::" in header else ":")]
    if "::" not in header and parts[0].lower() in ("jr", "bind") and ":" in header:
        parts = header.split(":", 1) if parts[0].lower() == "bind" else [header]
    first = "_".join(parts[0].split()).lower()
    if first in SPREAD and len(parts) > 1:
        second = "_".join(parts[1].split()).lower()
        if first == "media" or second in RULES or second in TEXTS or second in ("appearance", "rows"):
            return Column(second, parts[2] if len(parts) > 2 else "")
        return Column(f"{first}::{second}", "")
    return Column(first, parts[1] if len(parts) > 1 else "")


COMMENTS = ("comment", "comments", "note", "notes", "#")
_KNOWN = {*RULES, *TEXTS, *PLAIN, *MEDIA, *OURS, *IDLE, *COMMENTS}


def meaning(head: str) -> str:
    """What a column is: two spellings of one column have one meaning."""
    return RULES.get(head) or TEXTS.get(head) or PLAIN.get(head) or head


def is_known(head: str) -> bool:
    return head in _KNOWN or head.partition("::")[0] in SPREAD


def is_carried(head: str) -> bool:
    """Whether a cell goes into the bundle under its own header: our columns, and those that nobody knows."""
    return head in OURS or not is_known(head)


# --- parameters -----------------------------------------------------------------------------------------------------

_ACCURACY = {"allow-mock-accuracy": "yes/no"}
_PLACES = {**_ACCURACY, "incremental": "yes/no", "reference-geometry": "any"}
_CHOICES = {"randomize": "yes/no", "seed": "seed", "value": "any", "label": "any"}
# Type → parameter → what it takes: number (above 0), distance (0 and more), any number, yes/no, seed, or one of several
# words.
PARAMETERS: dict[str, dict[str, str]] = {
    "text": {"rows": "number"},
    "range": {
        "start": "any number", "end": "any number", "step": "number", "placeholder": "any number",
        "tick_interval": "number", "tick_labelset": "any",
    },
    "select_one": _CHOICES,
    "select_multiple": _CHOICES,
    "rank": _CHOICES,
    "image": {"max-pixels": "number", "app": "any"},
    "audio": {"quality": "voice-only low normal external"},
    "background-audio": {"quality": "voice-only low normal"},
    "geopoint": {
        **_ACCURACY, "capture-accuracy": "distance", "warning-accuracy": "distance", "reference-geometry": "any",
    },
    "start-geopoint": _ACCURACY,
    "geotrace": _PLACES,
    "geoshape": _PLACES,
    "audit": {
        "location-priority": "no-power low-power balanced high-accuracy", "location-min-interval": "any number",
        "location-max-age": "any number", "track-changes": "yes/no", "track-changes-reasons": "on-form-edit",
        "identify-user": "yes/no",
    },
}  # fmt: skip
# Parameters that a browser cannot follow.
IDLE_PARAMETERS = ("app", "allow-mock-accuracy", "location-priority", "location-min-interval", "location-max-age",
                   "track-changes-reasons", "reference-geometry", "incremental")  # fmt: skip

# --- appearances ----------------------------------------------------------------------------------------------------

_SELECT = (
    "minimal autocomplete search quick quickcompact compact columns columns-pack no-buttons likert list label "
    "list-nolabel map image-map horizontal horizontal-compact vertical"
)
_APPEARANCES = {
    "text": "multiline numbers url masked thousands-sep cccd",
    "integer": "thousands-sep counter bearing numbers",
    "decimal": "thousands-sep bearing",
    "range": "no-ticks vertical rating picker",
    "date": "no-calendar month-year year",
    "dateTime": "no-calendar",
    "select_one": _SELECT,
    "select_multiple": _SELECT,
    "geopoint": "placement-map maps",
    "geotrace": "placement-map maps",
    "geoshape": "placement-map maps",
    "image": "annotate draw signature new new-front new-rear selfie",
    "video": "new new-front selfie",
    "audio": "new",
    "barcode": "cccd front",
    "group": "field-list table-list",
    "repeat": "field-list",
}
EVERYWHERE = ("w1", "w2", "w3", "hidden")
APPEARANCES = {kind: tuple(words.split()) for kind, words in _APPEARANCES.items()}
# What is drawn otherwise than in ODK Collect: the word is known, and nothing here does what it says.
DEGRADED = {
    "map": "select", "image-map": "select", "maps": "geopoint", "placement-map": "geopoint", "bearing": "decimal",
    "front": "barcode",
}  # fmt: skip
# Calendars other than the one of the civil code; an app of its own on the telephone.
FOREIGN = (
    "coptic", "ethiopian", "islamic", "bikram-sambat", "myanmar", "persian", "buddhist", "printer", "ex:",
)  # fmt: skip


def knows_appearance(kind: str, word: str) -> bool:
    if re.fullmatch(r"w\d+|columns-\d+|quickcompact-\d+|compact-\d+", word):
        return word.startswith("w") or kind in ("select_one", "select_multiple")
    return word in EVERYWHERE or word in APPEARANCES.get(kind, ())


# --- settings -------------------------------------------------------------------------------------------------------

SETTINGS = {
    "form_title": "title", "set_form_title": "title", "title": "title",
    "form_id": "form_id", "set_form_id": "form_id", "id_string": "form_id",
    "version": "version", "default_language": "default_language", "instance_name": "instance_name",
    "style": "style", "name": "name", "allow_choice_duplicates": "allow_choice_duplicates",
    "clean_text_values": "clean_text_values",
    "standard": "standard",  # ours: the poverty standard by which the form's class is worked out
}  # fmt: skip
YES_OR_NO = ("allow_choice_duplicates", "clean_text_values")
STYLES = ("pages", "theme-grid", "theme-kobo", "theme-formhub", "no-text-transform")
# What the server or ODK Collect decides here, whatever the sheet says.
IDLE_SETTINGS = (
    "public_key", "submission_url", "auto_send", "auto_delete", "namespaces", "omit_instanceid", "instance_xmlns",
    "prefix", "delimiter", "sms_keyword", "sms_separator", "sms_allow_media", "sms_date_format",
    "sms_datetime_format", "client_editable", "instance_id", "flat", "add_none_option",
)  # fmt: skip
