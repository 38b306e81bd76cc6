"""Which village a list means: by number, by code, by name, by name and former commune; what is not known is asked.

A name is compared with and without its kind («Bản Nà Ca», «Nà Ca»). Two villages of one name that a merger brought into
one commune are told apart by the former commune, which then stands behind the name: «Bản 1 (Bó Mười)».
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from survey.names import bare_key, name_key
from survey.register.csv_rows import LONGEST, folded
from survey.register.list_records import Record
from survey.register.plan import VillageRow
from survey.register.questions import MOST_WORDS, Asked, Option
from survey.terms import Area

DIVISIONS = ("Bản", "Tiểu khu", "Tổ dân phố", "Thôn")
BEGINS_WITH_ITS_KIND = re.compile(r"(bản|tiểu khu|tổ|thôn|tdp|tk|khu|xóm|ấp)\s", re.IGNORECASE)
_OF_COMMUNES = {name_key(word) for word in ("xa\u0303", "phường", "thị trấn", "tt")}  # before a commune's name
_CODE = re.compile(r"([0-9]{4,5})-([0-9]{1,3})")
_NUMBER = re.compile(r"([0-9]{1,3})(?:\.0)?")


def keys_of(name: str) -> set[str]:
    """The keys under which a village's name is found: as it is, and without its kind."""
    return {name_key(name), name_key(BEGINS_WITH_ITS_KIND.sub("", name))}


def _bare_commune(text: str) -> str:
    """A commune's name without its kind."""
    words = text.split()
    kind = next((at for at in (2, 1) if name_key(" ".join(words[:at])) in _OF_COMMUNES and words[at:]), 0)
    return " ".join(words[kind:])


class Villages:
    """The villages of one import: those of the register, and those that are added, where the list may add any."""

    def __init__(
        self,
        commune_id: str,
        there: Mapping[str, VillageRow],
        is_urban: bool,
        asked: Asked,
        *,
        may_add: bool = True,
    ) -> None:
        self._may_add = may_add
        self.commune_id, self._asked, self._is_urban = commune_id, asked, is_urban
        self.there = dict(there)
        self.added: dict[str, VillageRow] = {}
        self._formers: dict[str, set[str]] = defaultdict(set)  # a village's key → former communes, as keys
        self._by_key: dict[str, set[str]] = defaultdict(set)
        self._added_as: dict[str, str] = {}
        self._numbers: set[int] = set()  # those that the list names: no other new village gets one of them
        for village in there.values():
            for key in keys_of(village.name):
                self._by_key[key].add(village.id)

    def hear_of(self, record: Record, text: str) -> None:
        """Look at a row beforehand: which number it names, which names stand for villages of several former
        communes."""
        code = _CODE.fullmatch(text)
        is_ours = not code or code[1].zfill(5) == self.commune_id
        number = _NUMBER.fullmatch(code[2] if code else text) if is_ours else None
        if number and len(self._numbers) < MOST_WORDS:  # no more are asked about, so no more can be added
            self._numbers.add(int(number[1]))
        if text and record.get("former_commune"):
            for key in keys_of(text):
                self._formers[key].add(name_key(_bare_commune(record.get("former_commune"))))

    def of(self, record: Record, text: str) -> str:
        """The id of the village that a household's row names; "" while nobody knows."""
        text = self._with_zero(text)
        code = _CODE.fullmatch(text)
        if code and code[1].zfill(5) != self.commune_id:
            record.wrong("village", "foreign_commune", other=code[1].zfill(5), commune=self.commune_id)
            return ""
        number = _NUMBER.fullmatch(code[2] if code else text)
        village_id = f"{self.commune_id}-{int(number[1]):02d}" if number else ""
        if village_id in self.there:
            return village_id
        former = record.get("former_commune") if len(self._formers.get(name_key(text), ())) > 1 else ""
        return self._named(record, text, _bare_commune(former), village_id)

    def _with_zero(self, text: str) -> str:
        code = _CODE.fullmatch(text)
        if not code or code[1].zfill(5) != self.commune_id or len(code[1]) == 5:
            return text
        question = self._asked.ask("village_zero", ("repair", "keep"), "repair")
        question.example(f"{text} → 0{text}")
        return f"0{text}" if question.taken == "repair" else text

    def _named(self, record: Record, text: str, former: str, village_id: str) -> str:
        name = f"{text} ({former})" if former else text
        exact = self._by_key.get(name_key(name), set())
        if len(exact) == 1:
            return next(iter(exact))
        base = self._by_key.get(name_key(text), set()) if not former else set()
        candidates = sorted(exact or base)
        if len(candidates) == 1:
            return candidates[0]
        return self._asked_about(record, name, candidates, village_id)

    def _asked_about(self, record: Record, name: str, candidates: list[str], village_id: str) -> str:
        if not name.isprintable() or len(name) > LONGEST:  # from a heading, a title, a sheet's name too
            record.wrong("village", "too_long" if name.isprintable() else "unprintable", limit=LONGEST)
            return ""
        options = [Option(one.id, f"{one.name} ({one.id})") for one in self.there.values()]
        if candidates:
            proposed = None
        else:
            near = [one.id for one in self.there.values() if bare_key(name) in map(bare_key, keys_of(one.name))]
            proposed = near[0] if len(near) == 1 else "new" if self._may_add else None
        code = "village_ambiguous" if candidates else "village"
        if not self._asked.has_room(code, name) or not (self._may_add or options):
            record.wrong("village", "unknown_village", value=name[:40])
            return ""
        new = [Option("new")] if self._may_add else []
        question = self._asked.ask(code, [*new, *options], proposed, name, name=name[:60])
        question.example(record.example(record.person))
        if question.taken == "new":
            return self._add(name, village_id)
        return question.taken or ""

    def _add(self, name: str, village_id: str) -> str:
        key = name_key(name)
        if key in self._added_as or village_id in self.added:  # under its number, which nobody else was given
            return self._added_as.get(key, village_id)
        question = self._asked.ask(
            "area", [Option(one.value, one.vi) for one in Area], (Area.URBAN if self._is_urban else Area.RURAL).value
        )
        number = int(village_id.rsplit("-", 1)[1]) if village_id else self._next_number()
        division = next((one for one in DIVISIONS if name_key(name).startswith(name_key(one) + " ")), "")
        if re.fullmatch(r"[0-9-]+", name):  # a number or code alone
            division = DIVISIONS[2] if self._is_urban else DIVISIONS[3]
            name = f"{division} {number}"
        usual = {one.division for one in self.there.values()}
        division = division or (usual.pop() if len(usual) == 1 else DIVISIONS[2] if self._is_urban else DIVISIONS[3])
        added = VillageRow(f"{self.commune_id}-{number:02d}", name, division, Area(question.taken or Area.RURAL.value))
        self.added[added.id] = added
        self._added_as[key] = added.id
        question.example(f"{added.name} ({added.id})")
        return added.id

    def _next_number(self) -> int:
        taken = self._numbers | {int(one.rsplit("-", 1)[1]) for one in (*self.there, *self.added)}
        return next(number for number in range(1, 1000) if number not in taken)

    def any(self, record: Record, titles: str) -> str:
        """The village of a household for which the list names none; its titles may. Where no village is, nobody is
        asked: the list is refused."""
        options = [Option(one.id, f"{one.name} ({one.id})") for one in self.there.values()]
        if not options:
            return ""
        named = folded(titles)
        likely = [one.value for one in options if named and folded(self.there[one.value].name) in named]
        proposed = likely[0] if len(likely) == 1 else options[0].value if len(options) == 1 else None
        question = self._asked.ask("no_village", options, proposed)
        question.example(record.example(record.person))
        return question.taken or ""
