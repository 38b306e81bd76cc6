"""The Collect edition of a workbook, made in a process of its own: pyxform reads it, and its author may be anybody."""

from __future__ import annotations

from typing import Any

from survey.apart import child
from survey.collect import xform
from survey.collect.xform import EditionError


def collect_edition(source: bytes | str) -> str:
    """As `xform.collect_edition`; what takes more than one may raises `EditionError` too."""
    data = source.encode() if isinstance(source, str) else source
    try:
        found = child.read(__name__, None, [data])
    except child.Stopped:
        raise EditionError("it takes more time or memory than one may") from None
    if "error" in found:
        raise EditionError(found["error"])
    return str(found["xform"])


def work(_order: Any, parts: list[bytes]) -> dict[str, str]:
    """Run in the child."""
    data = parts[0]
    try:
        return {"xform": xform.collect_edition(data if data.startswith(b"PK") else data.decode())}
    except (EditionError, UnicodeDecodeError) as error:
        return {"error": str(error)}
