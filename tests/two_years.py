"""A commune of three villages over two years, by the ways that people go: lists loaded, rounds opened, households asked
by phones and decided at the desk, the register mended meanwhile, both years closed, accepted and proved.

The story is told once, in `first_year`, `between` and `second_year`. Each act of a `Commune` goes by a client of the
tests here, by hand in Chromium in tests/phone/test_two_years.py."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from flask import Flask
from sqlalchemy.orm import Session

from survey.clocks import instant
from survey.questionnaires.published import publish
from survey.rounds.proof_file import holds
from survey.terms import Role
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.commands.test_commands import run
from tests.conftest import Clock
from tests.pages import hidden, text_of
from tests.working import led
from tests.world import COMMUNE, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

VILLAGE_3 = "03757-03"
VILLAGES = (VILLAGE, VILLAGE_2, VILLAGE_3)
WHO = {VILLAGE: "enumerator", VILLAGE_2: "enumerator-2", VILLAGE_3: "enumerator-3", OTHER_VILLAGE: "enumerator-other"}
POOR, NEAR, NOT_POOR = CLASSES = ("ho_ngheo", "ho_can_ngheo", "khong_ngheo")
SAID = {POOR: "Hộ nghèo", NEAR: "Hộ cận nghèo", NOT_POOR: "Không thuộc hộ nghèo, hộ cận nghèo"}
ANSWERS: dict[str, dict[str, Any]] = {  # beside the members: each person's, and the household's
    POOR: {"the_bhyt": "khong", "mang": "khong", "diem_b1": 132},
    NEAR: {"the_bhyt": "co", "mang": "khong", "diem_b1": 132},
    NOT_POOR: {"the_bhyt": "co", "mang": "co", "diem_b1": 200},
}
# The questionnaire of tests/interviews.py, of people who are known by who they are.
SOURCE = """
| settings |
| | form_title | form_id | version | default_language |
| | Phiếu hai năm | phieu_hai_nam | 1 | Tiếng Việt (vi) |

| survey |
| | type | name | label::Tiếng Việt (vi) | label::English (en) | required | calculation | preload | member_label | outcome | dimension | because |
| | today | ngay_ra_soat | | | | | | | | | |
| | hidden | khu_vuc | | | | | context | | | | |
| | hidden | cach_b1 | | | | | context | | | | |
| | integer | diem_b1 | Điểm B1 | B1 points | yes | | | | | | |
| | begin_repeat | thanh_vien | Thành viên | Members | | | | ${ho_ten} | | | |
| | hidden | ma_nk | | | | uuid() | copy | | | | |
| | text | ho_ten | Họ và tên | Full name | yes | | copy | | | | |
| | select_one gioi_tinh | gioi_tinh | Nam hay nữ? | Sex | yes | | copy | | | | |
| | select_one quan_he | quan_he | Quan hệ với chủ hộ | Relation | | | copy | | | | |
| | integer | ngay_sinh | Sinh ngày | Day | | | copy | | | | |
| | integer | thang_sinh | Tháng | Month | | | copy | | | | |
| | integer | nam_sinh | Năm | Year | yes | | copy | | | | |
| | text | cccd | Số căn cước | Identity number | | | copy | | | | |
| | select_one co_khong | the_bhyt | Có thẻ BHYT? | Insured? | yes | | | | | | |
| | calculate | m_bhyt | | | | if(${the_bhyt} = 'khong', 1, 0) | | | | | |
| | end_repeat | | | | | | | | | | |
| | select_one co_khong | mang | Có ai dùng Internet không? | Anybody online? | yes | | | | | | |
| | calculate | so_nguoi | | | | count(${thanh_vien}) | | | persons | | |
| | calculate | chu_ho | | | | join(', ', ${thanh_vien}[quan_he = 'chu_ho']/ho_ten) | | | head_name | | |
| | calculate | bhyt | Bảo hiểm y tế | Insurance | | if(count(${thanh_vien}[m_bhyt = 1]) > 0, 1, 0) | | | indicator | y_te | ${m_bhyt}: ${the_bhyt} |
| | calculate | vien_thong | Viễn thông | Telecom | | if(${mang} = 'khong', 1, 0) | | | indicator | thong_tin | ${mang} |
| | calculate | thieu_hut | | | | ${bhyt} + ${vien_thong} | | | deprived_count | | |
| | calculate | b1 | | | | ${diem_b1} | | | b1 | | |
| | calculate | b2 | | | | 10 * ${thieu_hut} | | | b2 | | |
| | calculate | minh_hoa | | | | if(${cach_b1} = 'bang_diem', 1, 0) | | | illustrative | | |
| | calculate | phan_loai | | | | if(${diem_b1} > 140, 'khong_ngheo', if(${b2} >= 20, 'ho_ngheo', 'ho_can_ngheo')) | | | class | | |

| choices |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) |
| | co_khong | co | Có | Yes |
| | co_khong | khong | Không | No |
| | gioi_tinh | nam | Nam | Male |
| | gioi_tinh | nu | Nữ | Female |
| | quan_he | chu_ho | Chủ hộ | Head |
| | quan_he | vo_chong | Vợ, chồng | Spouse |
| | quan_he | con | Con | Child |
| | quan_he | dau_re | Con dâu, con rể | In-law |
| | quan_he | khac | Khác | Other |
"""  # noqa: E501 - a table
FORM = "phieu_hai_nam 1"
SURNAMES = "Lò Quàng Cà Tòng Lường Hoàng Vì Giàng Mùa Sồng Đèo Bạc Cầm Hà Lèo".split()
GIVEN = ("Pâng", "Tướng", "Xuân", "Hiêng", "Khụt", "Dung", "Sơn", "Mai", "Yến", "Biên")


class Stand(NamedTuple):
    """What the test itself knows of a household on the register."""

    village: str
    household_class: str
    persons: int


class Line(NamedTuple):
    """A line of the list of last year: a household and who lives there."""

    village: str
    code: str
    household_class: str
    members: tuple[tuple[str, str, str, int, int, int, str], ...]  # name, sex, kin, day, month, year, number


def line(number: int) -> Line:
    """The household of a number: each village has a third of them, as each class has. Each tenth has a grown child."""
    surname, given = SURNAMES[number // 10], GIVEN[number % 10]
    day, month = number % 28 + 1, number % 12 + 1
    people = [
        (f"{surname} Văn {given}", "Nam", "Chủ hộ", day, month, 1970 + number % 17),
        (f"{surname} Thị {given}", "Nữ", "Vợ", day, month, 1971 + number % 17),
        (f"{surname} Minh {given}", "Nam", "Con", day, month, 2014),
        (f"{surname} Thu {given}", "Nữ", "Con", day, month, 2018),
    ]
    if number % 10 in (3, 4):
        people.append((f"{surname} {given} Lớn", "Nam" if number % 10 == 3 else "Nữ", "Con", day, month, 2003))
    numbered = (
        (*one, f"014{'2' if one[1] == 'Nam' else '3'}{one[5] % 100:02d}{number:04d}{place:02d}")
        for place, one in enumerate(people, 1)
    )
    return Line(
        VILLAGES[number % 3], f"{COMMUNE}-{number % 3 + 1:02d}-{number // 3 + 1:03d}", CLASSES[number // 3 % 3],
        tuple(numbered),  # type: ignore[arg-type]
    )  # fmt: skip


def listed(size: int) -> list[Line]:
    """So many households, thirty at least. The last but one is the first once more, in another village; the last is of
    a man of the same name and birthday as another's, who is somebody else."""
    lines = [line(number) for number in range(size)]
    lines[-2] = lines[-2]._replace(members=lines[0].members[:2])
    head = lines[1].members[0]
    lines[-1] = lines[-1]._replace(members=((*head[:6], "014271999901"), *lines[-1].members[1:]))
    return lines


def code(number: int) -> str:
    return line(number).code


def csv(header: str, rows: Iterable[Iterable[object]]) -> bytes:
    return "\n".join([header, *(",".join(f'"{cell}"' for cell in row) for row in rows)]).encode()


def ok(answer: Any) -> Any:
    assert answer.status_code in (200, 302, 303), text_of(answer)
    return answer


@dataclass
class Commune:
    """The commune and who works in it; `book`: what the test knows of each household, by its id."""

    app: Flask
    login_as: Callable[[str], Any]
    clock: Clock
    folder: Path
    size: int  # how many households its list has
    rounds: list[str] = field(default_factory=list)  # in the order in which they were opened
    book: dict[str, Stand] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)  # of households, by their numbers
    heard: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # what each village's phone was told last

    @property
    def round_id(self) -> str:
        return self.rounds[-1]

    # -- the clock --

    def on(self, year: int, month: int, day: int) -> None:
        self.clock.now = datetime(year, month, day, 2, tzinfo=UTC)

    @property
    def today(self) -> str:
        return self.clock.now.date().isoformat()

    # -- the office --

    def load(self, lines: list[Line]) -> None:
        villages = csv("Số,Tên thôn,Loại,Khu vực", [
            ("1", "Bản Nà Ca", "Bản", "Nông thôn"), ("2", "Tiểu khu 2", "Tiểu khu", "Thành thị"),
            ("3", "Bản Pá Hốc", "Bản", "Nông thôn"),
        ])  # fmt: skip
        households = csv("Thôn,Chủ hộ,Mã hộ,Phân loại năm trước", [
            (one.village, one.members[0][0], one.code, SAID[one.household_class]) for one in lines
        ])  # fmt: skip
        people = csv("Mã hộ,Họ và tên,Giới tính,Quan hệ,Ngày sinh,Tháng sinh,Năm sinh,CCCD", [
            (one.code, *person) for one in lines for person in one.members
        ])  # fmt: skip
        files = {"villages": villages, "households": households, "members": people}
        desk = self.login_as("supervisor")
        data = {name: (BytesIO(content), f"{name}.csv") for name, content in files.items()}
        seen = led(desk, desk.post("/register/import/", data={"commune": COMMUNE} | data))
        upload = re.search(r'name="upload" type="hidden" value="([\w-]+)"', seen.text)
        assert upload is not None, text_of(seen)
        done = led(desk, ok(desk.post("/register/import/confirm", data={"upload": upload[1]})))
        assert f"{len(lines)} hộ" in text_of(done), text_of(done)

    def open_round(self, year: int, opens_on: str, closes_on: str, kind: str = "dinh_ky") -> str:
        fields = {
            "title": f"Rà soát {kind} {year}", "kind": kind, "year": str(year), "b1_method": "nhap_tong",
            "questionnaire": FORM, "opens_on": opens_on, "closes_on": closes_on,
            "communes": [COMMUNE, OTHER_COMMUNE],
        }  # fmt: skip
        self.fill_in_round(fields)
        admin = self.login_as("admin")
        listing = admin.get("/rounds/").text
        found = re.findall(r'href="/rounds/([\w-]{36})"', listing)
        by_title = [one for one in found if fields["title"] in admin.get(f"/rounds/{one}").text]
        self.rounds.append(next(one for one in by_title if "Đã huỷ" not in admin.get(f"/rounds/{one}").text))
        return self.round_id

    def fill_in_round(self, fields: dict[str, Any]) -> None:
        admin = self.login_as("admin")
        led(admin, ok(admin.post("/rounds/new", data=fields)))

    def cancel(self, round_id: str, reason: str) -> None:
        ok(self.login_as("admin").post(f"/rounds/{round_id}/cancel", data={"reason": reason}))

    # -- phones --

    def told(self, village: str) -> list[dict[str, Any]]:
        """What a phone of the village is told of the round's households."""
        phone, cursor, found = self.login_as(WHO[village]), 0, {}
        while True:
            chunk = phone.get(f"/api/v1/register?cursor={cursor}").json
            found |= {(one["household_id"], one["round_id"]): one for one in chunk["entries"]}
            cursor = chunk["cursor"]
            if not chunk["more"]:
                break
        mine = [one for one in found.values() if one["round_id"] == self.round_id and not one.get("gone")]
        self.ids |= {one["code"]: one["household_id"] for one in mine}
        self.heard[village] = mine
        return mine

    def send(self, village: str, *entries: dict[str, Any]) -> list[dict[str, Any]]:
        device = {"id": f"may-{village}", "label": "Android", "app_version": "1", "clock": instant(self.clock.now)}
        phone = self.login_as(WHO[village])
        answer = ok(phone.post("/api/v1/push", json={"device": device, "unsent": [], "entries": list(entries)}))
        results: list[dict[str, Any]] = answer.json["results"]
        return results

    def push(self, village: str, *entries: dict[str, Any]) -> None:
        for result in self.send(village, *entries):
            assert result["outcome"] == "stored", result

    def interview(self, told: dict[str, Any], household_class: str, **changes: Any) -> dict[str, Any]:
        given = dict(ANSWERS[household_class])
        people = (told["last_answers"] or {}).get("thanh_vien") or changes.pop("people", [])
        insured = given.pop("the_bhyt")
        context = {name: told["context"][name] for name in ("khu_vuc", "cach_b1")}
        answers = {"ngay_ra_soat": self.today, **context, **given}
        answers["thanh_vien"] = [one | {"the_bhyt": insured} for one in people]
        self.book[told["household_id"]] = Stand(told["village_id"], household_class, len(people))
        return {
            "id": str(uuid4()), "commune_id": told["village_id"][:5], "round_id": self.round_id,
            "household_id": told["household_id"], "form": {"id": FORM.split()[0], "version": "1"},
            "answers": answers, "confirmed": {}, "files": [],
            "started_at": instant(self.clock.now - timedelta(minutes=40)),
            "finalised_at": instant(self.clock.now - timedelta(minutes=5)), "replaces": None, "new_household": None,
        } | changes  # fmt: skip

    def visit(self, village: str, but: Iterable[str] = (), only: Iterable[str] | None = None, **classes: str) -> int:
        """Interview what is left of a village; each stays of its class but for those of `classes`, by number."""
        left = [one for one in self.told(village) if one["state"] == "to_visit" and one["code"] not in set(but)]
        left = [one for one in left if only is None or one["code"] in only]
        sent = [self.interview(one, classes.get(one["code"], one["last_class"] or NOT_POOR)) for one in left]
        for place in range(0, len(sent), 20):
            self.push(village, *sent[place : place + 20])
        return len(sent)

    def say(self, village: str, code: str, kind: str, **more: Any) -> dict[str, Any]:
        """A phone says why a household has no interview, after three visits."""
        days = [self.clock.now - timedelta(days=back) for back in (6, 3, 0)]
        attempts = [{"at": instant(day - timedelta(hours=1)), "place": None} for day in days]
        said = {"kind": kind, "reason": "Hàng xóm nói", "attempts": attempts, "place": None} | more
        sent = {
            "id": str(uuid4()), "commune_id": COMMUNE, "round_id": self.round_id, "household_id": self.ids[code],
            "no_interview": said, "files": [], "finalised_at": instant(self.clock.now),
        }  # fmt: skip
        self.push(village, sent)
        return sent

    # -- the desk --

    def desk(self, code: str) -> str:
        return f"/desk/{COMMUNE}/households/{self.ids[code]}"

    def people(self, code: str, by: str = "supervisor") -> dict[str, str]:
        """The codes of a household's members by their names, as its page links them."""
        page = self.login_as(by).get(self.desk(code)).text
        found = re.findall(r'href="[^"]*/persons/([\w-]+)"[^>]*>(?:<\w+>)?([^<]+)<', page)
        return {unescape(name).strip(): id for id, name in found}

    def act(self, code: str, kind: str, by: str = "supervisor", ask: bool = False, **given: Any) -> Any:
        """Look at what would happen, then do it, or ask for it."""
        return self.act_on(COMMUNE, self.ids[code], kind, by, ask, **given)

    def act_on(
        self, commune: str, household_id: str, kind: str, by: str = "supervisor", ask: bool = False, **given: Any
    ) -> Any:
        desk, where = self.login_as(by), f"/desk/{commune}/households/{household_id}"
        shown = ok(desk.post(where, data={"kind": kind, "since": self.today} | given))
        data = {**hidden(shown), "reason": "họp thôn"} | ({"member": given["member"]} if "member" in given else {})
        return ok(desk.post(where, data=data | ({"ask": "1"} if ask else {})))

    def search(self) -> None:
        """Who stands in the commune twice."""
        desk = self.login_as("supervisor")
        led(desk, ok(desk.post(f"/desk/{COMMUNE}/duplicates/search")))

    def pairs(self, which: str = "open") -> dict[frozenset[str], dict[str, str]]:
        """What waits on the page of duplicates, or was decided, by the two numbers: the fields of its form."""
        page = self.login_as("supervisor").get(f"/desk/{COMMUNE}/duplicates").text
        found = {}
        for card in page.split('data-pair="')[1:]:
            if not card.startswith(which):
                continue
            numbers = re.findall(r'class="number">([\d-]+)</span><span class="before"', card)
            names = ("one", "other", "compared")
            given = {name: re.search(rf'name="{name}" value="([^"]*)"', card) for name in names}
            found[frozenset(numbers)] = {name: one[1] for name, one in given.items() if one is not None}
        return found

    def judge(self, pair: dict[str, str], verdict: str) -> None:
        ok(self.login_as("supervisor").post(f"/desk/{COMMUNE}/duplicates", data=pair | {"verdict": verdict}))

    def found(self, village: str, head: str) -> dict[str, Any]:
        """The interview of a household that is on no list."""
        person = {"ho_ten": head, "gioi_tinh": "nam", "quan_he": "chu_ho", "nam_sinh": 1980, "ma_nk": str(uuid4())}
        told = {
            "household_id": str(uuid4()), "village_id": village, "last_answers": None,
            "context": self.told(village)[0]["context"],
        }  # fmt: skip
        return self.interview(told, POOR, people=[person], new_household={"village_id": village, "head_name": head})

    def ask_in(self, code: str, passed: str) -> None:
        """Enter a paper of an ad-hoc round, and what the quick identification (Phiếu A) found."""
        desk, papers = self.login_as("supervisor"), f"/rounds/{self.round_id}/{COMMUNE}/requests"
        known = set(re.findall(r"/requests/([\w-]+)/quick", desk.get(papers).text))
        ok(desk.post(papers, data={"code": code, "asked_by": "Chủ hộ", "asked_on": self.today, "reason": "mất mùa"}))
        [paper] = set(re.findall(r"/requests/([\w-]+)/quick", desk.get(papers).text)) - known
        found = {"passed": passed, "found_on": self.today, "found_by": "Trưởng bản", "reason": "như giấy"}
        ok(desk.post(f"{papers}/{paper}/quick", data=found))

    def undo(self, code: str, kind: str) -> None:
        """Undo the last act of a kind that the household's page tells of."""
        desk, page = self.login_as("supervisor"), self.desk(code)
        [*_, number] = re.findall(rf'{re.escape(page)}/undo/(\d+)"', desk.get(page).text)[:1]
        shown = ok(desk.post(f"{page}/undo/{number}"))
        ok(desk.post(f"{page}/undo/{number}", data=hidden(shown) | {"reason": f"ghi nhầm {kind}"}))

    def decide_request(self, asked: Any, by: str = "supervisor-2") -> None:
        desk, where = self.login_as(by), asked.location.partition("?")[0]
        own = self.login_as("supervisor").post(where, data={"verdict": "accepted", "reason": "tự duyệt"})
        assert own.status_code == 409  # nobody decides on their own
        ok(desk.post(where, data=hidden(desk.get(where)) | {"verdict": "accepted", "reason": "đúng"}))

    def page_of(self, sent: dict[str, Any]) -> str:
        """Where the desk reads what a phone said."""
        desk, shelf = self.login_as("supervisor"), f"/desk/{COMMUNE}/outcomes?round={self.round_id}"
        links = set(re.findall(rf"/desk/{COMMUNE}/outcomes/([\w-]+)", desk.get(shelf).text))
        pages = [f"/desk/{COMMUNE}/outcomes/{one}" for one in links]
        [where] = [one for one in pages if f"/households/{sent['household_id']}" in desk.get(one).text]
        return where

    def confirm(self, sent: dict[str, Any], **more: str) -> None:
        """Another person confirms what a phone said, with the act that follows from it."""
        desk, where = self.login_as("supervisor"), self.page_of(sent)
        seen = re.search(r'name="seen" value="(\w+)"', desk.get(where).text)
        assert seen is not None
        data = {"action": "confirm", "seen": seen[1], "reason": "đã hỏi trưởng bản", "since": self.today} | more
        answer = ok(desk.post(where, data=data))
        if answer.status_code == 200:  # the act on the register is shown first
            answer = desk.post(where, data=hidden(answer) | {"reason": "đã hỏi trưởng bản"})
        assert answer.status_code == 303, text_of(answer)

    def accept_all(self, by: str = "supervisor", commune: str = COMMUNE) -> int:
        """Accept each interview that waits at the desk, seen page by page."""
        desk, number = self.login_as(by), 0
        while True:
            shelf = desk.get(f"/desk/{commune}/queue?round={self.round_id}&state=submitted").text
            waiting = sorted(set(re.findall(rf"/desk/{commune}/records/([\w-]+)", shelf)))
            if not waiting:
                return number
            page = desk.get(f"/desk/{commune}/records/{waiting[0]}").text  # the others are as little known
            seen = re.search(r'name="seen"[^>]*value="(\d+)"', page)
            assert seen is not None, page
            for one in waiting:
                data = {"action": "accept", "seen": seen[1], "comment": ""}
                ok(desk.post(f"/desk/{commune}/records/{one}", data=data))
            number += len(waiting)

    # -- the end of a round --

    def close(self, commune: str = COMMUNE, by: str = "supervisor") -> None:
        browser = self.login_as(by)
        ok(led(browser, browser.post(f"/rounds/{self.round_id}/{commune}/close")))

    def accept(self) -> None:
        data = {"commune": [COMMUNE, OTHER_COMMUNE]}
        ok(self.login_as("province").post(f"/rounds/{self.round_id}/accept", data=data))

    def proof(self, commune: str = COMMUNE) -> tuple[Path, dict[str, Any]]:
        """The file as the commune hands it out; and what it says."""
        path = self.folder / f"{commune}-{self.round_id}.json"
        path.write_bytes(self.download(f"/rounds/{self.round_id}/{commune}/proof/file"))
        return path, json.loads(path.read_bytes())["proofs"][0]

    def download(self, where: str) -> bytes:
        return bytes(ok(self.login_as("supervisor").get(where)).data)

    def verified(self, path: Path, *words: str) -> tuple[int, dict[str, Any]]:
        code, said = run(self.app, "round", "verify", str(path), "--json", *words)
        return code, json.loads(said.split("\nError:")[0])

    def stands_in_database(self, path: Path) -> bool:
        """Is all that the proof binds still there, and as it was?"""
        code, verdict = self.verified(path, "--against-database")
        assert (code == 0) is (verdict["differs"] == []), verdict
        return code == 0


def check_proof(commune: Commune, said: dict[str, Any], place: str = COMMUNE) -> None:
    """Each household once, the flow adds up in households and persons in the commune and each village, and its ends
    are what the test counted by itself."""
    body, leaves = said["body"], said["leaves"]
    assert len({leaf["household"] for leaf in leaves}) == len(leaves)
    assert None not in {leaf["state"] for leaf in leaves}
    for where, lines in [("commune", body["flow"]["commune"]), *body["flow"]["villages"].items()]:
        for measure, both in lines.items():
            for what, row in both.items():
                if what not in ("households", "persons"):
                    continue
                one, two, three, four, five, six, seven, eight, nine = row
                assert nine == one - two - three - four + five + six + seven + eight, (where, measure, what, row)
                assert holds(row)
                mine = [stand for stand in commune.book.values() if stand.household_class == measure]
                mine = [
                    one for one in mine if one.village == where or (where == "commune" and one.village[:5] == place)
                ]
                counted = len(mine) if what == "households" else sum(stand.persons for stand in mine)
                assert nine == counted, (where, measure, what, row)


def side(one: dict[str, Any] | None) -> tuple[Any, ...] | None:
    return None if one is None else (one["village"], one["class"], one["persons"])


def states(said: dict[str, Any]) -> Counter[str]:
    return Counter(leaf["state"] for leaf in said["leaves"])


def ends(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Where each household stands at the end, by its number."""
    return {leaf["household"]: leaf["end"] for leaf in said["leaves"] if leaf["end"] is not None}


def settle(it: Commune, session: Session) -> Commune:
    """The list of last year is loaded, and who visits is there."""
    it.on(2025, 9, 8)
    publish(session, compile_workbook(SOURCE), SOURCE, it.clock.now)
    session.commit()
    it.load(listed(it.size))
    world.account(session, "enumerator-3", Role.ENUMERATOR, COMMUNE, VILLAGE_3)
    session.commit()
    return it


def first_year(it: Commune) -> tuple[Path, dict[str, Any]]:
    size, same, namesake = it.size, code(it.size - 2), code(it.size - 1)

    # A round opened by mistake is cancelled; the right one opens.
    it.on(2025, 9, 12)
    mistaken = it.open_round(2026, "2025-09-10", "2025-12-14")
    it.visit(VILLAGE, only=[code(0)])
    it.cancel(mistaken, "mở nhầm năm")
    it.book.clear()
    it.on(2025, 9, 16)
    assert it.open_round(2025, "2025-09-15", "2025-12-14") != mistaken
    start = {leaf.code for leaf in listed(size)}
    assert {one["code"] for village in VILLAGES for one in it.told(village)} == start

    # Who stands there twice: one pair is one household, another only looks like one.
    it.on(2025, 9, 18)
    it.search()
    pairs = it.pairs()
    twice, alike = frozenset((code(0), same)), frozenset((code(1), namesake))
    assert {twice, alike} <= set(pairs), pairs
    it.judge(pairs[twice], "one")
    it.judge(pairs[alike], "one")  # wrongly
    it.act(same, "duplicate", other=code(0))
    it.act(namesake, "merge", other=code(1))
    it.on(2025, 9, 19)
    it.act(namesake, "unmerge")
    it.search()
    it.judge(it.pairs("decided")[alike], "asked_again")
    it.judge(it.pairs()[alike], "two")
    it.search()
    assert alike not in it.pairs()  # nobody is asked again
    it.act(code(18), "test")
    it.undo(code(18), "test")

    # The first village, three of it not interviewed.
    it.on(2025, 10, 1)
    away, dead, unwilling = code(3), code(21), code(27)
    it.visit(VILLAGE, but=[away, dead, unwilling, code(12)], **{code(0): NEAR, code(9): POOR, code(18): NOT_POOR})
    it.accept_all()
    absent = it.say(VILLAGE, away, "absent")
    gone = it.say(VILLAGE, dead, "died_out")
    refused = it.say(VILLAGE, unwilling, "refused")
    own = it.login_as("enumerator").get(f"/desk/{COMMUNE}/outcomes")
    assert own.status_code == 403  # another confirms
    for sent in (absent, gone, refused):
        it.confirm(sent)
    for number in (3, 27):  # nobody found out otherwise: they stay what they were
        it.book[it.ids[code(number)]] = Stand(VILLAGE, line(number).household_class, len(line(number).members))

    # Acts on the register meanwhile: moves, a split, a death asked for and decided, a marriage, a birth.
    it.on(2025, 10, 6)
    it.act(code(9), "move", village=VILLAGE_3)
    it.book[it.ids[code(9)]] = it.book[it.ids[code(9)]]._replace(village=VILLAGE_3)
    it.act(code(12), "move", by="province", village=OTHER_VILLAGE)
    for village in VILLAGES:
        it.told(village)
    family = list(it.people(code(5)).items())
    it.act(code(5), "split", member=[family[1][1], family[3][1]], head=family[1][0])
    head, heir, *_ = it.people(code(7)).values()
    asked_for = it.act(code(7), "died", ask=True, person=head, head=heir)
    bride = list(it.people(code(14)).values())[-1]
    it.act(code(14), "transferred", person=bride, other=code(13), relation="dau_re")
    it.act(code(16), "born", name="Hà Thị Mới", sex="nu", relation="con")
    assert it.login_as("supervisor").post(f"/rounds/{it.round_id}/{COMMUNE}/close").status_code == 409
    it.decide_request(asked_for)

    # The other villages, with a household that nobody knew, and the one that moved to the other commune.
    it.on(2025, 10, 20)
    [new] = [one for one in it.told(VILLAGE_3) if one["code"] not in start and one["code"] != code(9)]
    found = it.found(VILLAGE_2, "Vàng A Chỉnh")
    it.push(VILLAGE_2, found)
    it.visit(VILLAGE_2, **{code(1): NOT_POOR, code(4): POOR})
    it.visit(VILLAGE_3, **{new["code"]: POOR, namesake: NOT_POOR})
    it.visit(OTHER_VILLAGE)
    it.accept_all()
    it.accept_all("supervisor-other", OTHER_COMMUNE)
    path, said = ended(it)
    assert states(said) == {
        "done": size - 5 + 2, "absent": 1, "refused": 1, "died_out": 1, "duplicate": 1, "moved_away": 1,
    }  # fmt: skip
    assert it.verified(path)[0] == 0
    assert it.stands_in_database(path)
    return path, said


def ended(it: Commune) -> tuple[Path, dict[str, Any]]:
    """Both communes close their round, the province accepts it; the proof of the first."""
    it.close()
    it.close(OTHER_COMMUNE, "supervisor-other")
    it.accept()
    path, said = it.proof()
    check_proof(it, said)
    return path, said


def between(it: Commune) -> Path:
    """Between the years a household asks (Mẫu số 01) and is poorer now; another does not pass the quick identification.
    Then somebody dies, a household moves within the commune, and a wrong merge is taken back."""
    it.on(2026, 3, 2)
    book = it.book
    it.book = {}
    asking, passed_over = code(18), code(24)
    it.open_round(2026, "2026-03-01", "2026-04-30", "thuong_xuyen")
    for one, answer in ((asking, "yes"), (passed_over, "no")):
        it.ask_in(one, answer)
    assert [one["code"] for one in it.told(VILLAGE)] == [asking]
    it.visit(VILLAGE, **{asking: POOR})
    it.accept_all()
    path, said = ended(it)
    assert states(said) == {"done": 1}
    it.book = book | it.book

    it.on(2026, 8, 3)
    *_, child = it.people(code(2)).values()
    it.act(code(2), "died", person=child)
    it.act(code(10), "move", village=VILLAGE)
    it.act(code(it.size - 1), "merge", other=code(1))
    it.on(2026, 8, 10)
    it.act(code(it.size - 1), "unmerge")
    return path


def second_year(it: Commune, first: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """Of the kind and year of the cancelled one. It begins where the first ended, but for what happened between."""
    away, asking, not_found = code(3), code(18), code(24)
    it.on(2026, 9, 15)
    it.open_round(2026, "2026-09-14", "2026-12-14")
    assert len(set(it.rounds)) == 4
    it.on(2026, 10, 1)
    it.visit(VILLAGE, but=[code(15), not_found], **{asking: NEAR, code(0): POOR, code(6): NEAR})
    it.accept_all()
    began = {one["code"]: one for village in VILLAGES for one in it.told(village)}
    assert began[away]["state"] == "accepted"  # who was away was found this time
    family = list(it.people(code(15)).items())
    it.act(code(15), "split", member=[family[1][1]], head=family[1][0])
    parted = next(one["code"] for one in it.told(VILLAGE) if one["code"] not in began)
    it.visit(VILLAGE, only=[code(15), parted], **{parted: POOR})
    it.accept_all()
    it.act(parted, "merge", other=code(15))  # together again
    del it.book[it.ids[parted]]
    it.act(code(1), "move", village=VILLAGE_3)
    it.confirm(it.say(VILLAGE, not_found, "not_found"))
    del it.book[it.ids[not_found]]
    it.on(2026, 10, 5)
    it.told(OTHER_VILLAGE)
    back = next(id for id, stand in it.book.items() if stand.village == OTHER_VILLAGE)
    it.act_on(OTHER_COMMUNE, back, "move", by="province", village=VILLAGE_2)  # who had left comes back in mid-review
    del it.book[back]
    it.on(2026, 10, 20)
    it.visit(VILLAGE_2, **{code(4): NOT_POOR, code(7): POOR})
    it.visit(VILLAGE_3, **{code(1): POOR})
    it.accept_all()
    path, said = ended(it)

    begins, ended_at = {leaf["household"]: leaf for leaf in said["start"]}, ends(first)
    differs = {one for one in {*begins, *ended_at} if side(begins.get(one)) != side(ended_at.get(one))}
    assert differs == {code(2), code(10), asking}
    assert [side(begins[one]) for one in (code(2), code(10), asking)] == [
        (VILLAGE_3, POOR, 3), (VILLAGE, POOR, 4), (VILLAGE, POOR, 4),
    ]  # fmt: skip
    assert states(said) == {"done": it.size - 1, "not_found": 1, "merged": 1}
    return path, said
