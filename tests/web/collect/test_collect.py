"""A real ODK Collect's way through the product: settings code, forms, households, interviews in parts, and bad days."""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
import re
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from models import (
    Account,
    Assessment,
    Attachment,
    AuditEvent,
    CollectFile,
    CollectToken,
    CollectUpload,
    Device,
    FormVersion,
    RegisterEntry,
    Round,
    RoundCommune,
    Submission,
    SubmissionEvent,
    SubmissionFile,
    SubmissionStatus,
)
from survey.accounts.accounts import deactivate, find_account
from survey.collect.entities import entity_id
from survey.collect.keys import make_token
from survey.collect.xform import EditionError
from survey.questionnaires.published import Given, publish
from survey.review.decide import decide
from survey.terms import Action, SourceKind
from survey.web.collect.keys import settings_code
from survey.xlsform.compile import compile_workbook
from survey.xlsform.sheets import read_sheets, write_xlsx
from tests.examples import examples
from tests.interviews import ANSWERS, ROUND, SOURCE
from tests.serving import serving
from tests.web.collect.collect_client import (
    BOUNDARY,
    Answer,
    Collect,
    Fetched,
    NotOpenRosa,
    filled,
    flask_transport,
    part,
    read_settings,
)
from tests.world import COMMUNE, NOW

pytestmark = pytest.mark.usefixtures("small_round")
# werkzeug leaves the parts of a body that it gives up on to the garbage collector
UNCLOSED = "ignore:Exception ignored in.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"
PHOTO = b"\xff\xd8\xff\xe0" + b"anh nha" * 100
SAID = {key: value for key, value in ANSWERS.items() if key not in ("khu_vuc", "cach_b1")}  # those Collect looks up


def key_for(session: Any, username: str = "enumerator") -> str:
    account = find_account(session, username)
    _, text = make_token(session, account, account, NOW)
    session.commit()
    return text


@pytest.fixture
def key(session: Any) -> str:
    return key_for(session)


@pytest.fixture
def phone(app: Flask, key: str) -> Collect:
    return Collect(f"http://localhost/collect/{key}", flask_transport(app.test_client()))


@pytest.fixture
def fetched(phone: Collect) -> Fetched:
    [listed] = phone.form_list()
    return phone.fetch(listed)


def household(fetched: Fetched, household_id: str = "ho-1") -> dict[str, str]:
    return next(row for row in fetched.entities if row["household_id"] == household_id)


def interview(fetched: Fetched, household_id: str = "ho-1", **changes: Any) -> bytes:
    more = {name: changes.pop(name) for name in ("instance_id", "deprecated_id") if name in changes}
    return filled(fetched, household(fetched, household_id), SAID | changes, **more)


def rows(session: Any, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)))


def states(session: Any) -> list[tuple[str, str | None]]:
    session.rollback()
    query = select(SubmissionStatus.state, SubmissionStatus.reason)
    return sorted((state, reason) for state, reason in session.execute(query))


# -- forms and households


def test_a_settings_code_configures_collect() -> None:
    code = settings_code("https://so-ho.example.vn/collect/abc", "Sổ Hộ", "lo-van-a", "wifi_only")
    settings_said = read_settings(code)
    assert settings_said["general"]["server_url"] == "https://so-ho.example.vn/collect/abc"
    assert settings_said["general"]["form_update_mode"] == "match_exactly"
    assert settings_said["general"]["autosend"] == "wifi_only"
    assert settings_said["project"]["name"] == "Sổ Hộ"


def test_the_form_its_media_and_the_households_are_fetched(phone: Collect, fetched: Fetched, session: Any) -> None:
    assert (fetched.form_id, fetched.version) == ("phieu_thu", "1")
    assert sorted(fetched.media) == ["households.csv"]
    assert [row["household_id"] for row in fetched.entities] == ["ho-1", "ho-2", "ho-3"]  # of the own village only
    row = household(fetched)
    assert row["label"] == "Chủ hộ cũ · 03757-01-001 · Bản Nà Ca"
    assert (row["khu_vuc"], row["vung"], row["cach_b1"]) == ("nong_thon", "mien_nui_phia_bac", "nhap_tong")
    assert (row["ma_ho"], row["phan_loai_nam_truoc"], row["state"]) == ("03757-01-001", "ho_ngheo", "to_visit")
    assert row["name"] == entity_id(COMMUNE, ROUND, "ho-1")
    stored = session.scalars(select(FormVersion)).one()
    assert stored.xform.encode() == fetched.xml
    assert phone.form_list() == phone.form_list()  # the same bytes, the same hash


def test_a_supervisor_has_the_households_of_the_commune(app: Flask, session: Any) -> None:
    phone = Collect(f"http://localhost/collect/{key_for(session, 'supervisor')}", flask_transport(app.test_client()))
    assert len(phone.fetch(phone.form_list()[0]).entities) == 4


def test_a_household_that_is_no_longer_his_is_gone(phone: Collect, fetched: Fetched) -> None:
    own, other = household(fetched)["name"], entity_id(COMMUNE, ROUND, "ho-4")
    assert phone.deleted(fetched, [own, other, "la"]) == {own: False, other: True, "la": True}


def test_a_closed_round_has_no_forms_and_no_households(phone: Collect, fetched: Fetched, session: Any) -> None:
    close_round(session)
    assert phone.form_list() == []
    assert phone.get(f"{phone.server}/households.csv").body.decode().count("\n") == 1
    assert phone.deleted(fetched, [household(fetched)["name"]]) == {household(fetched)["name"]: True}


def close_round(session: Any) -> None:
    session.rollback()
    for row in session.scalars(select(RoundCommune)):
        row.state, row.closed_at = "closed", NOW
    session.commit()


# -- an interview


def test_an_interview_becomes_a_record_like_every_other(phone: Collect, fetched: Fetched, session: Any) -> None:
    sent = phone.submit(interview(fetched, anh_nha="1700.jpg"), {"1700.jpg": PHOTO})
    assert sent.status == 201
    assert re.search(r"Đã nhận\. Mã biên nhận [0-9A-F]{8}\.", sent.message)
    assert states(session) == [("submitted", None)]
    submission = session.scalars(select(Submission)).one()
    assert (submission.household_id, submission.round_id, submission.form_version) == ("ho-1", ROUND, "1")
    assert submission.finalised_at_said == "2026-11-22T08:42:00.000+07:00"
    content = json.loads(submission.content)
    assert content["answers"]["thanh_vien"] == ANSWERS["thanh_vien"]
    assert content["answers"]["khu_vuc"] == "nong_thon"
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    assert content["answers"]["anh_nha"] == sha256
    assert session.get(Attachment, (COMMUNE, sha256)) is not None
    assessment = session.scalars(select(Assessment)).one()
    assert (assessment.household_class, assessment.b1_points, assessment.b2_points) == ("ho_ngheo", 132, 20)
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-1")).state == "received"
    device = session.scalars(select(Device)).one()
    assert (device.label, device.app_version, device.unsent) == ("ODK Collect", "v2025.2.1", [])
    upload = session.scalars(select(CollectUpload)).one()
    assert b"phieu_thu" in b64decode(upload.xml)


def test_what_collect_calculated_is_compared(phone: Collect, fetched: Fetched, session: Any) -> None:
    shown = {"phan_loai": "ho_ngheo", "b1": 132, "b2": 20, "bhyt": 1, "vien_thong": 1}
    phone.submit(interview(fetched, **shown))
    phone.submit(interview(fetched, "ho-2", **{**shown, "phan_loai": "khong_ngheo"}))
    session.rollback()
    agrees = select(Submission.household_id, Assessment.phone_agrees).join(
        Assessment, Assessment.submission_id == Submission.id
    )
    assert dict(session.execute(agrees).all()) == {"ho-1": True, "ho-2": False}


def test_the_list_shows_what_is_done_and_its_version_follows(phone: Collect, fetched: Fetched) -> None:
    before = household(fetched)
    phone.submit(interview(fetched))
    after = household(phone.fetch(phone.form_list()[0]))
    assert (after["name"], after["state"]) == (before["name"], "received")
    assert after["label"] == f"✓ {before['label']}"
    assert int(after["__version"]) > int(before["__version"])


def test_a_returned_interview_is_mended_by_a_new_one(phone: Collect, fetched: Fetched, session: Any) -> None:
    phone.submit(interview(fetched, instance_id="uuid:cu"))
    send_back(session)
    again = phone.fetch(phone.form_list()[0])
    assert household(again)["label"].startswith("↩ ")
    assert household(again)["replaces"] == "uuid:cu"
    assert household(again)["comment"] == "Xin hỏi lại. / Tuổi: Bao nhiêu?"
    assert phone.submit(interview(again, diem_b1=150)).status == 201
    assert states(session) == [("submitted", None), ("superseded", None)]


def test_an_edit_of_a_returned_interview_replaces_it(phone: Collect, fetched: Fetched, session: Any) -> None:
    phone.submit(interview(fetched, instance_id="uuid:cu"))
    send_back(session)
    sent = phone.submit(interview(fetched, instance_id="uuid:moi", deprecated_id="uuid:cu", diem_b1=150))
    assert sent.status == 201
    assert states(session) == [("submitted", None), ("superseded", None)]


def test_an_edit_of_a_record_that_waits_stands_beside_it(phone: Collect, fetched: Fetched, session: Any) -> None:
    phone.submit(interview(fetched, instance_id="uuid:cu"))
    sent = phone.submit(interview(fetched, instance_id="uuid:moi", deprecated_id="uuid:cu", diem_b1=150))
    assert sent.status == 202
    assert states(session) == [("quarantined", "two_interviews")] * 2


def send_back(session: Any) -> None:
    session.rollback()
    submission = session.scalars(select(Submission)).one()
    account = find_account(session, "supervisor")
    decide(
        session, account, COMMUNE, submission.id, Action.RETURN, seen=1, now=NOW,
        comments=[{"path": None, "text": "Xin hỏi lại."}, {"path": "thanh_vien[1]/tuoi", "text": "Bao nhiêu?"}],
    )  # fmt: skip
    session.commit()


# -- exactly once


def test_the_same_again_is_one_row_and_the_same_words(
    phone: Collect, fetched: Fetched, session: Any, clock: Any
) -> None:
    xml = interview(fetched, anh_nha="1.jpg")
    first = phone.submit(xml, {"1.jpg": PHOTO})
    clock.advance(hours=3)
    assert phone.submit(xml, {"1.jpg": PHOTO}) == first
    assert rows(session, Submission) == 1


def test_a_form_without_a_time_is_the_same_again_too(
    phone: Collect, fetched: Fetched, session: Any, clock: Any
) -> None:
    xml = re.sub(rb"<odk_so_ho_end>.*?</odk_so_ho_end>", b"", interview(fetched))
    first = phone.submit(xml)
    clock.advance(hours=3)
    assert phone.submit(xml) == first
    assert rows(session, Submission) == 1


def test_twenty_at_once_make_one_row(app: Flask, phone: Collect, fetched: Fetched, session: Any) -> None:
    xml = interview(fetched, anh_nha="1.jpg")
    phones = [Collect(phone.server, flask_transport(app.test_client())) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        sent = list(pool.map(lambda one: one.submit(xml, {"1.jpg": PHOTO}), phones))
    assert all(one == sent[0] for one in sent)
    assert sent[0].status == 201
    assert [rows(session, table) for table in (Submission, CollectUpload, CollectFile, SubmissionEvent)] == [1, 1, 1, 1]


def test_other_content_under_one_id_is_kept_beside_it(phone: Collect, fetched: Fetched, session: Any) -> None:
    phone.submit(interview(fetched, instance_id="uuid:mot"))
    sent = phone.submit(interview(fetched, instance_id="uuid:mot", diem_b1=150))
    assert sent.status == 202
    assert "Trùng mã phiếu" in sent.message
    assert states(session) == [("quarantined", "id_reused")] * 2


def test_a_split_record_is_made_when_its_last_part_is_here(phone: Collect, fetched: Fetched, session: Any) -> None:
    people = [{**one, "tuoi": 30} for one in SAID["thanh_vien"]]
    xml = interview(fetched, anh_nha="ảnh nhà.jpg", thanh_vien=people)
    first = phone.post(xml, [], incomplete=True)
    assert (first.status, rows(session, Submission)) == (201, 0)
    assert "đang chờ" in first.message
    assert session.scalars(select(Device)).one().unsent != []  # the office sees that it is still on the phone
    sent = phone.submit(xml, {"ảnh nhà.jpg": PHOTO, "khong-goi.jpg": PHOTO + b"2"}, at_once=1)
    assert sent.status == 201
    assert rows(session, Submission) == 1
    assert session.scalars(select(Device)).one().unsent == []
    assert phone.submit(xml, {"ảnh nhà.jpg": PHOTO}) == sent
    assert rows(session, Submission) == 1


def test_a_missing_file_leaves_the_record_incomplete_until_it_comes(
    phone: Collect, fetched: Fetched, session: Any
) -> None:
    xml = interview(fetched, anh_nha="1.jpg")
    sent = phone.submit(xml)
    assert sent.status == 201
    assert "thiếu 1 tệp" in sent.message
    [named] = session.scalars(select(SubmissionFile.sha256)).all()
    assert session.get(Attachment, (COMMUNE, named)) is None
    late = phone.submit(xml, {"1.jpg": PHOTO})
    assert (late.status, "thiếu" in late.message) == (201, False)
    assert rows(session, Submission) == 1
    [named] = session.scalars(select(SubmissionFile.sha256)).all()
    assert named == hashlib.sha256(PHOTO).hexdigest()
    assert phone.submit(xml, {"1.jpg": PHOTO}) == late


def test_more_than_an_account_may_bring_in_a_day_stays_on_the_phone_as_a_whole(
    app: Flask, phone: Collect, fetched: Fetched, session: Any
) -> None:
    xml, most = interview(fetched, anh_nha="1.jpg"), app.config["FILE_QUOTA"]
    app.config["FILE_QUOTA"] = len(PHOTO) - 1
    with pytest.raises(NotOpenRosa, match="429: .*quá nhiều tệp"):  # Collect keeps what is answered so
        phone.submit(xml, {"1.jpg": PHOTO})
    assert (rows(session, Submission), rows(session, Attachment)) == (0, 0)
    app.config["FILE_QUOTA"] = most
    assert phone.submit(xml, {"1.jpg": PHOTO}).status == 201


def test_another_photo_under_a_known_name_is_kept_beside_it(phone: Collect, fetched: Fetched, session: Any) -> None:
    xml = interview(fetched, anh_nha="1.jpg")
    phone.submit(xml, {"1.jpg": PHOTO})
    assert phone.submit(xml, {"1.jpg": PHOTO + b"other"}).status == 202
    assert states(session) == [("quarantined", "id_reused")] * 2
    assert phone.submit(xml, {"1.jpg": PHOTO}).status == 201


def test_a_name_that_was_read_as_latin_1_is_found(phone: Collect, fetched: Fetched, session: Any) -> None:
    xml = interview(fetched, anh_nha="ảnh nhà.jpg")
    mangled = "ảnh nhà.jpg".encode().decode("latin-1")
    sent = phone.post(xml, [(mangled, PHOTO)])
    assert (sent.status, "thiếu" in sent.message) == (201, False)


# -- held, never lost


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unknown_form", lambda xml: xml.replace(b'version="1"', b'version="99"')),
        ("round_closed", lambda xml: xml.replace(ROUND.encode(), b"dot-2020")),
        ("unknown_household", lambda xml: xml.replace(b">ho-1<", b">ho-99<")),
        ("outside_area", lambda xml: xml.replace(b">ho-1<", b">ho-4<")),
        ("bad_answers", lambda xml: xml.replace(b"<diem_b1>132<", b"<diem_b1>nhieu<")),
        ("bad_answers", lambda xml: xml.replace(b"<mang>", b"<la>x</la><mang>")),
        ("bad_answers", lambda xml: xml.replace(b"<khu_vuc>nong_thon<", b"<khu_vuc>thanh_thi<")),
        ("future_date", lambda xml: xml.replace(b"2026-11-22T", b"2027-11-22T")),
    ],
)
def test_what_does_not_fit_is_held_with_its_reason(
    phone: Collect, fetched: Fetched, session: Any, reason: str, change: Any
) -> None:
    sent = phone.submit(change(interview(fetched)))
    assert sent.status == 202
    assert "cán bộ xã, phường sẽ xem lại" in sent.message
    assert states(session) == [("quarantined", reason)]


@pytest.mark.parametrize(
    ("wrong", "sends", "reason"),
    [
        (b"2015-11-22T", "Mon, 23 Nov 2026 09:00:03 GMT+07:00", "doubtful_date"),
        (b"2026-10-13T", "Wed, 14 Oct 2026 09:00:03 GMT+07:00", "doubtful_date"),  # 40 days behind, within the round
        (b"2026-11-22T", "Mon, 23 Nov 2026 09:00:03 GMT+07:00", None),
        (b"2026-11-22T", "Mon, 23 Nov 2026 02:00:03 GMT", None),
        (b"2026-11-22T", "hôm nay".encode().decode("latin-1"), None),  # not understood: nothing is known
    ],
)
def test_a_collect_whose_clock_is_off_is_held_by_what_it_wrote_or_by_the_date_that_it_sends_with(
    phone: Collect, fetched: Fetched, session: Any, wrong: bytes, sends: str, reason: str | None
) -> None:
    honest = phone.transport

    def dated(method: str, address: str, headers: dict[str, str], body: Any) -> Answer:
        return honest(method, address, headers | {"Date": sends}, body)

    phone.transport = dated
    sent = phone.submit(interview(fetched).replace(b"2026-11-22T", wrong))
    assert sent.status == (202 if reason else 201)
    assert states(session) == [("quarantined", reason)] if reason else [("submitted", None)]


def test_a_submission_of_a_form_that_nobody_knows_is_held(phone: Collect, session: Any) -> None:
    sent = phone.submit(b'<x id="la" version="3"><a>1</a><meta><instanceID>uuid:la</instanceID></meta></x>')
    assert sent.status == 202
    assert states(session)[0][0] == "quarantined"
    content = json.loads(session.scalars(select(Submission.content)).one())
    assert content["answers"] == {"a": "1"}


def test_a_household_that_left_the_list_meanwhile_is_found_again(
    phone: Collect, fetched: Fetched, session: Any
) -> None:
    xml = re.sub(rb"<(odk_so_ho_(?:household|round|commune)_id)>.*?</", rb"<\1></", interview(fetched))
    assert phone.submit(xml).status == 201
    assert session.scalars(select(Submission.household_id)).one() == "ho-1"


def test_a_revoked_key_delivers_what_the_phone_still_holds(phone: Collect, fetched: Fetched, session: Any) -> None:
    session.rollback()
    token = session.scalars(select(CollectToken)).one()
    token.revoked_at, token.revoked_by = NOW, token.account_id
    session.commit()
    for path in ("formList", "households.csv", "integrity?id=a", "forms/phieu_thu/1.xml", "forms/phieu_thu/1/manifest"):
        refused = phone.get(f"{phone.server}/{path}")
        assert refused.status == 403
        assert "Mã cài đặt" in ElementTree.fromstring(refused.body)[0].text
    assert phone.submit(interview(fetched)).status == 202
    assert states(session) == [("quarantined", "revoked")]


def test_a_closed_account_is_as_a_revoked_key(phone: Collect, fetched: Fetched, session: Any) -> None:
    session.rollback()
    deactivate(find_account(session, "enumerator"))
    session.commit()
    assert phone.get(f"{phone.server}/formList").status == 403
    assert phone.submit(interview(fetched)).status == 202


def test_a_key_that_never_was_opens_nothing(app: Flask, session: Any) -> None:
    stranger = Collect("http://localhost/collect/la", flask_transport(app.test_client()))
    for method, path in (("GET", "formList"), ("GET", "households.csv"), ("HEAD", "submission"), ("GET", "x/y")):
        assert stranger.transport(method, f"{stranger.server}/{path}", {}, None).status == 404
    with pytest.raises(NotOpenRosa):
        stranger.submit(b"<x/>")
    assert stranger.post(b"<x/>", []).status == 404
    assert rows(session, Submission) == rows(session, CollectUpload) == 0


# -- hostile bodies


def hostile(fetched: Fetched) -> dict[str, bytes]:
    xml = interview(fetched, anh_nha="../../etc/passwd")
    form = part("xml_submission_file", "text/xml", xml, "form.xml")
    end = f"--{BOUNDARY}--\r\n".encode()
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa">]><d id="a"><meta><instanceID>&a;</instanceID></meta></d>'
    deep = b"<d>" * 100_000
    return {
        "nothing": b"",
        "no xml": part("anh.jpg", "image/jpeg", PHOTO, "anh.jpg") + end,
        "two xml": form + form + end,
        "another name": part("xml", "text/xml", xml, "form.xml") + end,
        "bomb": part("xml_submission_file", "text/xml", bomb, "f") + end,
        "deep": part("xml_submission_file", "text/xml", deep, "f") + end,
        "huge": part("xml_submission_file", "text/xml", b"<d>" + b"x" * 5_000_000 + b"</d>", "f") + end,
        "cut in the head": form[:60],
        "cut in the xml": form[:400],
        "no id": part("xml_submission_file", "text/xml", b"<d/>", "f") + end,
        "latin 1": part("xml_submission_file", "text/xml", b"<d>\xe9</d>", "f") + end,
        "not multipart": b"a=1&b=2",
        "2000 parts": form + b"".join(part(f"{n}.jpg", "image/jpeg", b"x", f"{n}.jpg") for n in range(2000)) + end,
    }


@pytest.mark.filterwarnings(UNCLOSED)
def test_hostile_bodies_are_refused_and_nothing_is_stored(phone: Collect, fetched: Fetched, session: Any) -> None:
    for name, body in hostile(fetched).items():
        sent = phone.send(body)
        assert 400 <= sent.status < 500, (name, sent)
        assert sent.message, name
    assert [rows(session, table) for table in (Submission, CollectUpload, CollectFile, Attachment)] == [0, 0, 0, 0]


def test_a_path_in_a_name_leads_nowhere(app: Flask, phone: Collect, fetched: Fetched, session: Any) -> None:
    sent = phone.post(interview(fetched, anh_nha="../../etc/passwd"), [("../../etc/passwd", PHOTO)])
    assert sent.status == 201
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    assert session.scalars(select(SubmissionFile.sha256)).one() == sha256
    assert [path.name for path in (app.config["INSTANCE"] / "files").rglob("*") if path.is_file()] == [sha256]


def test_empty_files_and_a_hundred_of_them(phone: Collect, fetched: Fetched, session: Any) -> None:
    files = [("1.jpg", b"")] + [(f"la-{number}.jpg", PHOTO) for number in range(100)]
    sent = phone.post(interview(fetched, anh_nha="1.jpg"), files)
    assert sent.status == 201
    assert "thiếu 1 tệp" in sent.message
    assert rows(session, Attachment) == 0


@pytest.mark.filterwarnings(UNCLOSED)
@settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
@given(cut=st.integers(0, 3_000), noise=st.binary(max_size=20))
def test_a_body_broken_anywhere_is_never_a_crash(
    phone: Collect, fetched: Fetched, session: Any, cut: int, noise: bytes
) -> None:
    whole = part("xml_submission_file", "text/xml", interview(fetched, instance_id="uuid:0"), "form.xml")
    sent = phone.send(whole[:cut] + noise + whole[cut + len(noise) :] + f"--{BOUNDARY}--\r\n".encode())
    assert sent.status < 500


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(phone: Collect) -> None:
    assert phone.send(b"x" * (33 * 1024 * 1024)).status == 413


@pytest.mark.parametrize("path", ["forms/phieu_thu%00/1.xml", "forms/la/1.xml", "forms/phieu_thu/2/manifest",
                                  "forms/phieu_thu/1/files/la.csv", "formList/x", "submission/x", ""])  # fmt: skip
def test_no_other_address_is_known(phone: Collect, path: str) -> None:
    answer = phone.get(f"{phone.server}/{path}")
    assert answer.status == 404
    assert answer.headers["x-openrosa-version"] == "1.0"


# -- over a real line


@pytest.fixture
def line(app: Flask) -> Iterator[int]:
    with serving(app) as port:
        yield port


def test_chunked_bodies_over_a_real_line(line: int, key: str, session: Any) -> None:
    def send(method: str, address: str, headers: dict[str, str], body: Any) -> Answer:
        where = urlsplit(address)
        connection = http.client.HTTPConnection("localhost", line, timeout=60)
        connection.request(
            method, f"{where.path}?{where.query}", body, headers,
            encode_chunked=body is not None and not isinstance(body, bytes),
        )  # fmt: skip
        answer = connection.getresponse()
        found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return found

    phone = Collect(f"http://localhost:{line}/collect/{key}", send)
    [listed] = phone.form_list()
    assert listed["downloadUrl"].startswith(f"http://localhost:{line}/collect/")
    fetched = phone.fetch(listed)
    files = {"1.jpg": PHOTO * 200}
    assert phone.submit(interview(fetched, anh_nha="1.jpg"), files, chunked=True).status == 201
    assert states(session) == [("submitted", None)]


# -- keys


def test_a_key_is_made_shown_once_used_and_revoked(app: Flask, login_as: Any, session: Any) -> None:
    supervisor = login_as("supervisor")
    account = find_account(session, "enumerator")
    page = supervisor.post(f"/accounts/{account.id}/collect", data={"autosend": "off"})
    assert page.status_code == 200
    [address] = re.findall(r"http://localhost/collect/[\w-]{43}", page.text)
    assert "data:image/svg+xml" in page.text
    session.rollback()
    token = session.scalars(select(CollectToken)).one()
    assert address.rpartition("/")[2] not in (token.token_hash, token.id)
    assert token.token_hash == hashlib.sha256(address.rpartition("/")[2].encode()).hexdigest()
    phone = Collect(address, flask_transport(app.test_client()))
    phone.form_list()
    phone.form_list()
    listing = supervisor.get(f"/accounts/{account.id}/collect").text
    assert address.rpartition("/")[2] not in listing
    assert "đang dùng" in listing
    session.rollback()
    verbs = sorted(session.scalars(select(AuditEvent.verb).where(AuditEvent.verb.startswith("collect"))))
    assert verbs == ["collect_key_made", "collect_key_used"]  # its use once a day
    assert supervisor.post(f"/accounts/{account.id}/collect/{token.id}/revoke").status_code == 303
    assert phone.get(f"{address}/formList").status == 403
    assert "thu hồi" in supervisor.get(f"/accounts/{account.id}/collect").text


def test_an_enumerator_makes_and_ends_keys_of_his_own_only(login_as: Any, session: Any) -> None:
    enumerator, other = login_as("enumerator"), login_as("enumerator-2")
    assert enumerator.post("/account/collect", data={"autosend": "wifi_only"}).status_code == 200
    session.rollback()
    token = session.scalars(select(CollectToken)).one()
    assert other.post(f"/account/collect/{token.id}/revoke").status_code == 404
    assert enumerator.post("/account/collect", data={"autosend": "la"}).status_code == 422
    assert enumerator.post(f"/account/collect/{token.id}/revoke").status_code == 303


def test_keys_of_who_is_not_looked_after_or_interviews_not(login_as: Any, session: Any) -> None:
    ids = {name: session.scalars(select(Account.id).where(Account.username == name)).one()
           for name in ("enumerator", "province")}  # fmt: skip
    assert login_as("supervisor-other").get(f"/accounts/{ids['enumerator']}/collect").status_code == 404
    assert login_as("admin").get(f"/accounts/{ids['enumerator']}/collect").status_code == 200
    assert login_as("admin").get(f"/accounts/{ids['province']}/collect").status_code == 404


def test_a_key_is_in_no_log_and_no_page(
    app: Flask, phone: Collect, key: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError(f"/collect/{key}/formList")

    monkeypatch.setattr("survey.web.collect.door.open_forms", crash)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with caplog.at_level(logging.DEBUG):
        answer = phone.get(f"{phone.server}/formList")
        missing = phone.get(f"{phone.server}/la")
    assert (answer.status, missing.status) == (500, 404)
    assert "RuntimeError" in caplog.text
    for text in (caplog.text, answer.body.decode(), missing.body.decode()):
        assert key not in text


# -- other questionnaires

GENERIC = """
| settings |
| | form_title | form_id | version |
| | Ao cá | ao_ca | {version} |

| survey |
| | type | name | label |
| | csv-external | loai_ca | |
| | integer | so_ao | Mấy ao? |
| | text | loai | Loại cá |
"""
TABLE = b"name,label\nchep,C\xc3\xa1 ch\xc3\xa9p\n"


def publish_generic(session: Any, version: str, kind: SourceKind = SourceKind.MARKDOWN) -> None:
    """A questionnaire without a household, asked by the open round."""
    session.rollback()
    text = GENERIC.format(version=version)
    form = compile_workbook(text, {"loai_ca.csv": TABLE})
    content = text.encode() if kind is SourceKind.MARKDOWN else write_xlsx(read_sheets(text.encode()))
    publish(session, form, text, NOW, given=Given(f"ao_ca.{kind.value}", kind, content, {"loai_ca.csv": TABLE}))
    survey_round = session.get(Round, ROUND)
    survey_round.form_id, survey_round.form_version = "ao_ca", version
    session.commit()


@pytest.mark.parametrize(
    ("version", "kind", "reason"),
    [
        ("1", SourceKind.XLSX, "unknown_household"),
        ("", SourceKind.MARKDOWN, "bad_shape"),  # versions that are no identifiers of ours: fetched, and held
        ("2 a", SourceKind.MARKDOWN, "bad_shape"),
    ],
)
def test_a_form_without_households_works_and_its_records_are_held(
    phone: Collect, session: Any, version: str, kind: SourceKind, reason: str
) -> None:
    publish_generic(session, version, kind)
    [listed] = phone.form_list()
    fetched = phone.fetch(listed)
    assert (fetched.form_id, fetched.version) == ("ao_ca", version)
    assert fetched.media == {"loai_ca.csv": TABLE}
    sent = phone.submit(filled(fetched, None, {"so_ao": 2, "loai": "Cá chép"}))
    assert sent.status == 202
    assert states(session) == [("quarantined", reason)]


def test_a_form_that_has_no_edition_leaves_the_others_in_the_list(
    phone: Collect, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_source: Any) -> str:
        raise EditionError("no")

    monkeypatch.setattr("survey.collect.edition.collect_edition", none)
    assert phone.form_list() == []


def test_an_older_version_that_a_phone_still_has_is_taken(phone: Collect, fetched: Fetched, session: Any) -> None:
    session.rollback()
    newer = compile_workbook(SOURCE.replace("| phieu_thu | 1 |", "| phieu_thu | 2 |"))
    publish(session, newer, SOURCE, NOW)
    session.get(Round, ROUND).form_version = "2"
    session.commit()
    assert phone.submit(interview(fetched)).status == 201
    assert phone.form_list()[0]["version"] == "2"
