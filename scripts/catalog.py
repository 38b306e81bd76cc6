"""Hold the Vietnamese catalog against the sources: nothing untranslated, nothing left over.

    python -m scripts.catalog            says what is wrong, one line each; ends with 1 when anything is
    python -m scripts.catalog --update   brings messages.po to the sources: what is new stands in it untranslated, what
                                         is used nowhere goes (what `pybabel update` does)

The sources' messages are what Babel extracts under the mapping in pyproject.toml, with the file of each (`#:`) and what
a translator must know (`I18N:` comments in the source, `#.` in the catalog).
"""

from __future__ import annotations

import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import chdir
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOG = "translations/vi/LC_MESSAGES/messages.po"
MADE = datetime(2026, 11, 1, tzinfo=UTC)  # a day of now would make each update a change
HEADER: dict[str, Any] = {
    "locale": "vi",
    "project": "Sổ Hộ",
    "version": "0",
    "header_comment": "# The words of Sổ Hộ in Vietnamese, by their English in the source.",
    "msgid_bugs_address": "-",
    "last_translator": "-",
    "language_team": "-",
    "fuzzy": False,
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|\{\w*\}")

Key = tuple[str | None, str]  # context, msgid (of a plural: the singular)


def key(message: Message) -> Key:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def name(key: Key) -> str:
    context, msgid = key
    return f"{msgid!r}" + (f" (context {context!r})" if context else "")


def extracted(root: Path) -> Catalog:
    """What Babel finds in the sources under `root`."""
    with tempfile.TemporaryDirectory() as folder, chdir(root):
        pot = Path(folder) / "messages.pot"
        CommandLineInterface().run(["pybabel", "-q", "extract", "-F", "pyproject.toml", "-o", str(pot), "."])
        with pot.open("rb") as source:
            return read_po(source)


def read_catalog(root: Path) -> Catalog:
    """The translations as they stand."""
    with (root / CATALOG).open("rb") as source:
        return read_po(source, locale="vi", abort_invalid=True)


def updated(sources: Catalog, translated: Catalog) -> bytes:
    """The catalog as it should stand in its file, in the order of the sources, with what is not translated yet."""
    made = Catalog(creation_date=MADE, revision_date=MADE, **HEADER)
    for message in sources:
        if message.id:
            known = translated.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
            string = known.string if known is not None else ""
            comments = {"user_comments": known.user_comments} if known is not None else {}
            files = [(file, 0) for file in dict.fromkeys(file for file, _ in message.locations)]
            made.add(
                message.id, string, files, auto_comments=message.auto_comments, context=message.context, **comments
            )
    written = BytesIO()
    write_po(written, made, width=120, include_lineno=False)
    return written.getvalue()


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def faults_of(message: Message) -> Iterator[str]:
    """What is wrong with one translation, taken by itself."""
    originals = [message.id] if isinstance(message.id, str) else list(message.id)
    translations = [message.string] if isinstance(message.string, str) else list(message.string)
    if not all(translations):
        yield "has no translation"
        return
    if message.fuzzy:
        yield "is fuzzy: nobody has confirmed it"
    # Vietnamese has one plural form: it must hold what the last original (the plural) holds.
    for translation in translations:
        if placeholders(translation) != placeholders(originals[-1]):
            yield f"has other placeholders in its translation {translation!r}"
        if unicodedata.normalize("NFC", translation) != translation:
            yield f"has a translation that is not NFC: {translation!r}"


def faults(sources: Catalog, translated: Catalog) -> list[str]:
    """Everything wrong between the sources and the catalog, one sentence each."""
    wanted = {key(message): message for message in sources if message.id}
    said = []
    for message in translated:
        if message.id:
            said += [] if key(message) in wanted else [f"{name(key(message))} is used nowhere"]
            said += [f"{name(key(message))} {fault}" for fault in faults_of(message)]
    said += [f"{name(key(message))} is kept as obsolete" for message in translated.obsolete.values()]
    known = {key(message) for message in translated}
    for this, message in wanted.items():
        if this not in known:
            file, line = message.locations[0] if message.locations else ("?", 0)
            said.append(f"{file}:{line}: {name(this)} has no translation")
    return said


def main(arguments: Iterable[str]) -> int:
    sources, translated = extracted(ROOT), read_catalog(ROOT)
    stands, should = (ROOT / CATALOG).read_bytes(), updated(sources, translated)
    if "--update" in arguments:
        (ROOT / CATALOG).write_bytes(should)
        translated = read_catalog(ROOT)
    said = faults(sources, translated)
    if not said and "--update" not in arguments and stands != should:
        said = [f"{CATALOG} is not as the sources are: python -m scripts.catalog --update"]
    if said:
        print(*said, sep="\n")
    print(f"catalog: {len(sources)} messages, {len(said)} faults")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
