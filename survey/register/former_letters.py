"""Text written for fonts of before Unicode, and in code pages: which it is, and what it says. Pure.

In TCVN3 (ABC; fonts .VnTime …) and VNI (fonts VNI-Times …) a letter with its tone lies where Western fonts have another
one: «Quµng V¨n Thuû» is «Quàng Văn Thuỷ». A text is judged by how many of its words can be Vietnamese syllables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from survey.text import normal

UTF_8, UTF_16, CP1258, TCVN3, VNI, TWICE = "utf-8", "utf-16", "cp1258", "tcvn3", "vni", "utf-8-twice"
FONTS = ((re.compile(r"\.vn", re.IGNORECASE), TCVN3), (re.compile(r"vni[- ]", re.IGNORECASE), VNI))
CAPITALS = re.compile(r"\.vn\w*h$", re.IGNORECASE)  # .VnTimeH draws small letters as capitals
_TCVN3 = dict(
    zip(
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\xadõö÷øùúûüýþ¡¢£¤¥¦§",
        "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
        strict=True,
    )
)
_TONES = dict(zip("ùøûõï", "\u0301\u0300\u0309\u0303\u0323", strict=True))
_MARKS = (
    _TONES
    | dict(zip("âáàåãä", ("\u0302" + tone for tone in ("", *_TONES.values())), strict=True))
    | dict(zip("êéèúüë", ("\u0306" + tone for tone in ("", *_TONES.values())), strict=True))
)
_LETTERS = dict(zip("æóòôöîñ", "ỉĩịơưỵđ", strict=True))
_VNI = {letter.upper(): said.upper() for letter, said in _LETTERS.items()} | _LETTERS
_VNI_PAIR = re.compile("([aeouyôö])([ùøûõï])|([aeo])([âáàåãä])|(a)([êéèúüë])|[æóòôöîñ]", re.IGNORECASE)
_VOWELS = (
    "iêu|oai|oao|oay|oeo|uây|uôi|uya|uyê|uyu|ươi|ươu|yêu|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oi|oo|ôi|ơi|ua|uâ|uê|"
    "ui|uô|uơ|ưa|ưi|ươ|ưu|uy|uă|yê|[aăâeêioôơuưy]"
)
_SYLLABLE = re.compile(f"(?:ngh?|gh|gi|kh|nh|ph|qu|th|tr|ch|[bcdđghklmnpqrstvx])?(?:{_VOWELS})(?:ch|ng|nh|[cmnpt])?")
_TONE = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_MARKED = (b"\xff\xfe", b"\xfe\xff")
_WORD = re.compile(r"[^\s\d.,;:()/\-]+")


def font_kind(font: str | None) -> str | None:
    """TCVN3 or VNI, by the font's name."""
    return next((kind for name, kind in FONTS if font and name.match(font)), None)


def converted(text: str, kind: str) -> str:
    """The text in Unicode; what is Unicode already stays as it is."""
    if kind == TWICE:
        return _once(text)
    if text.isascii() or any(ord(letter) > 0xFF for letter in text):
        return text
    if kind == TCVN3:
        return "".join(_TCVN3.get(letter, letter) for letter in text)
    return normal("NFC", _VNI_PAIR.sub(_vni, text)) if kind == VNI else text


def _vni(found: re.Match[str]) -> str:
    letter = next((found[at] for at in (1, 3, 5) if found[at]), "")
    if not letter:
        return _VNI[found[0]]
    return _VNI.get(letter, letter) + _MARKS[found[0][1:].lower()]


def _once(text: str) -> str:
    """Text in UTF-8 that was read in a Western code page and written again: «LÃ²» is «Lò»."""
    try:
        return normal("NFC", text.encode("cp1252").decode("utf-8"))
    except UnicodeError:
        return text


def likeness(texts: Iterable[str]) -> float:
    """How much of the words with a letter beyond ASCII can be Vietnamese: 1.0 all of them, or there are none."""
    told = [word for text in texts for word in _WORD.findall(normal("NFC", text)) if not word.isascii()]
    return sum(map(_is_syllable, told)) / len(told) if told else 1.0


def _is_syllable(word: str) -> bool:
    letters = normal("NFD", word.lower())
    if len(_TONE.findall(letters)) > 1 or word[1:] != word[1:].lower() != word[1:].upper() and word != word.upper():
        return False
    return _SYLLABLE.fullmatch(normal("NFC", _TONE.sub("", letters))) is not None


def guessed(texts: list[str]) -> str | None:
    """In which former letters these texts are, None when they read as they are."""
    as_is = likeness(texts)
    if as_is > 0.8:
        return None
    best = max((TCVN3, VNI, TWICE), key=lambda kind: likeness(converted(text, kind) for text in texts))
    return best if likeness(converted(text, best) for text in texts) >= max(0.6, as_is + 0.2) else None


def decoded(data: bytes, page: str) -> str:
    """The bytes as text in one of the code pages. UnicodeDecodeError when they cannot be that."""
    if page == UTF_16:
        unmarked = "utf-16-le" if data[1:200:2].count(0) > data[0:200:2].count(0) else "utf-16-be"
        return normal("NFC", data.decode("utf-16" if data.startswith(_MARKED) else unmarked))
    if page in (TCVN3, VNI):
        return "\n".join(converted(line, page) for line in data.decode("latin-1").split("\n"))
    return normal("NFC", data.decode("utf-8-sig" if page == UTF_8 else page))


def page_of(data: bytes) -> tuple[str, bool]:
    """The code page of a text file, and whether that is certain."""
    if data.startswith(_MARKED):
        return UTF_16, True
    head = data[:200]
    if len(head) > 3 and max(head[1::2].count(0), head[0::2].count(0)) > len(head) // 4:
        return UTF_16, False
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        sample = data[:20_000]
        return max((CP1258, TCVN3, VNI), key=lambda page: _likeness_in(sample, page)), False
    return UTF_8, True


def _likeness_in(sample: bytes, page: str) -> float:
    try:
        return likeness(decoded(sample, page).splitlines())
    except UnicodeDecodeError:
        return -1.0
