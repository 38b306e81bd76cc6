"""A client as strict as ODK Collect 2025: what it refuses, a real Collect refuses (shared/design/peers.md §5.1).

It knows nothing of this product's code: it reads the settings code, the form list, forms, manifests and entity lists,
fills an XForm's primary instance and sends it in parts.
"""

from __future__ import annotations

import base64
import copy
import csv
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4
from xml.etree import ElementTree

LIST, MANIFEST = "{http://openrosa.org/xforms/xformsList}", "{http://openrosa.org/xforms/xformsManifest}"
RESPONSE, XF = "{http://openrosa.org/http/response}", "{http://www.w3.org/2002/xforms}"
ORX = "{http://openrosa.org/xforms}"
TEMPLATE = "{http://openrosa.org/javarosa}template"
BOUNDARY = "7f2c1a-collect"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


Transport = Callable[[str, str, dict[str, str], bytes | Iterator[bytes] | None], Answer]


class NotOpenRosa(AssertionError):
    """What a Collect would show as an error of the server."""


def must(held: object, words: str) -> None:
    if not held:
        raise NotOpenRosa(words)


@dataclass(frozen=True)
class Fetched:
    form_id: str
    version: str
    md5: str
    xml: bytes
    media: dict[str, bytes]
    entities: list[dict[str, str]] = field(default_factory=list)
    integrity: str = ""


class Sent(NamedTuple):
    status: int
    message: str


def read_settings(code: str) -> dict[str, Any]:
    """What a settings code says."""
    settings = json.loads(zlib.decompress(base64.b64decode(code)))
    must({"general", "admin"} <= set(settings), "a settings code has general and admin")
    must(settings["general"]["server_url"].startswith(("http://", "https://")), "server_url is an address")
    return dict(settings)


def flask_transport(browser: Any) -> Transport:
    """Through Flask's own test client."""

    def send(method: str, address: str, headers: dict[str, str], body: Any) -> Answer:
        data = b"".join(body) if body is not None and not isinstance(body, bytes) else body
        where = urlsplit(address)
        answer = browser.open(
            where.path + (f"?{where.query}" if where.query else ""), method=method, headers=headers, data=data
        )
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers}, answer.data)

    return send


@dataclass
class Collect:
    """A phone with one project."""

    server: str  # server_url, as configured
    transport: Transport
    device: str = "collect:Abc123"

    def get(self, address: str) -> Answer:
        return self.transport("GET", self._with_device(address), self._headers(), None)

    def form_list(self) -> list[dict[str, str]]:
        answer = self._openrosa(self.get(f"{self.server}/formList"))
        root = ElementTree.fromstring(answer.body)
        must(root.tag.lower() == f"{LIST}xforms".lower(), f"root {root.tag}")
        found = []
        for one in root:
            if not one.tag.startswith(LIST):
                continue  # other namespaces are skipped
            said = {child.tag.removeprefix(LIST): (child.text or "").strip() for child in one}
            for needed in ("formID", "name", "downloadUrl"):
                must(said.get(needed), f"the whole list fails: a form without {needed}")
            must(said.get("hash", "").startswith("md5:"), "a form without a hash cannot be downloaded")
            found.append(said)
        return found

    def fetch(self, listed: dict[str, str]) -> Fetched:
        """Download a form with its media; every hash is checked."""
        form = self._openrosa(self.get(listed["downloadUrl"]))
        must(f"md5:{hashlib.md5(form.body).hexdigest()}" == listed["hash"], "the form's hash")
        media: dict[str, bytes] = {}
        entities: list[dict[str, str]] = []
        integrity = ""
        if "manifestUrl" in listed:
            root = ElementTree.fromstring(self._openrosa(self.get(listed["manifestUrl"])).body)
            must(root.tag == f"{MANIFEST}manifest", f"root {root.tag}")
            for one in root:
                said = {child.tag.removeprefix(MANIFEST): (child.text or "").strip() for child in one}
                must({"filename", "hash", "downloadUrl"} <= set(said), "a media file without name, hash or address")
                answer = self.get(said["downloadUrl"])
                must(answer.status == 200, f"{said['filename']}: {answer.status}")
                must(f"md5:{hashlib.md5(answer.body).hexdigest()}" == said["hash"], f"the hash of {said['filename']}")
                media[said["filename"].rpartition("/")[2]] = answer.body
                if one.attrib.get("type") == "entityList":
                    entities, integrity = read_entities(answer.body), said["integrityUrl"]
        return Fetched(
            listed["formID"], listed.get("version", ""), listed["hash"], form.body, media, entities, integrity
        )

    def deleted(self, fetched: Fetched, ids: list[str]) -> dict[str, bool]:
        sign = "&" if "?" in fetched.integrity else "?"
        answer = self._openrosa(self.get(f"{fetched.integrity}{sign}id={quote(','.join(ids))}"))
        root = ElementTree.fromstring(answer.body)
        must((root.tag, root[0].tag) == ("data", "entities"), "integrity has no namespace")
        words = {one.attrib["id"]: one[0].text for one in root[0]}
        must(set(words.values()) <= {"true", "false"}, "strict booleans")
        return {key: word == "true" for key, word in words.items()}

    def submit(
        self, xml: bytes, files: dict[str, bytes] | None = None, *, at_once: int = 100, chunked: bool = False
    ) -> Sent:
        """Send a finished form in as many posts as it takes; raises when a real Collect would call it failed."""
        head = self.transport("HEAD", self._with_device(f"{self.server}/submission"), self._headers(), None)
        must(head.status == 204, f"HEAD {head.status}: a captive portal?")
        must(head.headers.get("x-openrosa-version") == "1.0", "HEAD without the OpenRosa header")
        limit = int(head.headers["x-openrosa-accept-content-length"])
        waiting = list((files or {}).items())
        sent = Sent(0, "")
        while True:
            now, size = [], len(xml)
            while waiting and len(now) < at_once and (not now or size + len(waiting[0][1]) <= limit):
                now.append(waiting.pop(0))
                size += len(now[-1][1])
            sent = self.post(xml, now, incomplete=bool(waiting), chunked=chunked)
            must(sent.status in (201, 202), f"{sent.status}: {sent.message}")
            if not waiting:
                return sent

    def post(
        self, xml: bytes, files: list[tuple[str, bytes]], *, incomplete: bool = False, chunked: bool = False
    ) -> Sent:
        """One POST as OkHttp writes it: names in bare UTF-8."""
        pieces = [part("xml_submission_file", "text/xml", xml, "form.xml")]
        pieces += [part(name, "application/octet-stream", content, name) for name, content in files]
        if incomplete:
            field_head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="*isIncomplete*"'
            pieces.append(f"{field_head}\r\n\r\nyes\r\n".encode())
        body = b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()
        return self.send(body, chunked=chunked)

    def send(self, body: bytes, *, chunked: bool = False) -> Sent:
        headers = self._headers() | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        given: Any = (body[at : at + 1000] for at in range(0, len(body), 1000)) if chunked else body
        answer = self.transport("POST", self._with_device(f"{self.server}/submission"), headers, given)
        must(answer.headers.get("x-openrosa-version") == "1.0", f"POST {answer.status} without the OpenRosa header")
        must("text/xml" in answer.headers["content-type"], "an answer that is no text/xml")
        root = ElementTree.fromstring(answer.body)
        must(root.tag == f"{RESPONSE}OpenRosaResponse", f"root {root.tag}")
        must(root[0].tag == f"{RESPONSE}message", f"no message but {root[0].tag}")
        return Sent(answer.status, root[0].text or "")

    def _openrosa(self, answer: Answer) -> Answer:
        must(answer.status == 200, f"{answer.status}")
        must("text/xml" in answer.headers["content-type"], answer.headers["content-type"])
        must(answer.headers.get("x-openrosa-version") == "1.0", "no OpenRosa header")
        return answer

    def _with_device(self, address: str) -> str:
        return f"{address}{'&' if '?' in address else '?'}deviceID={quote(self.device)}"

    @staticmethod
    def _headers() -> dict[str, str]:
        return {
            "X-OpenRosa-Version": "1.0",
            "Date": "Mon, 23 Nov 2026 02:00:00 GMT",
            "User-Agent": "org.odk.collect.android/v2025.2.1 Dalvik/2.1.0 (Linux; U; Android 13)",
        }


def part(name: str, kind: str, content: bytes, file: str) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
    return f"{head}Content-Type: {kind}\r\n".encode() + b"Content-Transfer-Encoding: binary\r\n\r\n" + content + b"\r\n"


def read_entities(content: bytes) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    for row in rows:
        must({"name", "label", "__version"} <= set(row), "Collect stops reading a list whose rows lack these")
        system = str(UUID(row["name"])) == row["name"] and row["label"] and int(row["__version"]) >= 1
        must(system, "a row's system columns")
    return rows


def filled(
    fetched: Fetched,
    household: dict[str, str] | None,
    answers: dict[str, Any],
    *,
    instance_id: str = "",
    deprecated_id: str = "",
) -> bytes:
    """The form's primary instance with answers, as Collect finalises it: what is looked up in the chosen household's
    row is filled in; what is not relevant (here: what is not answered) is left out."""
    root = ElementTree.fromstring(fetched.xml)
    data = copy.deepcopy(next(root.iter(f"{XF}instance"))[0])
    if household is not None:
        looked_up = {
            bind.attrib["nodeset"].rpartition("/")[2]: bind.attrib["calculate"].strip().rpartition("/")[2]
            for bind in root.iter(f"{XF}bind")
            if "instance('households')" in bind.attrib.get("calculate", "")
        }
        for element in data.iter():
            column = looked_up.get(local(element))
            if column in household:
                element.text = household[column]
        texts = {"odk_so_ho_chon": household["name"], "odk_so_ho_da_gui": "received"}
        texts |= {"odk_so_ho_start": "2026-11-22T08:10:00.000+07:00", "odk_so_ho_end": "2026-11-22T08:42:00.000+07:00"}
        for element in data.iter():
            element.text = texts.get(local(element), element.text)
    fill(data, answers)
    meta = next(child for child in data if local(child) == "meta")
    for child in meta:
        if local(child) == "instanceID":
            child.text = instance_id or f"uuid:{uuid4()}"
    if deprecated_id:
        ElementTree.SubElement(meta, f"{ORX}deprecatedID").text = deprecated_id
    return bytes(ElementTree.tostring(data, encoding="utf-8", xml_declaration=True))


def local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def fill(element: ElementTree.Element, answers: dict[str, Any]) -> None:
    for child in [child for child in element if TEMPLATE in child.attrib]:
        element.remove(child)
    for name, value in answers.items():
        here = [child for child in element if local(child) == name]
        if isinstance(value, list):
            place = list(element).index(here[0])
            pattern = copy.deepcopy(here[0])
            for child in here:
                element.remove(child)
            for offset, one in enumerate(value):
                made = copy.deepcopy(pattern)
                fill(made, one)
                element.insert(place + offset, made)
        elif isinstance(value, dict):
            fill(here[0], value)
        else:
            (here[0] if here else ElementTree.SubElement(element, name)).text = str(value)
