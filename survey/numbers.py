"""Numbers as an office writes them: thousands apart by points or blanks, decimals behind a comma. Pure."""

from __future__ import annotations

from decimal import Decimal


def whole_number(text: str) -> int | None:
    """None when it is none: "12,5", or "1.23", of which nobody can say what is meant."""
    parts = text.replace("\u00a0", " ").replace(" ", ".").split(".")
    grouped = len(parts) > 1 and all(len(one) == 3 for one in parts[1:]) and 1 <= len(parts[0]) <= 3
    digits = "".join(parts)
    if (len(parts) > 1 and not grouped) or not digits.isascii() or not digits.isdigit() or len(digits) > 12:
        return None
    return int(digits)


def written_number(text: str) -> Decimal | None:
    """A number as an office writes it: "18,66", "25.000", "1.234.567", "18.66" is 18,66 only where no thousands can be
    meant. None when it is none or has more than four decimals."""
    text = text.strip().replace("\u00a0", "").replace(" ", "")
    if not text.isascii() or len(text) > 20 or not text.replace(",", "").replace(".", "").isdigit():
        return None
    whole, comma, part = text.partition(",")
    if not comma and "." in whole:
        groups = whole.split(".")
        if len(groups) == 2 and len(groups[1]) != 3:
            whole, part = groups
    groups = whole.split(".")
    if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and all(len(one) == 3 for one in groups[1:])):
        return None
    digits = "".join(groups)
    if not digits.isdigit() or (comma and not part.isdigit()) or len(part) > 4:
        return None
    return Decimal(f"{digits}.{part}" if part else digits)
