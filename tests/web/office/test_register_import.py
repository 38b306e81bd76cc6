"""A commune's lists are loaded on a page and by command: looked at first, loaded once confirmed."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from models import Account, AuditEvent, Household, Place
from survey.register.places import province_of
from tests.commands.test_commands import run
from tests.register.test_importing import HOUSEHOLDS, VILLAGES
from tests.world import COMMUNE, OTHER_COMMUNE

ADDRESS = "/register/import/"


def look(browser: Any, households: str = HOUSEHOLDS, commune: str = COMMUNE) -> Any:
    return browser.post(
        ADDRESS,
        data={
            "commune": commune,
            "villages": (BytesIO(VILLAGES.encode()), "danh sach.csv"),
            "households": (BytesIO(households.encode()), "ho.csv"),
        },
    )


def upload_of(answer: Any) -> str:
    found = re.search(r'name="upload" type="hidden" value="(\w+)"', answer.text)
    assert found, answer.text
    return found[1]


def heads(session: Any) -> list[str]:
    session.rollback()
    return sorted(session.scalars(select(Household.base_head_name)))


def test_a_supervisor_sees_what_would_happen_and_loads_it(app: Flask, login_as: Any, session: Any) -> None:
    supervisor = login_as("supervisor")
    seen = look(supervisor)
    assert seen.status_code == 200
    for words in ("Hộ: 3 mới, 0 đã có", "Bản Nà Mẫu", "Quàng Thị Thử", "03757-04-001"):
        assert words in seen.text
    assert heads(session) == []
    answer = supervisor.post(f"{ADDRESS}confirm", data={"upload": upload_of(seen)})
    assert answer.status_code == 303
    assert "Đã thêm 2 thôn, bản và 3 hộ." in supervisor.get(answer.location).text
    assert heads(session) == ["Cà Văn Nháp", "Lò Văn Mẫu", "Quàng Thị Thử"]
    event = session.scalars(select(AuditEvent).where(AuditEvent.verb == "register.imported")).one()
    assert event.account_id == session.scalar(select(Account.id).where(Account.username == "supervisor"))
    assert list((Path(app.config["INSTANCE"]) / "intake").iterdir()) == []  # no copy stays behind
    assert "không còn gì để nạp" in look(supervisor).text


def test_what_is_loaded_is_what_was_seen(login_as: Any, session: Any) -> None:
    supervisor = login_as("supervisor")
    first = upload_of(look(supervisor))
    look(supervisor, HOUSEHOLDS + "3,Lò Văn Sau,,Hộ nghèo,\n")
    assert supervisor.post(f"{ADDRESS}confirm", data={"upload": first}).status_code == 409
    assert login_as("supervisor-2").post(f"{ADDRESS}confirm", data={"upload": first}).status_code == 409
    assert heads(session) == []


def test_mistakes_are_told_in_the_readers_language_and_nothing_can_be_confirmed(login_as: Any, session: Any) -> None:
    wrong = HOUSEHOLDS + "3,<b>=,,giàu,\n"
    supervisor = login_as("supervisor")
    seen = look(supervisor, wrong)
    assert seen.status_code == 422
    assert "households.csv, dòng 5, cột class last year: «giàu»" in seen.text
    assert 'name="upload"' not in seen.text
    supervisor.set_cookie("lang", "en")
    assert "households.csv, row 5, column class last year" in look(supervisor, wrong).text
    assert supervisor.post(ADDRESS, data={"commune": COMMUNE}).status_code == 422
    assert heads(session) == []


def test_another_commune_does_not_exist_for_a_supervisor_and_is_chosen_by_an_administrator(login_as: Any) -> None:
    assert look(login_as("supervisor"), commune=OTHER_COMMUNE).status_code == 404
    assert look(login_as("admin"), commune="99999").status_code == 404
    admin = login_as("admin")
    assert "Xã Mường Khiêng (03757)" in admin.get(ADDRESS).text
    assert look(admin).status_code == 200


def test_the_examples_load_as_they_are(login_as: Any) -> None:
    browser = login_as("supervisor-other")
    names = ("villages.csv", "households.csv")
    given = {name: browser.get(ADDRESS + name).data for name in (*names, "members.csv")}
    given["villages.csv"] = given["villages.csv"].replace(b"1,B", b"11,B")  # 1 is taken in this world
    given["households.csv"] = given["households.csv"].replace("Cạnh nhà văn hoá".encode(), b"")  # no form published
    given["households.csv"] = given["households.csv"].replace(b"\n1,", b"\n11,")
    fields = {name.partition(".")[0]: (BytesIO(given[name]), name) for name in names}
    assert browser.post(ADDRESS, data=fields | {"commune": OTHER_COMMUNE}).status_code == 200
    assert browser.get(f"{ADDRESS}khac.csv").status_code == 404


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "danh-sach"
    made.mkdir()
    (made / "villages.csv").write_text(VILLAGES, encoding="utf-8")
    (made / "households.csv").write_text(HOUSEHOLDS, encoding="utf-8")
    return made


def test_the_command_tries_loads_and_loads_nothing_twice(app: Flask, session: Any, folder: Path) -> None:
    words = ("register", "import", str(folder), "--commune", COMMUNE)
    code, said = run(app, *words, "--dry-run")
    assert (code, heads(session)) == (0, [])
    assert "hộ: 3 mới, 0 đã có" in said
    assert run(app, *words)[0] == 0
    assert len(heads(session)) == 3
    assert "hộ: 0 mới, 3 đã có" in run(app, *words)[1]
    assert len(heads(session)) == 3


def test_the_command_names_the_mistakes_and_loads_nothing(app: Flask, session: Any, folder: Path) -> None:
    (folder / "households.csv").write_text(HOUSEHOLDS + "77,A,,Hộ nghèo,\n", encoding="utf-8")
    code, said = run(app, "register", "import", str(folder), "--commune", COMMUNE)
    assert (code, heads(session)) == (1, [])
    assert "households.csv, dòng 5, cột village: Không có thôn, bản «77» trong xã, phường này." in said
    assert session.get(Place, "03757-03") is None


def test_a_commune_of_a_province_that_is_not_there_brings_it(app: Flask, session: Any, folder: Path) -> None:
    words = ("register", "import", str(folder), "--commune", "00004")  # Hà Nội
    assert "--region" in run(app, *words)[1]
    assert run(app, *words, "--region", "dong_bang_song_hong", "--dry-run")[0] == 1  # 03757-04 is not in it
    assert "mang mã 99999" in run(app, "register", "import", str(folder), "--commune", "99999")[1]
    (folder / "households.csv").unlink()
    assert run(app, *words, "--region", "dong_bang_song_hong")[0] == 0
    session.rollback()
    assert session.get(Place, "00004-03").parent_id == "00004"
    assert (province_of("03664"), province_of("03667")) == ("14", None)
