"""What stands in pages and in the phone's scripts: no inline code, no foreign host, no words outside the catalog."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.gates.sources import SCRIPTS, TEMPLATES, files, javascript, relative

LETTERS = re.compile(r"[^\W\d_]{2,}")
# What is the same in every language: the product's name.
NAMES = ("Sổ Hộ",)
SAID_ALOUD = {"alt", "title", "placeholder", "aria-label", "aria-description"}


def has_words(text: str) -> bool:
    for name in NAMES:
        text = text.replace(name, "")
    text = re.sub(r"[?&]\w+=|(?<=␣)\.\w+", "", text)  # the pieces of an address, a file's ending
    return LETTERS.search(text) is not None


def without_jinja(source: str) -> str:
    """The template with what Jinja computes or translates taken out; a computed value leaves ␣ in its place."""
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "␣", source, flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}", "␣", source, flags=re.DOTALL)
    return re.sub(r"\{%.*?%\}", "", source, flags=re.DOTALL)


class Page(HTMLParser):
    """Collects what a page may not have."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.silent: str | None = None

    def fault(self, text: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {text}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" not in have and have.get("type") != "application/json":
            self.fault("an inline script")
        if tag == "style" or "style" in have:
            self.fault("an inline style")
        for name, value in have.items():
            if name.startswith("on"):
                self.fault(f"a handler in the attribute {name}")
            if name in {"src", "href", "action", "formaction"} and re.match(r"\s*(https?:|//|javascript:)", value):
                self.fault(f"{name} leads away: {value}")
            if name in SAID_ALOUD and has_words(value):
                self.fault(f"words outside the catalog: {name}={value!r}")
        self.silent = tag if tag in {"script", "style"} else None

    def handle_endtag(self, tag: str) -> None:
        self.silent = None

    def handle_data(self, data: str) -> None:
        words = data.strip()
        if not self.silent and has_words(words):
            self.fault(f"words outside the catalog: {words!r}")


def page_faults(source: str) -> list[str]:
    page = Page()
    page.feed(without_jinja(source))
    page.close()
    return page.faults


SENTENCE = re.compile(r"^[A-Z][a-z]+ (?:[\w'’]+ )*[a-z][\w'’]*[.!?…]?$|[a-z]+ [a-z]+ [a-z]+[.!?…]$")
# What a developer reads in a console, and never a person on the screen.
FOR_DEVELOPERS = re.compile(r"(?:Error|console\.\w+)\(\s*(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)")


def word_faults(source: str) -> list[str]:
    """Strings of a script that look like words for people: Vietnamese letters, or an English sentence."""
    _, strings = javascript(FOR_DEVELOPERS.sub("Error(", source))
    said = []
    for text in strings:
        vietnamese = re.search(r"[^\W\d_]*[À-ỹĐđ][^\W\d_]*", text)
        if vietnamese and len(vietnamese[0]) > 1 and len(set(vietnamese[0].lower())) > 1:
            said.append(f"Vietnamese words in a script: {text!r}")
        elif SENTENCE.search(text.strip()):
            said.append(f"a sentence in a script: {text!r}")
    return said


@pytest.mark.parametrize("path", files(*TEMPLATES), ids=relative)
def test_a_page_has_no_inline_code_and_no_untranslated_words(path: Path) -> None:
    assert page_faults(path.read_text()) == []


@pytest.mark.parametrize("path", files(*SCRIPTS), ids=relative)
def test_a_script_speaks_no_words_of_its_own(path: Path) -> None:
    assert word_faults(path.read_text()) == []


@pytest.mark.parametrize("path", files("static/**/*.css"), ids=relative)
def test_a_stylesheet_fetches_nothing_from_elsewhere(path: Path) -> None:
    assert re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", path.read_text()) == []


@pytest.mark.parametrize(
    "planted",
    [
        "<script>alert(1)</script>",
        '<p style="color: red">{{ x }}</p>',
        "<style>p { color: red }</style>",
        '<button onclick="go()">{{ _("Go") }}</button>',
        '<script src="https://cdn.example/x.js"></script>',
        '<a href="javascript:go()">{{ x }}</a>',
        "<p>Xin chào</p>",
        '<input placeholder="Họ và tên">',
        "<p>{{ count }} households</p>",
    ],
)
def test_a_planted_fault_of_a_page_is_found(planted: str) -> None:
    assert page_faults(planted) != []


@pytest.mark.parametrize(
    "fine",
    [
        "<script type=\"module\" src=\"{{ url_for('static', filename='app/capture.js') }}\"></script>",
        '<script type="application/json" id="page">{"a": "Một hai"}</script>',
        "{% trans %}Ten households{% endtrans %} <b>{{ _('Send') }}</b> · 12",
        "{# a remark #}{% if a > 1 %}<p>{{ a }}</p>{% endif %}",
    ],
)
def test_a_sound_page_passes(fine: str) -> None:
    assert page_faults(fine) == []


def test_planted_words_of_a_script_are_found() -> None:
    assert word_faults('show("Đã lưu")') != []
    assert word_faults('show("Please wait a moment.")') != []
    assert word_faults("show(`Còn ${count} hộ`)") != []
    assert word_faults('throw new Error("no such question here.")') == []
    assert word_faults('// Đã lưu\nquery("button.primary span")') == []
    assert word_faults('text.replaceAll("đ", "d")') == []
    assert word_faults('const MONTHS = "Jan Feb Mar".split(" ")') == []
    assert word_faults('title = "Send again"') != []
