"""Hold the Vietnamese catalogs against the sources: nothing untranslated, nothing left over.

    python -m scripts.catalog          says what is wrong, one line each; ends with 1 when anything is
    python -m scripts.catalog --todo   prints the missing entries, ready to be translated in a .po

The sources' messages are what Babel extracts under the mapping in pyproject.toml. The catalogs are all .po files of
translations/vi/LC_MESSAGES, which the app merges when it starts: together they must be complete, and no message may
stand in two of them with two translations, for then one would win by chance.
"""

from __future__ import annotations

import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import chdir
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
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


def catalogs(root: Path, language: str = "vi") -> dict[str, Catalog]:
    """Each .po of the language, by its path under `root`."""
    found = {}
    for path in sorted((root / "translations" / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as source:
            found[str(path.relative_to(root))] = read_po(source, locale=language, abort_invalid=True)
    return found


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


def faults(sources: Catalog, translated: dict[str, Catalog]) -> list[str]:
    """Everything wrong between the sources and the catalogs, one sentence each."""
    wanted = {key(message): message for message in sources if message.id}
    found: dict[Key, tuple[str, object]] = {}
    said = []
    for path, catalog in translated.items():
        for message in catalog:
            if not message.id:
                continue
            this = key(message)
            elsewhere, string = found.setdefault(this, (path, message.string))
            if string != message.string:
                said.append(f"{path}: {name(this)} is translated otherwise in {elsewhere}")
            if this not in wanted:
                said.append(f"{path}: {name(this)} is used nowhere")
            said.extend(f"{path}: {name(this)} {fault}" for fault in faults_of(message))
        said.extend(f"{path}: {name(key(message))} is kept as obsolete" for message in catalog.obsolete.values())
    for this, message in wanted.items():
        if this not in found:
            file, line = message.locations[0] if message.locations else ("?", 0)
            said.append(f"{file}:{line}: {name(this)} has no translation")
    return said


def todo(sources: Catalog, translated: dict[str, Catalog]) -> Catalog:
    """The messages that stand in no catalog."""
    found = {key(message) for catalog in translated.values() for message in catalog}
    missing = Catalog(locale="vi")
    for message in sources:
        if message.id and key(message) not in found:
            missing[message.id] = message
    return missing


def main(arguments: Iterable[str]) -> int:
    sources, translated = extracted(ROOT), catalogs(ROOT)
    if "--todo" in arguments:
        write_po(sys.stdout.buffer, todo(sources, translated), omit_header=True)
        return 0
    said = faults(sources, translated)
    if said:
        print(*said, sep="\n")
    print(f"catalog: {len(sources)} messages, {len(translated)} catalogs, {len(said)} faults")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
