"""What can be had of a round: each format's files by the name under which they leave, and the bytes of each.

Whoever asks (the page, the command) names a file or a format; which writer makes it is known here alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from survey.exports import datapackage, ddi, geojson, parquet, spss, stata, xlsx
from survey.exports.files import DATA, LONG, DataFile, Kind, data_files
from survey.exports.rows import Choice
from survey.reports import csvfile
from survey.reports.csvfile import Style, zipped


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    STATA = "stata"
    SPSS = "spss"
    PARQUET = "parquet"
    DATAPACKAGE = "datapackage"  # CSV for machines, described
    GEOJSON = "geojson"
    DDI = "ddi"  # the codebook for archives


SUFFIX = {
    Format.CSV: "csv",
    Format.STATA: "dta",
    Format.SPSS: "sav",
    Format.PARQUET: "parquet",
}  # of the formats that have a file for each kind
MEDIA_TYPE = {
    "csv": "text/csv", "zip": "application/zip", "dta": "application/x-stata-dta", "sav": "application/x-spss-sav",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xml": "application/xml",
    "geojson": "application/geo+json", "parquet": "application/vnd.apache.parquet",
}  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """How files are written: the title of a data set, when it is made, the language of labels, the style of a CSV;
    `words`: the words of codes in a workbook, else the codes."""

    title: str
    at: datetime
    language: str = "vi"
    style: Style = Style.COMMA
    words: bool = True


@dataclass(frozen=True)
class Offer:
    """A file that can be had under `name`; in a zip or a workbook are several kinds."""

    name: str
    format: Format
    kinds: tuple[Kind, ...]

    @property
    def suffix(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def media_type(self) -> str:
        return MEDIA_TYPE[self.suffix]


WHOLE = {  # all kinds of a format in one
    Format.CSV: Offer("so-ho.zip", Format.CSV, LONG),
    Format.STATA: Offer("so-ho-stata.zip", Format.STATA, LONG),
    Format.SPSS: Offer("so-ho-spss.zip", Format.SPSS, LONG),
    Format.PARQUET: Offer("so-ho-parquet.zip", Format.PARQUET, LONG),
    Format.DATAPACKAGE: Offer("so-ho-datapackage.zip", Format.DATAPACKAGE, LONG),
}
WORKBOOK = Offer("so-ho.xlsx", Format.XLSX, LONG)
CODEBOOK = Offer("codebook.xml", Format.DDI, DATA)
POSITIONS = Offer("households.geojson", Format.GEOJSON, (Kind.HOUSEHOLDS,))
WIDE_WORKBOOK = Offer("so-ho-wide.xlsx", Format.XLSX, (Kind.WIDE, Kind.CODEBOOK))


def kinds_in(format: Format) -> tuple[Kind, ...]:
    """The kinds that the format is written for; the codebook is a CSV beside the others of Stata, SPSS and Parquet."""
    return (*DATA, Kind.WIDE) if format in (Format.STATA, Format.SPSS, Format.PARQUET) else tuple(Kind)


def readings(offer: Offer) -> int:
    """How often the households are gone through for it: once a kind that has rows of them, twice where a format's head
    says what follows."""
    times = 2 if offer.format in (Format.STATA, Format.SPSS, Format.PARQUET) else 1
    return times * sum(kind not in (Kind.CODEBOOK, Kind.NO_INTERVIEW) for kind in offer.kinds)


def offers() -> dict[str, Offer]:
    """Everything by its name: each file, and for each format all of its files in one."""
    single = [
        Offer(f"{kind.value}.{SUFFIX[format]}", format, (kind,)) for format in SUFFIX for kind in kinds_in(format)
    ]
    return {offer.name: offer for offer in (*single, *WHOLE.values(), WORKBOOK, WIDE_WORKBOOK, CODEBOOK, POSITIONS)}


Watch = Callable[[DataFile], DataFile]  # the same file, which somebody looks at while its rows are read


def pieces(
    session: Session, offer: Offer, choice: Choice, names: dict[str, str], manner: Manner,
    watch: Watch = lambda file: file,
) -> Iterator[bytes]:  # fmt: skip
    """The bytes of what is offered, made while they are read. `session` reads one snapshot; `names`: what the communes
    and villages are called."""
    files = written(session, offer.format, offer.kinds, choice, names, manner, watch)
    if offer.suffix == "zip":
        yield from zipped(files)
    else:
        for _name, content in files:
            yield from content


def written(
    session: Session, format: Format, kinds: Iterable[Kind], choice: Choice, names: dict[str, str], manner: Manner,
    watch: Watch = lambda file: file,
) -> Iterator[tuple[str, Iterator[bytes]]]:  # fmt: skip
    """Name and bytes of each file of the format, to be read one after the other."""
    files = [watch(file) for file in data_files(session, kinds, choice, names)]
    if format is Format.XLSX:
        offer = WIDE_WORKBOOK if any(file.kind is Kind.WIDE for file in files) else WORKBOOK
        yield offer.name, xlsx.written(files, manner.language, manner.words)
        return
    if format is Format.DDI:
        yield CODEBOOK.name, iter([ddi.written(files, manner.title, manner.at)])
        return
    if format is Format.GEOJSON:
        yield POSITIONS.name, geojson.written(files[0])
        return
    if format is Format.DATAPACKAGE:
        yield from datapackage.written(files, manner.language, manner.title, manner.at)
        return
    for file in files:
        of_file = format if file.kind in kinds_in(format) else Format.CSV
        yield f"{file.kind.value}.{SUFFIX[of_file]}", _bytes(file, of_file, manner)


def _bytes(file: DataFile, format: Format, manner: Manner) -> Iterator[bytes]:
    match format:
        case Format.STATA:
            return stata.written(file, manner.language, f"{manner.title} – {file.kind.value}", manner.at)
        case Format.SPSS:
            return spss.written(file, manner.language, f"{manner.title} – {file.kind.value}", manner.at)
        case Format.PARQUET:
            return parquet.written(file, manner.language)
        case _:
            return csvfile.written(file.header, file.rows(), manner.style)
