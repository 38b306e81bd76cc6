"""An OpenRosa submission ⇄ the answers of a record, and what OpenRosa answers look like.

`read` takes any bytes: what is no submission is a `RefusedXml`, what does not fit the form stays in the answers under
its own name, where `record.evaluate` names it as a problem. Nothing is dropped but what only the Collect edition has
(`odk_so_ho…`, see xform.py), notes, and calculations, which the server makes itself.

https://getodk.github.io/xforms-spec/ (instance, metadata), https://docs.getodk.org/openrosa-form-submission/
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from survey.collect.xform import OWN
from survey.form.form import NUMBERS, Form, Item
from survey.form.values import number_text
from survey.text import normal

MAX_XML = 4 * 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 50_000
MAX_ID = 249  # of an instanceID, OpenRosa metadata
FILES = ("image", "audio", "video", "file", "background-audio", "audit")
_OPENROSA = "http://openrosa.org/xforms"
_TEMPLATE = "{http://openrosa.org/javarosa}template"
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?\Z", re.ASCII)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class RefusedXml(ValueError):
    """Bytes that are no OpenRosa submission. `args[0]`: malformed, too_large or no_instance_id."""


@dataclass(frozen=True)
class Named:
    """A file that a submission names: where, and how it is called in the XML."""

    path: str
    name: str


@dataclass(frozen=True)
class SentInstance:
    """A submission as it was sent, before a form is known."""

    root: Element
    form_id: str
    version: str
    instance_id: str
    deprecated_id: str
    meta: dict[str, str]  # the metadata's text by name: timeStart, deviceID, instanceName, …
    entity: dict[str, str]  # what Collect said of its list: id, baseVersion, trunkVersion, branchId, …
    own: dict[str, str]  # the Collect edition's rows: odk_so_ho_household_id, …


@dataclass
class AnswersRead:
    """A submission under its form. A file's answer is its name as in the XML; `files` says where each one stands."""

    answers: dict[str, Any]
    files: list[Named] = field(default_factory=list)
    calculated: dict[str, str] = field(default_factory=dict)  # what the phone calculated, by path, outside repeats


def parse(data: bytes) -> SentInstance:
    """The submission in these bytes. Raises `RefusedXml`."""
    if len(data) > MAX_XML:
        raise RefusedXml("too_large")
    try:
        parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
        parser.feed(data)
        root: Element = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:  # LookupError: an encoding nobody knows
        if isinstance(error, RefusedXml):
            raise
        raise RefusedXml("malformed") from None
    meta, entity = {}, {}
    for child in root:
        if _name(child) == "meta":
            for item in child:
                if _name(item) == "entity":
                    entity = {key.rpartition("}")[2]: value for key, value in item.attrib.items()}
                else:
                    meta[_name(item)] = _text(item).strip()
    instance_id = meta.get("instanceID", "")
    if not instance_id or len(instance_id) > MAX_ID or not instance_id.isprintable():
        raise RefusedXml("no_instance_id")
    own = {_name(item): _text(item).strip() for item in _leaves(root) if _name(item).startswith(OWN)}
    return SentInstance(
        root, root.get("id", "").strip(), root.get("version", "").strip(), instance_id,
        meta.get("deprecatedID", ""), meta, entity, own,
    )  # fmt: skip


def read(instance: SentInstance, form: Form | None) -> AnswersRead:
    """The answers of a submission; without its form every value is text, and only what looks like no list is none."""
    reading = AnswersRead({})
    _XmlReader(reading).group(form.root if form else None, instance.root, reading.answers, "", inside=False)
    audit = instance.meta.get("audit", "")
    if audit:
        item = next((item for item in form.nodes() if item.type == "audit"), None) if form else None
        if item is not None and "/" not in item.path:
            reading.answers[item.name] = audit
        reading.files.append(Named(item.path if item else "meta/audit", audit))
    return reading


def named_files(reading: AnswersRead, sha256: Mapping[str, str]) -> dict[str, Any]:
    """The answers with each file's hash in the place of its name."""
    wanted = {one.path: sha256[one.name] for one in reading.files if one.name in sha256}

    def filled(value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {key: filled(below, f"{path}/{key}" if path else key) for key, below in value.items()}
        if isinstance(value, list):
            return [filled(one, f"{path}[{at}]") for at, one in enumerate(value, 1)]
        return wanted.get(path, value)

    answers: dict[str, Any] = filled(reading.answers, "")
    return answers


def write(
    form: Form, answers: Mapping[str, Any], meta: Mapping[str, str], own: Mapping[str, str] | None = None
) -> bytes:
    """The submission that a Collect would send of these answers; a file's answer is its name. What XML has no
    character for is left out."""
    root = Element("data", {"id": form.id, "version": form.version, "xmlns:orx": _OPENROSA})
    for name, value in (own or {}).items():
        SubElement(root, name).text = _NO_XML.sub("", value)
    _write_group(form.root, root, answers)
    head = SubElement(root, "orx:meta")
    for name, value in meta.items():
        SubElement(head, f"orx:{name}").text = _NO_XML.sub("", value)
    # A line break is written as a reference: a parser turns a bare carriage return into a line feed.
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)).replace(b"\r", b"&#13;")


def message(text: str, nature: str) -> bytes:
    """An OpenRosaResponse; `nature`: submit_success, submit_error, …"""
    root = Element("OpenRosaResponse", {"xmlns": "http://openrosa.org/http/response"})
    SubElement(root, "message", {"nature": nature}).text = _NO_XML.sub("", text)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


@dataclass(frozen=True)
class ListedForm:
    """A form as `formList` tells it."""

    form_id: str
    name: str
    version: str
    md5: str
    download: str
    manifest: str | None


def form_list(forms: list[ListedForm]) -> bytes:
    """https://docs.getodk.org/openrosa-form-list/"""
    root = Element("xforms", {"xmlns": "http://openrosa.org/xforms/xformsList"})
    for one in forms:
        said = {"formID": one.form_id, "name": one.name, "version": one.version, "hash": f"md5:{one.md5}",
                "downloadUrl": one.download, "manifestUrl": one.manifest}  # fmt: skip
        _list_of(SubElement(root, "xform"), said)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


@dataclass(frozen=True)
class Medium:
    """A file of a form as its manifest tells it; `integrity`: of an entity list, where deletions are asked."""

    name: str
    md5: str
    download: str
    integrity: str | None = None


def manifest(media: list[Medium]) -> bytes:
    root = Element("manifest", {"xmlns": "http://openrosa.org/xforms/xformsManifest"})
    for one in media:
        medium = SubElement(root, "mediaFile", {"type": "entityList"} if one.integrity else {})
        said = {"filename": one.name, "hash": f"md5:{one.md5}", "downloadUrl": one.download,
                "integrityUrl": one.integrity}  # fmt: skip
        _list_of(medium, said)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def integrity(deleted: Mapping[str, bool]) -> bytes:
    """Which entities are gone, in the answer to an `integrityUrl`."""
    root = Element("data")
    entities = SubElement(root, "entities")
    for entity_id, gone in deleted.items():
        one = SubElement(entities, "entity", {"id": _NO_XML.sub("", entity_id)})
        SubElement(one, "deleted").text = "true" if gone else "false"
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _list_of(element: Element, said: Mapping[str, str | None]) -> None:
    for name, text in said.items():
        if text is not None:
            SubElement(element, name).text = text


class _Bounded(TreeBuilder):
    """Builds the tree of what is not too deep and not too much."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = self.nodes = 0

    def start(self, tag: Any, attrs: Any, /) -> Any:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise RefusedXml("too_large")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> Any:
        self.depth -= 1
        return super().end(tag)


class _XmlReader:
    def __init__(self, reading: AnswersRead) -> None:
        self.reading = reading

    def group(self, item: Item | None, element: Element, answers: dict[str, Any], path: str, *, inside: bool) -> None:
        """`inside`: in an instance of a repeat."""
        known = {child.name: child for child in item.children} if item else {}
        times: dict[str, int] = {}
        for child in element:
            name = _name(child)
            if self.left_out(name, known, path):
                continue
            below = f"{path}/{name}" if path else name
            asked = known.get(name)
            times[name] = times.get(name, 0) + 1
            if asked is None:
                self.unknown(child, name, answers, below, times[name])
            elif asked.type == "repeat":
                if _TEMPLATE not in child.attrib:
                    instances = answers.setdefault(name, [])
                    instances.append({})
                    self.group(asked, child, instances[-1], f"{below}[{len(instances)}]", inside=True)
            elif times[name] > 1:  # a second answer to one question: kept where evaluation will name it
                self.unknown(child, f"{name}#{times[name]}", answers, f"{path}/{name}#{times[name]}".lstrip("/"), 1)
            elif asked.type == "group":
                found: dict[str, Any] = {}
                self.group(asked, child, found, below, inside=inside)
                if found:
                    answers[name] = found
            else:
                self.leaf(asked, child, answers, below, inside=inside)

    @staticmethod
    def left_out(name: str, known: Mapping[str, Item], path: str) -> bool:
        """Metadata, the Collect edition's own rows, and the counts that pyxform adds to a counted repeat."""
        if name in known:
            return False
        counted = known.get(name.removesuffix("_count")) if name.endswith("_count") else None
        return (
            name.startswith(OWN)
            or (not path and name == "meta")
            or name in ("__last-saved", "instanceID")
            or (counted is not None and counted.type == "repeat")
        )

    def leaf(self, item: Item, element: Element, answers: dict[str, Any], path: str, *, inside: bool) -> None:
        text = _text(element)
        if len(element):  # a question with something in it
            self.unknown(element, item.name, answers, path, 1)
            return
        if item.type == "note" or not text.strip():
            if text and item.type in ("text", "hidden"):
                answers[item.name] = text  # spaces are what was typed
            return
        if item.type == "calculate" and not item.is_kept:
            if not inside:
                self.reading.calculated[path] = text
            return
        if item.type in FILES:
            text = file_name(text)
            self.reading.files.append(Named(path, text))
        answers[item.name] = typed(item, text)

    def unknown(self, element: Element, name: str, answers: dict[str, Any], path: str, times: int) -> None:
        """What the form does not ask: as it came; a name that stands there again makes a list."""
        value: Any = _text(element)
        if len(element):
            value = {}
            self.group(None, element, value, path, inside=True)
        if times > 1 and name in answers:
            if not isinstance(answers[name], list):
                answers[name] = [answers[name]]
            answers[name].append(value)
        elif value not in ("", {}):
            answers[name] = value


def typed(item: Item, text: str) -> Any:
    """A text as the answer of its question; what is no such answer stays text, for evaluation to judge."""
    if item.type in NUMBERS:
        stripped = text.strip()
        if _NUMBER.match(stripped):
            number = float(stripped)
            if math.isfinite(number) and abs(number) <= 9e15:
                return int(number) if number == int(number) else number
        return text
    if item.type in ("select_multiple", "rank"):
        return " ".join(text.split())
    return text if item.type in ("text", "hidden", "calculate") else text.strip()


def file_name(text: str) -> str:
    """The name alone, in one spelling: no folder, NFC."""
    return normal("NFC", text.replace("\\", "/").rpartition("/")[2].strip())[:200]


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element) -> str:
    return normal("NFC", element.text or "")


def _leaves(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if not len(element))


def _write_group(item: Item, element: Element, answers: Mapping[str, Any]) -> None:
    for child in item.children:
        value = answers.get(child.name)
        if child.type == "repeat":
            for one in value or []:
                _write_group(child, SubElement(element, child.name), one)
        elif child.type == "group":
            _write_group(child, SubElement(element, child.name), value or {})
        elif child.type != "note" and value not in (None, ""):
            text = number_text(float(value)) if isinstance(value, (int, float)) else str(value)
            SubElement(element, child.name).text = _NO_XML.sub("", text)
