"""What can be had of a round: each format's files by the name under which they leave, and the bytes of each.

Whoever asks (the page, the command) names a file or a format; which writer makes it is known here alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from survey.exports import spss, stata
from survey.exports.files import DATA, DataFile, Kind, data_files
from survey.exports.rows import Choice
from survey.reports import csvfile
from survey.reports.csvfile import Style, zipped


class Format(StrEnum):
    CSV = "csv"
    STATA = "stata"
    SPSS = "spss"


SUFFIX = {Format.CSV: "csv", Format.STATA: "dta", Format.SPSS: "sav"}
ZIP = {Format.CSV: "so-ho.zip", Format.STATA: "so-ho-stata.zip", Format.SPSS: "so-ho-spss.zip"}
MEDIA_TYPE = {
    "csv": "text/csv", "zip": "application/zip", "dta": "application/x-stata-dta", "sav": "application/x-spss-sav",
}  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """How files are written: the style of a CSV, the language of labels, the title of a data set, when it is made."""

    title: str
    at: datetime
    language: str = "vi"
    style: Style = Style.COMMA


@dataclass(frozen=True)
class Offer:
    """A file that can be had under `name`; of several files it is a zip."""

    name: str
    format: Format
    kinds: tuple[Kind, ...]

    @property
    def suffix(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def media_type(self) -> str:
        return MEDIA_TYPE[self.suffix]


def kinds_in(format: Format) -> tuple[Kind, ...]:
    """The kinds that the format is written for; the codebook is a CSV beside the others of any."""
    return tuple(Kind) if format is Format.CSV else DATA


def offers() -> dict[str, Offer]:
    """Everything by its name: each file, and for each format all of its files with the codebook in one zip."""
    found = [Offer(f"{kind.value}.{SUFFIX[format]}", format, (kind,)) for format in SUFFIX for kind in kinds_in(format)]
    found += [Offer(name, format, tuple(Kind)) for format, name in ZIP.items()]
    return {offer.name: offer for offer in found}


def pieces(session: Session, offer: Offer, choice: Choice, names: dict[str, str], manner: Manner) -> Iterator[bytes]:
    """The bytes of what is offered, made while they are read. `session` reads one snapshot; `names`: what the communes
    and villages are called."""
    files = written(session, offer.format, offer.kinds, choice, names, manner)
    if offer.suffix == "zip":
        yield from zipped(files)
    else:
        for _name, content in files:
            yield from content


def written(
    session: Session, format: Format, kinds: Iterable[Kind], choice: Choice, names: dict[str, str], manner: Manner
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and bytes of each file of the format, to be read one after the other."""
    for file in data_files(session, kinds, choice, names):
        of_file = format if file.kind in kinds_in(format) else Format.CSV
        yield f"{file.kind.value}.{SUFFIX[of_file]}", _bytes(file, of_file, manner)


def _bytes(file: DataFile, format: Format, manner: Manner) -> Iterator[bytes]:
    match format:
        case Format.STATA:
            return stata.written(file, manner.language, f"{manner.title} – {file.kind.value}", manner.at)
        case Format.SPSS:
            return spss.written(file, manner.language, f"{manner.title} – {file.kind.value}", manner.at)
        case _:
            return csvfile.written(file.header, file.rows(), manner.style)
