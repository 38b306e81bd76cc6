"""What a page of the desk says, and what its form carries."""

from __future__ import annotations

import re
from html import unescape
from typing import Any


def text_of(answer: Any) -> str:
    """What is read on a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def hidden(answer: Any) -> dict[str, str]:
    """The hidden fields of the last form of a page."""
    form = answer.text[answer.text.rindex("<form method") :]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}
