"""What a file is that a phone sends, judged by its bytes: a picture is one, sound and film begin as theirs do.

A picture that is none is refused: somebody would look at it in vain, and the phone can take another. Sound, films and
documents are never refused for their bytes, for nobody can make them again: what they are not, they are not called.
Only pictures, sound and films are ever shown by a browser; everything else is handed out to be kept.
"""

from __future__ import annotations

import mimetypes
import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from survey.files.jpeg import cost_of

PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
ANY = "application/octet-stream"
MOST_PIXELS = 64_000_000  # the largest cameras of phones; decoding it would take 200 MB, so nothing here does
PngImagePlugin.MAX_TEXT_MEMORY = 4 * 1024 * 1024  # what a PNG says of itself in packed words; Pillow takes 64 MB

# Where the first bytes say what it is: {media type: [(offset, bytes), …]}, any of them will do.
_BEGINNINGS: dict[str, list[tuple[int, bytes]]] = {
    "audio/webm": [(0, b"\x1aE\xdf\xa3")],
    "video/webm": [(0, b"\x1aE\xdf\xa3")],
    "audio/ogg": [(0, b"OggS")],
    "audio/mp4": [(4, b"ftyp")],
    "audio/3gpp": [(4, b"ftyp")],
    "video/mp4": [(4, b"ftyp")],
    "video/3gpp": [(4, b"ftyp")],
    "audio/mpeg": [(0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"), (0, b"\xff\xfa")],
    "audio/wav": [(8, b"WAVE")],
    "audio/amr": [(0, b"#!AMR")],
    "application/pdf": [(0, b"%PDF-")],
}
_SAME = {
    "image/jpg": "image/jpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/aac": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "application/ogg": "audio/ogg",
}
# Documents are told apart by what the phone calls them: {as said: as kept}, only to give a saved file its ending.
_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = {
    "text/csv": "text/csv",
    "text/plain": "text/plain",
    "application/zip": "application/zip",
    "application/msword": "application/msword",
    "application/vnd.ms-excel": "application/vnd.ms-excel",
    _OFFICE + "wordprocessingml.document": "application/x-docx",
    _OFFICE + "spreadsheetml.sheet": "application/x-xlsx",
    _OFFICE + "presentationml.presentation": "application/x-pptx",
}
_ENDINGS = {
    "audio/webm": ".weba",
    "audio/ogg": ".ogg",
    "audio/mp4": ".m4a",
    "audio/3gpp": ".3gp",
    "audio/amr": ".amr",
    "audio/wav": ".wav",
    "video/3gpp": ".3gp",
    "text/csv": ".csv",
    "application/x-docx": ".docx",
    "application/x-xlsx": ".xlsx",
    "application/x-pptx": ".pptx",
    ANY: ".bin",
}


def kind_of(media_type: str) -> str:
    """How a page offers it: "image", "audio", "video" or "file"."""
    main = media_type.partition("/")[0]
    if media_type in PICTURES:
        return "image"
    return main if main in ("audio", "video") and media_type in _BEGINNINGS else "file"


def ending(media_type: str) -> str:
    """The ending of a saved file's name, with its dot."""
    return _ENDINGS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"


def judge(path: Path, said: str) -> str | None:
    """The media type under which the file is kept; None: it is called a picture and is none."""
    said = _SAME.get(said.lower(), said.lower())
    picture = _picture(path)
    if said.startswith("image/"):
        return said if picture == said else None
    if said in _BEGINNINGS:
        with path.open("rb") as file:
            head = file.read(16)
        return said if any(head[at:].startswith(mark) for at, mark in _BEGINNINGS[said]) else ANY
    if said in _DOCUMENTS:
        return _DOCUMENTS[said]
    return picture or ANY


def judge_small(content: bytes, said: str) -> bool:
    """Whether these bytes are the whole JPEG or WebP that they are called."""
    return said in ("image/jpeg", "image/webp") and _picture(BytesIO(content)) == said


def _picture(path: Path | BytesIO) -> str | None:
    """The type of a whole picture of bounded size; None for anything else. Its pixels are never unpacked in full; of a
    JPEG that would be held as a whole only the markers are looked at (`jpeg.py`)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=list(PICTURES.values())) as image:
                kind, (width, height) = image.format, image.size
                if not 0 < width * height <= MOST_PIXELS:
                    return None
                if kind in ("JPEG", "MPO"):  # several pictures in one JPEG, as some cameras make them
                    kind = "JPEG"
                    cost = cost_of(path.getvalue() if isinstance(path, BytesIO) else path.read_bytes())
                    if not cost.is_small:
                        return "image/jpeg" if cost.is_whole else None
                    image.draft("L", (width // 8, height // 8))  # reads to the end, at an eighth of the size
                    image.load()
                else:
                    image.verify()
    # What hostile bytes make Pillow raise is not one family: Image.open promises only UnidentifiedImageError.
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, TypeError) as error:
        if getattr(error, "errno", None) is not None or "out of memory" in str(error):
            raise  # the machine's fault, not the picture's (of a damaged one Pillow says no number)
        return None
    return next((name for name, one in PICTURES.items() if one == kind), None)
