"""What a phone can rely on: exactly once, never refused, never lost, a receipt for everything."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select

from models import (
    Assessment,
    Attachment,
    Deprivation,
    Device,
    FormVersion,
    Household,
    Receipt,
    RegisterEntry,
    Submission,
    SubmissionEvent,
    SubmissionStatus,
)
from survey.questionnaires.published import publish
from survey.register.entries import import_household, on_register
from survey.xlsform.compile import compile_workbook
from tests.interviews import ANSWERS, HOUSEHOLDS, content_hash, entry, envelope, name_files, push
from tests.pictures import picture
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE

pytestmark = pytest.mark.usefixtures("small_round")
PHOTO = picture("JPEG")
PHOTO_HASH = hashlib.sha256(PHOTO).hexdigest()


def rows(session: Any, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)))


def test_hello_says_who_what_time_and_which_form(login_as: Any) -> None:
    told = login_as("enumerator").get("/api/v1/hello")
    assert told.headers["X-So-Ho"] == "1"
    assert told.json["account"]["username"] == "enumerator"
    assert told.json["server_time"] == "2026-11-23T02:00:00.000Z"
    assert told.json["commune"] == {"id": COMMUNE, "name": told.json["commune"]["name"]}
    context = {"khu_vuc": "nong_thon", "vung": "mien_nui_phia_bac"}
    assert told.json["villages"] == [{"id": VILLAGE, "name": "Bản Nà Ca", "area": "nong_thon", "context": context}]
    assert [(r["state"], r["b1_method"]) for r in told.json["rounds"]] == [("open", "nhap_tong")]


@pytest.mark.parametrize("username", ["supervisor", "province", "admin"])
def test_hello_works_for_every_role(login_as: Any, username: str) -> None:
    assert login_as(username).get("/api/v1/hello").json["account"]["role"] == username


def test_a_form_may_be_kept_for_good(login_as: Any) -> None:
    browser = login_as("enumerator")
    form = browser.get("/api/v1/hello").json["rounds"][0]["form"]
    answer = browser.get(form["url"])
    assert answer.json["hash"] == form["hash"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert browser.get(form["url"], headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert browser.get("/api/v1/forms/phieu_thu/2").status_code == 404


PATTERNS = """
| survey | | | | |
| | type | name | label | constraint |
| | text | cccd | Số định danh | regex(., '^[0-9]{12}$') |
| settings | | |
| | form_id | version |
| | mau_chu | 1 |
"""


def test_a_phone_gets_programs_of_patterns_and_one_of_before_their_text(login_as: Any, session: Any) -> None:
    publish(session, compile_workbook(PATTERNS), PATTERNS, NOW)
    session.commit()
    browser, url = login_as("enumerator"), "/api/v1/forms/mau_chu/1"
    build = browser.get("/api/v1/hello").json["rounds"][0]["form"]["build"]
    before, built = browser.get(url), browser.get(f"{url}?build={build}")
    assert "^[0-9]{12}$" in before.text and "build" not in before.json
    assert "[0-9]" not in built.text and '["call","regex",["one","."],["pattern",12,[[48,57]],' in built.text
    assert (built.json["hash"], built.json["build"]) == (before.json["hash"], build)
    assert before.headers["ETag"] != built.headers["ETag"] and "immutable" in built.headers["Cache-Control"]
    of_another = browser.get(f"{url}?build=0")  # asked just as a release changed
    assert of_another.json == built.json and "immutable" not in of_another.headers["Cache-Control"]


def test_an_interview_is_stored_judged_and_answered_by_a_signed_receipt(login_as: Any, session: Any) -> None:
    browser, sent = login_as("enumerator"), entry()
    [result] = push(browser, sent)
    assert (result["id"], result["outcome"], result["reason"]) == (sent["id"], "stored", None)
    body = json.loads(result["receipt"]["body"])
    assert (body["entry_id"], body["content_hash"], body["files"]) == (sent["id"], content_hash(sent), [])
    key = Ed25519PublicKey.from_public_bytes(b64decode(browser.get("/api/v1/hello").json["receipt_key"]))
    key.verify(b64decode(result["receipt"]["signature"]), result["receipt"]["body"].encode())

    assessment = session.scalars(select(Assessment)).one()
    assert (assessment.household_class, assessment.b1_points, assessment.b2_points) == ("ho_ngheo", 132, 20)
    assert (assessment.persons, assessment.head_name, assessment.phone_agrees) == (2, "Lò Văn Đông", True)
    lacks = {row.indicator: row for row in session.scalars(select(Deprivation))}
    assert {key: row.deprived for key, row in lacks.items()} == {"bhyt": True, "vien_thong": True}
    assert lacks["bhyt"].because[0]["member"] == "Quàng Thị Ước"
    household = session.get(RegisterEntry, (COMMUNE, "dot-2026", "ho-1"))
    assert household.state == "received"


def test_the_same_again_is_the_same_row_and_the_very_same_receipt(login_as: Any, session: Any, clock: Any) -> None:
    browser, sent = login_as("enumerator"), entry()
    first = push(browser, sent)
    clock.advance(hours=2)
    assert push(browser, sent, sent) == first * 2
    assert rows(session, Submission) == rows(session, Receipt) == 1


@pytest.mark.thorough
def test_fifty_pushes_at_once_make_one_row(app: Any, login_as: Any, session: Any) -> None:
    sent = entry()
    browsers = [login_as("enumerator") for _ in range(50)]
    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(lambda browser: push(browser, sent), browsers))
    assert all(result == results[0] for result in results)
    assert [rows(session, table) for table in (Submission, Receipt, SubmissionStatus, SubmissionEvent)] == [1, 1, 1, 1]


@pytest.mark.thorough
def test_different_interviews_pushed_at_once_are_all_stored(login_as: Any, session: Any) -> None:
    """From both ends of two communes at the same time: nobody waits for ever, nothing is lost."""
    jobs = [
        (login_as("enumerator"), [entry("ho-1"), entry("ho-5", commune_id=OTHER_COMMUNE)]),
        (login_as("enumerator-other"), [entry("ho-5", commune_id=OTHER_COMMUNE), entry("ho-2")]),
    ] * 6
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda job: push(job[0], *[{**one, "id": one["id"]} for one in job[1]]), jobs))
    assert rows(session, Submission) == 4


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("unknown_form", {"form": {"id": "phieu_thu", "version": "99"}}),
        ("unknown_household", {"household_id": "ho-99"}),
        ("round_closed", {"round_id": "dot-2020"}),
        ("outside_area", {"household_id": "ho-4"}),
        ("outside_area", {"commune_id": OTHER_COMMUNE, "household_id": "ho-5"}),
        ("outside_area", {"commune_id": "99999"}),
        ("bad_answers", {"answers": {**ANSWERS, "diem_b1": "nhiều"}}),
        ("bad_answers", {"answers": {**ANSWERS, "diem_b1": None}}),
        ("bad_answers", {"answers": {**ANSWERS, "thanh_vien": "hai người"}}),
        ("bad_answers", {"answers": {**ANSWERS, "mang": "có thể"}}),
        ("bad_answers", {"answers": {**ANSWERS, "khu_vuc": "thanh_thi"}}),  # an easier income line than the village's
        ("bad_answers", {"answers": {**ANSWERS, "ghi_chu": "a\u0000b"}}),
        ("bad_answers", {"answers": {**ANSWERS, "ghi_chu": "\ud83d"}}),
        ("bad_answers", {"answers": {**ANSWERS, "diem_b1": 12345678901234567890}}),
        ("bad_answers", {"answers": {**ANSWERS, "cau_la": 1}}),
        ("bad_answers", {"answers": {}}),
        ("too_large", {"answers": {**ANSWERS, "ghi_chu": "x" * 1_000_000}}),
        ("too_large", {"answers": {**ANSWERS, "thanh_vien": ANSWERS["thanh_vien"] * 250}}),
        ("future_date", {"finalised_at": "2027-03-01T00:00:00Z"}),
        ("future_date", {"answers": {**ANSWERS, "ngay_ra_soat": "2027-03-01"}}),
        ("bad_shape", {"finalised_at": "hôm qua"}),
        ("bad_shape", {"answers": ["không phải", "đối tượng"]}),
        ("bad_shape", {"answers": None}),
        ("bad_shape", {"form": "phieu_thu"}),
        ("bad_shape", {"household_id": "a\u0000b"}),
        ("bad_shape", {"household_id": {"id": "ho-1"}}),
        ("bad_shape", {"files": [{"path": "anh_nha", "sha256": "../../etc/passwd"}]}),
        ("bad_shape", {"files": "anh"}),
        ("bad_shape", {"new_household": {"village_id": VILLAGE}}),
        ("bad_shape", {"id": None}),
        ("bad_shape", {"id": 7}),
        ("bad_shape", {"id": "x" * 5000}),
        ("bad_shape", {"id": "mã\u0000"}),
        ("bad_shape", {"confirmed": []}),
    ],
)
def test_an_entry_with_a_fault_is_kept_held_and_explained_and_its_neighbours_go_on(
    login_as: Any, session: Any, reason: str, changes: dict[str, Any]
) -> None:
    browser, good, after = login_as("enumerator"), entry("ho-2"), entry("ho-3")
    bad = entry() | changes
    results = push(browser, good, bad, after)
    assert [result["outcome"] for result in results] == ["stored", "held", "stored"]
    assert results[1]["reason"]["code"] == reason
    assert results[1]["reason"]["title"] and results[1]["reason"]["next"]
    assert rows(session, Submission) == rows(session, Receipt) == 3
    assert json.loads(results[1]["receipt"]["body"])["content_hash"]
    assert push(browser, bad) == [results[1]]
    assert rows(session, Submission) == 3


def test_a_fault_of_the_server_holds_one_entry_and_not_its_neighbours(
    login_as: Any, session: Any, caplog: pytest.LogCaptureFixture
) -> None:
    session.add(FormVersion(form_id="phieu_thu", version="hong", hash="0" * 64, source="", bundle={}, published_at=NOW))
    session.commit()
    broken, sound = entry(HOUSEHOLDS[0], form={"id": "phieu_thu", "version": "hong"}), entry(HOUSEHOLDS[1])
    browser = login_as("enumerator")
    results = push(browser, broken, sound)
    assert [(r["outcome"], (r["reason"] or {}).get("code")) for r in results] == [
        ("held", "bad_shape"),
        ("stored", None),
    ]
    assert push(browser, broken, sound) == results
    assert rows(session, Submission) == 2
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", '"' + "\\u0000" * 3 + '"', "1" * 6000])
def test_numbers_that_json_has_no_word_for_are_held(login_as: Any, session: Any, text: str) -> None:
    browser = login_as("enumerator")
    browser.is_of_a_phone = False
    body = json.dumps(envelope(entry(answers={"diem_b1": "HERE"}), entry("ho-2"))).replace('"HERE"', text)
    answer = browser.post("/api/v1/push", data=body, content_type="application/json")
    assert [result["outcome"] for result in answer.json["results"]] == ["held", "stored"]
    assert answer.json["results"][0]["reason"]["code"] == "bad_answers"
    json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


@pytest.mark.thorough
@pytest.mark.parametrize("deep", ["[" * 100_000 + "]" * 100_000, '{"a":' * 500 + "1" + "}" * 500])
def test_an_entry_nested_without_end_is_kept_as_it_came_and_held(login_as: Any, session: Any, deep: str) -> None:
    browser, sent = login_as("enumerator"), entry(answers={"ghi_chu": "HERE"})
    browser.is_of_a_phone = False
    body = json.dumps(envelope(entry("ho-2"), sent, entry("ho-3"))).replace('"HERE"', deep)
    for _ in range(2):
        answer = browser.post("/api/v1/push", data=body, content_type="application/json")
        results = answer.json["results"]
        assert [result["outcome"] for result in results] == ["stored", "held", "stored"]
        assert (results[1]["id"], results[1]["reason"]["code"]) == (sent["id"], "bad_shape")
    assert rows(session, Submission) == 3
    kept = session.scalars(select(Submission).where(Submission.entry_id == sent["id"])).one()
    assert deep in json.loads(kept.content)["too_deep"]


@pytest.mark.parametrize("entries", [["không phải phiếu"], [None], [[]], [[[[1]]]], [7]])
def test_an_entry_that_is_no_object_is_kept_and_held(login_as: Any, session: Any, entries: list[Any]) -> None:
    [held, stored] = push(login_as("enumerator"), *entries, entry())
    assert (held["id"], held["outcome"], held["reason"]["code"]) == (None, "held", "bad_shape")
    assert stored["outcome"] == "stored"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b"[]", b"null", b'"a"', b"{}", b'{"entries": []}', b"[" * 100_000,
        b'{"device": {"id": "may-1"}, "entries": {}}', b'{"device": {}, "entries": []}',
        b'{"device": {"id": "a\\u0000"}, "entries": []}', b'{"device": {"id": "m"}, "entries": [], "unsent": 3}',
        b'{"device": ' + b"[" * 3000 + b"]" * 3000 + b', "entries": []}',
    ],
)  # fmt: skip
def test_a_malformed_envelope_is_a_400_with_a_code_and_nothing_is_stored(
    login_as: Any, session: Any, body: bytes
) -> None:
    answer = login_as("enumerator").post("/api/v1/push", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["problem"]["code"]) == (400, "malformed")
    assert answer.json["problem"]["title"] == "Máy chủ không đọc được dữ liệu vừa gửi."
    assert rows(session, Submission) == 0


def test_a_push_of_too_much_is_told_so(login_as: Any) -> None:
    browser = login_as("enumerator")
    many = browser.post("/api/v1/push", json=envelope(*[entry() for _ in range(51)]))
    assert (many.status_code, many.json["problem"]["code"]) == (413, "too_large")
    large = browser.post("/api/v1/push", data=b" " * (4 * 1024 * 1024 + 1), content_type="application/json")
    assert (large.status_code, large.json["problem"]["code"]) == (413, "too_large")


def test_the_same_id_with_other_content_is_kept_and_both_are_held(login_as: Any, session: Any) -> None:
    browser, sent = login_as("enumerator"), entry()
    push(browser, sent)
    [result] = push(browser, sent | {"answers": {**ANSWERS, "diem_b1": 90}})
    assert (result["outcome"], result["reason"]["code"]) == ("held", "id_reused")
    assert rows(session, Submission) == 2
    session.rollback()
    assert list(session.scalars(select(SubmissionStatus.reason))) == ["id_reused", "id_reused"]


def test_a_second_interview_of_a_household_waits_for_a_person(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    push(browser, first := entry())
    [second] = push(browser, entry())
    assert second["reason"]["code"] == "two_interviews"
    assert push(browser, first)[0]["outcome"] == "stored"  # what was answered once is answered again
    session.rollback()
    assert session.get(RegisterEntry, (COMMUNE, "dot-2026", "ho-1")).state == "received"


def test_a_household_found_in_the_field_joins_the_register_with_the_next_number(login_as: Any, session: Any) -> None:
    found = {"village_id": VILLAGE, "head_name": "Hộ mới"}
    [result] = push(login_as("enumerator"), entry("ho-moi", new_household=found))
    assert result["outcome"] == "stored"
    household = session.get(Household, (COMMUNE, "ho-moi"))
    assert (household.code, household.base_head_name) == (f"{VILLAGE}-004", "Hộ mới")
    assert session.get(RegisterEntry, (COMMUNE, "dot-2026", "ho-moi")).state == "received"


def test_a_household_found_in_somebody_elses_village_is_held(login_as: Any, session: Any) -> None:
    found = {"village_id": "03664-01", "head_name": "Hộ mới"}
    [result] = push(login_as("enumerator"), entry("ho-moi", commune_id=OTHER_COMMUNE, new_household=found))
    assert result["reason"]["code"] == "outside_area"
    assert rows(session, Household) == 5


@pytest.mark.parametrize("username", ["province", "admin"])
def test_who_may_no_longer_interview_loses_nothing(login_as: Any, session: Any, username: str) -> None:
    [result] = push(login_as(username), entry(), entry("ho-1", commune_id="x" * 300))[:1]
    assert (result["outcome"], result["reason"]["code"]) == ("held", "revoked")
    assert rows(session, Submission) == 2


def test_a_photo_is_kept_once_it_is_whole_and_completes_its_interview(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    sent = entry(
        answers={"anh_nha": PHOTO_HASH},
        files=[{"path": "anh_nha", "sha256": PHOTO_HASH, "size": len(PHOTO), "type": "image/jpeg"}],
    )
    [result] = push(browser, sent)
    assert (result["outcome"], result["missing_files"]) == ("stored", [PHOTO_HASH])
    address = f"/api/v1/files/{PHOTO_HASH}?commune={COMMUNE}"
    assert browser.head(address).status_code == 404
    stored = browser.put(address, data=PHOTO, content_type="image/jpeg")
    body = json.loads(stored.json["receipt"]["body"])
    assert (stored.status_code, body["sha256"], body["size"]) == (200, PHOTO_HASH, len(PHOTO))
    assert browser.put(address, data=PHOTO, content_type="image/jpeg").json == stored.json
    assert browser.head(address).status_code == 200
    [again] = push(browser, sent)
    assert (again["missing_files"], again["receipt"]) == ([], result["receipt"])


def test_whether_a_file_is_here_is_told_to_who_brought_it_or_names_it(login_as: Any) -> None:
    browser, other, office = login_as("enumerator"), login_as("enumerator-2"), login_as("supervisor")
    address = f"/api/v1/files/{PHOTO_HASH}?commune={COMMUNE}"
    name_files(browser, PHOTO)
    assert browser.put(address, data=PHOTO, content_type="image/jpeg").status_code == 200
    assert [one.head(address).status_code for one in (browser, other, office)] == [200, 404, 404]
    named = [{"path": "anh_nha", "sha256": PHOTO_HASH, "size": len(PHOTO), "type": "image/jpeg"}]
    [result] = push(other, entry(answers={"anh_nha": PHOTO_HASH}, files=named, household_id="ho-4"))
    assert result["receipt"]
    assert [one.head(address).status_code for one in (browser, other, office)] == [200, 200, 404]


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (PHOTO[:-1], "image/jpeg", "hash_mismatch"),
        (b"", "image/jpeg", "hash_mismatch"),
        (PHOTO, "image/svg+xml", "media_type"),
        (PHOTO, "image/png", "media_type"),
        (b"\xff\xd8\xff" + b"x" * (8 * 1024 * 1024), "image/jpeg", "too_large"),
    ],
)
def test_a_file_that_is_not_what_it_says_leaves_nothing_behind(
    app: Any, login_as: Any, session: Any, data: bytes, kind: str, code: str
) -> None:
    address = f"/api/v1/files/{PHOTO_HASH}?commune={COMMUNE}"
    browser = login_as("enumerator")
    name_files(browser, PHOTO)
    answer = browser.put(address, data=data, content_type=kind)
    assert answer.json["problem"]["code"] == code
    assert answer.status_code in (400, 413, 415)
    assert rows(session, Attachment) == 0
    assert not [path for path in (app.config["INSTANCE"] / "files").rglob("*") if path.is_file()]


def test_a_phone_hears_of_each_change_once_and_resumes_where_it_was_cut(login_as: Any) -> None:
    browser = login_as("enumerator")
    first = browser.get("/api/v1/register?cursor=0&limit=2").json
    assert ([e["household_id"] for e in first["entries"]], first["more"]) == (["ho-1", "ho-2"], True)
    rest = browser.get(f"/api/v1/register?cursor={first['cursor']}&limit=2").json
    assert ([e["household_id"] for e in rest["entries"]], rest["more"]) == (["ho-3"], False)
    told = rest["entries"][0]
    assert told["context"] == {
        "khu_vuc": "nong_thon",
        "vung": "mien_nui_phia_bac",
        "cach_b1": "nhap_tong",
        "ma_ho": "03757-01-003",
        "phan_loai_nam_truoc": "ho_ngheo",
    }
    assert (told["last_class"], told["last_answers"], told["returned"]) == ("ho_ngheo", ANSWERS, None)
    push(browser, entry("ho-2"))
    news = browser.get(f"/api/v1/register?cursor={rest['cursor']}").json
    assert [(e["household_id"], e["state"]) for e in news["entries"]] == [("ho-2", "received")]
    assert browser.get(f"/api/v1/register?cursor={news['cursor']}").json["entries"] == []


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "limit=1e3", "cursor=99999999999999999999"])
def test_a_cursor_that_is_no_number_is_a_400(login_as: Any, query: str) -> None:
    assert login_as("enumerator").get(f"/api/v1/register?{query}").status_code == 400


def test_the_office_knows_what_a_phone_still_holds(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    waiting = {"id": "0190-a", "household_id": "ho-1"}
    device = {"id": "may-1", "label": "Android · Chrome", "clock": "2026-11-23T02:05:00Z", "in_progress": 2}
    answer = browser.post("/api/v1/push", json={"device": device, "unsent": [waiting], "entries": []})
    assert answer.json["results"] == []
    seen = session.scalars(select(Device)).one()
    assert (seen.unsent, seen.in_progress, seen.clock_skew_seconds) == ([waiting], 2, 300)


def test_an_expired_session_is_a_401_even_when_the_token_is_stale_too(client: Any, login_as: Any, clock: Any) -> None:
    answer = client.post("/api/v1/push", json=envelope(entry()))
    assert (answer.status_code, answer.json["problem"]["code"]) == (401, "not_signed_in")
    browser = login_as("enumerator")
    clock.advance(days=15)
    answer = browser.post("/api/v1/push", json=envelope(entry()), headers={"X-CSRF-Token": "cu"})
    assert (answer.status_code, answer.json["problem"]["code"]) == (401, "session_expired")


def test_a_write_without_its_token_is_refused_by_code(login_as: Any) -> None:
    answer = login_as("enumerator").post("/api/v1/push", json=envelope(), headers={"X-CSRF-Token": ""})
    assert (answer.status_code, answer.json["problem"]["code"]) == (403, "csrf")


def test_a_wrong_method_is_told_the_right_ones(login_as: Any) -> None:
    answer = login_as("enumerator").delete("/api/v1/hello")
    assert (answer.status_code, answer.json["problem"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_problems_come_in_the_readers_language(login_as: Any) -> None:
    browser = login_as("enumerator")
    browser.set_cookie("lang", "en")
    [result] = push(browser, entry("ho-99"))
    assert result["reason"]["title"] == "Household not on the register"


@pytest.mark.thorough
def test_a_phone_that_pulls_while_others_push_misses_nothing(login_as: Any, session: Any) -> None:
    """Changes become visible in the order of their numbers: whoever follows the cursor hears of each."""
    households = [f"ho-{number}" for number in range(100, 124)]
    for household_id in households:
        village = {"commune_id": COMMUNE, "household_id": household_id, "village_id": VILLAGE}
        import_household(session, **village, head_name="Chủ hộ", now=NOW)
        on_register(session, COMMUNE, "dot-2026", household_id)
    session.commit()
    phone = login_as("enumerator")
    pushing = [login_as("enumerator") for _ in households]
    cursor = phone.get("/api/v1/register?cursor=0&limit=200").json["cursor"]
    heard: list[str] = []
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(push, browser, entry(name)) for browser, name in zip(pushing, households, strict=True)]
        while True:
            finished = all(one.done() for one in done)
            chunk = phone.get(f"/api/v1/register?cursor={cursor}&limit=3").json
            heard += [told["household_id"] for told in chunk["entries"]]
            cursor = chunk["cursor"]
            if finished and not chunk["entries"]:
                break
    assert all(one.result()[0]["outcome"] == "stored" for one in done)
    assert sorted(heard) == sorted(households)


@pytest.mark.usefixtures("small_round")
def test_a_phone_begins_with_a_questionnaire_in_its_first_language(login_as: Any) -> None:
    browser = login_as("enumerator")
    whole = browser.get("/api/v1/forms/phieu_thu/1")
    first = browser.get("/api/v1/forms/phieu_thu/1?words=first")
    assert first.headers["ETag"] != whole.headers["ETag"]
    assert (first.json["languages"], first.json["partial"], first.json["hash"]) == (["vi"], True, whole.json["hash"])
    assert "Ghi chú" in first.text and "Notes" not in first.text
    assert whole.json["languages"] == ["vi", "en"] and "partial" not in whole.json and "Notes" in whole.text
    assert first.json["children"] == without_english(whole.json["children"])
    assert first.json["choices"] == without_english(whole.json["choices"])


def without_english(value: Any) -> Any:
    if isinstance(value, list):
        return [without_english(one) for one in value]
    return {k: without_english(v) for k, v in value.items() if k != "en"} if isinstance(value, dict) else value
