"""The pages of a commune's villages and of the register on a day: seen before it is done, refused with the way out."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent, FormerCommune, Household, PlaceEvent, Round
from survey.evidence.signing import Signer
from survey.rounds import closing
from tests.interviews import ROUND, accept_all
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, VILLAGE_2

HERE = f"/desk/{COMMUNE}/villages"
pytestmark = pytest.mark.usefixtures("small_round")


def form(**said: Any) -> dict[str, Any]:
    return {"since": "2026-11-23", **said}


def basis_in(page: str) -> str:
    found = re.search(r'name="basis" value="([0-9a-f]{16})"', page)
    assert found is not None
    return found[1]


def done(browser: Any, address: str, **said: Any) -> Any:
    """What is asked for is looked at, then done."""
    seen = browser.post(address, data=form(**said))
    assert seen.status_code == 200, seen.text
    return browser.post(address, data=form(**said, basis=basis_in(seen.text), reason="NQ 12"))


@pytest.fixture
def former(session: Session) -> None:
    for code, name in (("90001", "Xã Cũ Một"), ("90002", "Xã Cũ Hai")):
        session.add(
            FormerCommune(
                province_id="14", code=code, valid_to=date(2025, 7, 1), commune_id=COMMUNE, valid_from=None, name=name,
                district_code="901", district="Huyện Cũ", status="nguồn thứ cấp", source="bài thử",
            )
        )  # fmt: skip
    session.commit()


def test_a_merger_is_seen_done_and_undone(login_as: Any, session: Session) -> None:
    browser = login_as("supervisor")
    page = browser.get(f"{HERE}/{VILLAGE}").text
    assert "Sáp nhập vào thôn, bản khác" in page
    assert "Chuyển sang xã, phường khác" not in page  # the province's
    seen = browser.post(f"{HERE}/{VILLAGE}", data=form(kind="merged", other=VILLAGE_2))
    assert "3 hộ sẽ thuộc thôn, bản khác" in seen.text
    session.rollback()
    assert session.get_one(Household, (COMMUNE, "ho-1")).village_id == VILLAGE
    again = browser.post(f"{HERE}/{VILLAGE}", data=form(kind="merged", other=VILLAGE_2, basis=basis_in(seen.text)))
    assert again.status_code == 422  # why?
    assert done(browser, f"{HERE}/{VILLAGE}", kind="merged", other=VILLAGE_2).status_code == 303
    session.rollback()
    assert session.get_one(Household, (COMMUNE, "ho-1")).village_id == VILLAGE_2
    listed = browser.get(HERE).text
    assert "từ ngày 23/11/2026 thuộc" in listed
    after = browser.get(f"{HERE}/{VILLAGE}").text
    assert "không còn nữa" in after
    seq = max(session.scalars(select(PlaceEvent.seq).where(PlaceEvent.commune_id == COMMUNE)))
    assert done(browser, f"{HERE}/{VILLAGE}/undo/{seq}").status_code == 303
    session.rollback()
    assert session.get_one(Household, (COMMUNE, "ho-1")).village_id == VILLAGE
    acts = session.scalars(select(AuditEvent.verb).where(AuditEvent.verb.startswith("village."))).all()
    assert sorted(acts) == ["village.merged", "village.void"]


def test_what_cannot_be_is_said_with_the_way_out(login_as: Any) -> None:
    browser = login_as("supervisor")
    refused = browser.post(f"{HERE}/{VILLAGE}", data=form(kind="merged", other=VILLAGE))
    assert (refused.status_code, "không thể sáp nhập vào chính nó" in refused.text) == (409, True)
    for said, status in (
        ({"kind": "rezoned", "commune": OTHER_COMMUNE}, 409),
        ({"kind": "x"}, 400),
        ({"kind": "renamed", "name": "A", "since": "x"}, 400),
    ):
        assert browser.post(f"{HERE}/{VILLAGE}", data={**form(), **said}).status_code == status
    assert browser.post(f"{HERE}/03664-01", data=form(kind="renamed", name="A")).status_code == 404
    for seq in ("99", "x", "9" * 30):
        assert browser.post(f"{HERE}/{VILLAGE}/undo/{seq}").status_code == 404
    assert browser.get(f"{HERE}/03757-99").status_code == 404


def test_the_province_moves_a_village_to_another_commune(login_as: Any, session: Session) -> None:
    browser = login_as("province")
    assert "Chuyển sang xã, phường khác" in browser.get(f"{HERE}/{VILLAGE}").text
    seen = browser.post(f"{HERE}/{VILLAGE}", data=form(kind="rezoned", commune=OTHER_COMMUNE)).text
    assert "Người thử enumerator sẽ không còn thấy các hộ này." in seen
    assert "Xã, phường mới cần giao rà soát viên" in seen
    answer = done(browser, f"{HERE}/{VILLAGE}", kind="rezoned", commune=OTHER_COMMUNE)
    assert answer.status_code == 303
    session.rollback()
    assert session.get_one(Household, (OTHER_COMMUNE, "ho-1")).village_id == "03664-02"
    assert "03664-02" in browser.get(f"{HERE}/{VILLAGE}").text
    there = f"/desk/{OTHER_COMMUNE}/villages"
    assert browser.get(there).text.count("chưa giao ai") == 1
    assert "Chưa có rà soát viên nào ở thôn, bản này." in browser.get(f"{there}/03664-02").text
    assert "Người thử enumerator-other" in browser.get(f"{there}/03664-01").text


@pytest.mark.usefixtures("former")
def test_former_communes_are_entered_from_the_list_that_the_page_gives(login_as: Any, session: Session) -> None:
    browser = login_as("supervisor")
    assert "chưa rõ xã, phường cũ" in browser.get(HERE).text
    given = browser.get(f"{HERE}/list.csv").data.decode("utf-8-sig")
    assert given.splitlines()[1].startswith(f"{VILLAGE},Bản Nà Ca,,")
    filled = given.replace("Bản Nà Ca,,", "Bản Nà Ca,90001,").encode()
    wrong = {"file": (io.BytesIO(filled.replace(b"90001", b"90009")), "a.csv")}
    refused = browser.post(f"{HERE}/former", data=wrong, content_type="multipart/form-data")
    assert (refused.status_code, "90009" in refused.text) == (422, True)
    only = "\n".join(line for line in filled.decode().splitlines() if not line.startswith(VILLAGE_2)).encode()
    sent = {"file": (io.BytesIO(only), "a.csv"), "reason": "trưởng bản"}
    assert browser.post(f"{HERE}/former", data=sent, content_type="multipart/form-data").status_code == 303
    page = browser.get(f"/desk/{COMMUNE}/register?borders=2025-06-30").text
    assert "Xã Cũ Một" in page
    assert "chưa rõ xã, phường cũ" in page
    assert "nguồn thứ cấp" in page
    assert browser.post(f"{HERE}/former", data={}, content_type="multipart/form-data").status_code == 422


@pytest.mark.usefixtures("former")
def test_the_register_on_a_day_as_page_and_file(login_as: Any, session: Session) -> None:
    browser = login_as("supervisor")
    assert "03757-01-001" in browser.get(f"/desk/{COMMUNE}/register?as_of=2026-11-23").text
    assert "Ngày đó chưa có hộ nào" in browser.get(f"/desk/{COMMUNE}/register?as_of=2026-11-22").text
    for wrong, status in (("as_of=x", 400), ("as_of=2027-01-01", 409), ("borders=2027-01-01", 409)):
        assert browser.get(f"/desk/{COMMUNE}/register?{wrong}").status_code == status
    file = browser.get(f"/desk/{COMMUNE}/register.csv?what=households&borders=2025-06-30")
    lines = file.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert lines[1].startswith('901,Huyện Cũ,,"chưa rõ xã, phường cũ",03757-01,')
    counts = browser.get(f"/desk/{COMMUNE}/register.csv?what=counts").data.decode("utf-8-sig").splitlines()
    assert counts[-1].split(",")[6] == "4"
    read = session.scalars(select(AuditEvent).where(AuditEvent.verb == "export.read")).all()
    assert [one.detail["file"] for one in read] == ["register.csv"]


def test_the_province_counts_all_its_communes(login_as: Any) -> None:
    browser = login_as("province")
    page = browser.get("/desk/register").text
    assert "Phường Chiềng An" in page
    assert "03757-01-001" not in page
    assert browser.get("/desk/register?as_of=2026-11-01").status_code == 409
    assert browser.get("/desk/register?borders=2025-06-30").status_code == 409  # nobody loaded them
    assert browser.get("/desk/register.csv?what=households").status_code == 404


def test_a_household_that_moved_is_found_by_its_old_number_and_old_links_lead_to_it(login_as: Any) -> None:
    province = login_as("province")
    assert done(province, f"{HERE}/{VILLAGE}", kind="rezoned", commune=OTHER_COMMUNE).status_code == 303
    old = f"/desk/{COMMUNE}/households/ho-1"
    there = login_as("supervisor-other")
    answer = there.get(old)
    assert (answer.status_code, answer.location) == (303, f"/desk/{OTHER_COMMUNE}/households/ho-1")
    assert "03757-01-001" in there.get(answer.location).text
    found = there.post(f"/desk/{OTHER_COMMUNE}/search", data={"wanted": "03757-01-001"}).text
    assert "03664-02-001" in found
    assert there.get(f"/desk/{COMMUNE}/households/ho-4").status_code == 404  # one that stayed
    assert there.post(f"/desk/{OTHER_COMMUNE}/search", data={"wanted": "03757-02-001"}).text.count("03757-02-001") == 1
    here = login_as("supervisor").get(old).text
    assert "Hộ nay ở xã, phường khác" in here
    assert f"/desk/{OTHER_COMMUNE}/households" not in here
    province = login_as("province")
    assert f"/desk/{OTHER_COMMUNE}/households/ho-1" in province.get(old).text
    seen = province.post(f"/desk/{OTHER_COMMUNE}/search", data={"wanted": "03757-02-001"}).text
    assert f"/desk/{COMMUNE}/households/ho-4" in seen


def table_in(page: str, after: str) -> list[list[str]]:
    """The cells of the first table after some words."""
    body = page[page.index(after) :]
    body = body[body.index("<tbody>") : body.index("</tbody>")]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in body.split("</tr>")]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in rows if row]


@pytest.mark.usefixtures("former")
def test_what_is_lacked_stands_on_the_page_and_in_the_file(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    browser = login_as("supervisor")
    page = browser.get(f"/desk/{COMMUNE}/register?show=indicators&borders=2025-06-30").text
    rows = table_in(page, 'id="lacked"')
    assert len(rows) == 18
    assert ["Bảo hiểm y tế", "4", "0", "0", "8", "0", "0"] in rows
    assert ["Dinh dưỡng", "0", "0", "4", "0", "0", "8"] in rows
    assert "Chưa rõ xã, phường cũ ở" in page
    assert ": 4 hộ." in page
    file = browser.get(f"/desk/{COMMUNE}/register.csv?what=indicators&show=indicators&as_of=2026-11-22")
    assert "indicators-2026-11-22" in file.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert {line["households"] for line in lines} == {"0"}
    province = login_as("province")
    for address in ("/desk/register?show=indicators", "/desk/register?show=flow&since=2026-11-22"):
        assert province.get(address).status_code == 409
    assert browser.get(f"/desk/{COMMUNE}/register?show=x").status_code == 400


def test_the_flow_of_two_days_and_of_a_round_stands_on_the_page_and_in_the_file(
    login_as: Any, session: Session
) -> None:
    accept_all(session, login_as, COMMUNE)
    browser = login_as("supervisor")
    here = f"/desk/{COMMUNE}/register"
    assert "Chọn đợt rà soát hoặc ngày đầu" in browser.get(f"{here}?show=flow").text
    page = browser.get(f"{here}?show=flow&since=2026-11-22").text
    rows = table_in(page, 'id="flow-village-ho_ngheo"')
    assert rows[0] == ["Tổng số", "hộ", "0", "0", "0", "0", "0", "0", "0", "4", "4"]
    assert rows[2][:2] == ["Bản Nà Ca", "hộ"]
    assert "Chưa phân loại nên không nằm ở bảng nào: đầu kỳ 0 hộ, cuối kỳ 0 hộ." in page
    for wrong, status in (
        ("since=2027-01-01", 409), ("since=x", 400), ("of=khong-co", 404), ("since=2026-11-22&borders=2025-06-30", 409),
        ("since=2026-11-23&as_of=2026-11-22", 409),
    ):  # fmt: skip
        assert browser.get(f"{here}?show=flow&{wrong}").status_code == status, wrong
    assert browser.get(f"{here}.csv?what=flow").status_code == 400
    assert "Chưa tính" in browser.get(f"{here}?show=flow&of={ROUND}").text  # it is open
    session.rollback()
    closing.close_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW, prover=Signer(b"p" * 32))
    session.commit()
    page = browser.get(f"{here}?show=flow&of={ROUND}&borders=2026-11-23").text
    assert table_in(page, 'id="flow-village-ho_ngheo"')[0][2] == "4"
    assert "TẠM TÍNH" in page
    file = browser.get(f"{here}.csv?what=flow&of={ROUND}").data.decode("utf-8-sig")
    lines = [line for line in csv.DictReader(io.StringIO(file)) if line["unit"] == "households"]
    assert [(line["line"], line["1"]) for line in lines if line["class"] == "ho_ngheo"] == [
        ("place", "3"), ("place", "1"), ("between", "0"), ("total", "4"),
    ]  # fmt: skip
    assert {(line["trial"], line["accepted_by_province"]) for line in lines} == {("0", "0")}
    session.get_one(Round, ROUND).trial = True
    session.commit()
    assert "THỬ NGHIỆM" in browser.get(f"{here}?show=flow&of={ROUND}").text
