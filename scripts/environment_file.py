"""Reads a file as systemd reads an `EnvironmentFile=` (systemd.exec(5)); the states are those of its own reader.

A shell reads such a file otherwise: it cuts a value at `&`, and puts variables in the place of `$…`. What stands in
the file is told to nobody: a fault names a line, never its text.
"""

from __future__ import annotations

import re

COMMENTS, SPACES, LINE_ENDS, ESCAPED_IN_QUOTES = "#;", " \t\n\r", "\n\r", '"\\`$'
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Unreadable(Exception):
    """systemd would refuse the file, or its releases read it differently; the message says which line."""


def variables(content: bytes) -> dict[str, str]:
    """The variables of a file, the last of one name counts. A line without `=` and a name that cannot be one are passed
    over, as systemd does. Raises Unreadable."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise Unreadable("không phải UTF-8") from None
    if "\0" in text:
        raise Unreadable("có ký tự NUL")
    found = _Reader().read(text)
    return {name: value for name, value in found if NAME.match(name)}


class _Reader:
    """One character after another, in the state that the last one led to."""

    def __init__(self) -> None:
        self.state = self.before_name
        self.name = self.value = ""
        self.kept = 0  # how much of the value is no space at its end
        self.line = 1
        self.found: list[tuple[str, str]] = []

    def read(self, text: str) -> list[tuple[str, str]]:
        for character in text:
            self.state(character)
            self.line += character == "\n"
        if self.state not in (self.before_name, self.in_name, self.in_comment, self.after_comment):
            self.end()
        return self.found

    def end(self) -> None:
        whole = self.state != self.in_value
        self.found.append((self.name.rstrip(SPACES), self.value if whole else self.value[: self.kept]))
        self.begin()

    def begin(self) -> None:
        self.name = self.value = ""
        self.kept = 0
        self.state = self.before_name

    def add(self, text: str, *, space: bool = False) -> None:
        self.value += text
        if not space:
            self.kept = len(self.value)

    def before_name(self, character: str) -> None:
        if character in COMMENTS:
            self.state = self.in_comment
        elif character not in SPACES:
            self.name, self.state = character, self.in_name

    def in_name(self, character: str) -> None:
        if character in LINE_ENDS:
            self.begin()
        elif character == "=":
            self.state = self.before_value
        else:
            self.name += character

    def before_value(self, character: str) -> None:
        """Also between a closing quote and what follows it."""
        if character in LINE_ENDS:
            self.end()
        elif character == "'":
            self.state = self.in_single
        elif character == '"':
            self.state = self.in_double
        elif character == "\\":
            self.state = self.escaped
        elif character not in SPACES:
            self.add(character)
            self.state = self.in_value

    def in_value(self, character: str) -> None:
        if character in LINE_ENDS:
            self.end()
        elif character == "\\":
            self.kept = len(self.value)
            self.state = self.escaped
        else:
            self.add(character, space=character in SPACES)

    def escaped(self, character: str) -> None:
        self.state = self.in_value
        self.add("" if character in LINE_ENDS else character)

    def in_single(self, character: str) -> None:
        if character == "'":
            self.state = self.before_value
        else:
            self.add(character)

    def in_double(self, character: str) -> None:
        if character == '"':
            self.state = self.before_value
        elif character == "\\":
            self.state = self.escaped_in_double
        else:
            self.add(character)

    def escaped_in_double(self, character: str) -> None:
        self.state = self.in_double
        if character in ESCAPED_IN_QUOTES:
            self.add(character)
        elif character != "\n":
            self.add("\\" + character)

    def in_comment(self, character: str) -> None:
        if character == "\\":
            self.state = self.escaped_in_comment
        elif character in LINE_ENDS:
            self.state = self.before_name

    def escaped_in_comment(self, character: str) -> None:
        self.state = self.after_comment if character in LINE_ENDS else self.in_comment

    def after_comment(self, character: str) -> None:
        """Before release 254 systemd took a line after a comment that ends in a backslash for more of the comment."""
        if character in COMMENTS:
            self.state = self.in_comment
        elif character in LINE_ENDS:
            self.state = self.before_name
        elif character not in SPACES:
            raise Unreadable(f"dòng {self.line} đứng sau một chú thích kết thúc bằng dấu \\: hãy bỏ dấu ấy")
