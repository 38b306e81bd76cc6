"""The proof of a closing: made once, checked by anybody, and red as soon as anything is otherwise."""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Table, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, make_transient

from models import (
    Assessment,
    AssessmentReading,
    Attachment,
    ChangeDecision,
    ChangeRequest,
    Deprivation,
    HouseholdOutcome,
    OutcomeDecision,
    OutcomeFile,
    ProofLeaf,
    Proposal,
    ProposalAnswer,
    RegisterGone,
    Round,
    RoundProof,
    RoundRequest,
    Submission,
    SubmissionFile,
)
from survey.canonical import canonical_text
from survey.evidence import proof_keys
from survey.evidence.merkle import leaf_hash, root_of
from survey.evidence.signing import Signer
from survey.problems import Problem
from survey.register.event_log import Done
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.rounds import closing, proof, proof_file
from survey.rounds.bound_tables import BOUND
from survey.rounds.proof import Differs
from survey.rounds.proof_file import Anchor
from survey.submissions.derive import rebuild
from survey.terms import HouseholdClass, RegisterKind
from tests.databases import once
from tests.examples import examples
from tests.interviews import ROUND, accept_all, entry, push
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE, stand_as_judged

pytestmark = [pytest.mark.usefixtures("small_round"), pytest.mark.miscounts]
KEY, NEXT_KEY, STRANGER = Signer(b"p" * 32), Signer(b"q" * 32), Signer(b"x" * 32)


def close(session: Session, *communes: str, signer: Signer = KEY, now: datetime = NOW) -> None:
    session.rollback()
    closing.close_communes(session, session.get_one(Round, ROUND), communes or [COMMUNE], now, prover=signer)
    session.commit()


def stored(session: Session) -> RoundProof:
    session.expire_all()
    found = proof.latest(session, ROUND, COMMUNE)
    assert found is not None
    return found


@pytest.fixture
def closed(app: Flask, login_as: Any, session: Session) -> RoundProof:
    """A commune that is closed, with a row in every table that a proof binds."""
    once(app, session, "a closed commune with a row in every table", lambda: lay_closed(login_as, session))
    return stored(session)


def lay_closed(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    first = session.scalars(select(Submission).where(Submission.household_id == "ho-1")).one()
    own = {"commune_id": COMMUNE, "submission_id": first.id}
    session.add(SubmissionFile(**own, sha256="a" * 64, path="anh_nha"))
    session.add(
        Attachment(
            commune_id=COMMUNE, sha256="a" * 64, size=9, media_type="image/png", account_id=first.account_id,
            received_at=NOW,
        )
    )  # fmt: skip
    session.add(AssessmentReading(**own, reading="bhyt", value="moi_nguoi", household_class="ho_ngheo"))
    session.add(
        RegisterGone(
            commune_id=COMMUNE,
            round_id=ROUND,
            household_id="ho-4",
            village_id=VILLAGE,
            opening_class="ho_ngheo",
            change=99,
        )
    )
    session.add(
        RoundRequest(
            commune_id=COMMUNE, id="giay-1", round_id=ROUND, household_id="ho-1", asked_by="Ai đó", reason="x",
            asked_on=date(2026, 11, 1), at=NOW,
        )
    )  # fmt: skip
    session.add(
        HouseholdOutcome(
            commune_id=COMMUNE, id="noi-1", entry_id="p-1", content_hash="c" * 64, content="{}", household_id="ho-1",
            round_id=ROUND, kind="absent", reason="x", attempts=[], account_id=first.account_id, device_id="may",
            received_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    decided = {"seq": 1, "action": "send_back", "reason": "x", "account_id": first.account_id, "at": NOW}
    session.add(OutcomeDecision(commune_id=COMMUNE, outcome_id="noi-1", **decided))
    session.add(OutcomeFile(commune_id=COMMUNE, outcome_id="noi-1", sha256="a" * 64, path="anh"))
    session.add(
        ChangeRequest(
            commune_id=COMMUNE, id="xin-1", kind="dissolve", household_id="ho-1", effective_on=NOW.date(), given={},
            read={}, reason="x", account_id=first.account_id, at=NOW,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        ChangeDecision(
            commune_id=COMMUNE, request_id="xin-1", asked_by=first.account_id, verdict="withdrawn", reason="",
            account_id=first.account_id, at=NOW,
        )
    )  # fmt: skip
    session.add(
        Proposal(
            commune_id=COMMUNE, id="de-1", entry_id="p-2", content_hash="d" * 64, content="{}", household_id="ho-1",
            kind="died", account_id=first.account_id, device_id="may", received_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    session.add(ProposalAnswer(commune_id=COMMUNE, proposal_id="de-1", request_id="xin-1", reason="", at=NOW))
    session.get_one(Round, ROUND).standard = "ND07-2021"  # the small questionnaire names none
    session.commit()
    close(session)


def the_file(session: Session) -> bytes:
    return proof.file_of(session, [stored(session)])


def codes(content: bytes, anchor: Anchor | None = None) -> set[str]:
    return {one.code for one in proof_file.verify(content, anchor).faults}


def test_a_closing_is_proved_and_anybody_can_check_it(closed: RoundProof, session: Session) -> None:
    content = the_file(session)
    found = proof_file.verify(content, Anchor(proof_keys.fingerprint(KEY.public_key), closed.anchor))
    assert (found.faults, found.notes, found.is_known) == ([], [], True)
    [body] = found.bodies
    assert body["counts"] == {"start": 4, "met": 0, "states": {"start": {"done": 4}, "met": {}}}
    assert body["flow"]["commune"]["ho_ngheo"]["households"] == [4, 0, 0, 0, 0, 0, 0, 0, 4]
    assert body["flow"]["commune"]["ho_ngheo"]["persons"] == [8, 0, 0, 0, 0, 0, 0, 0, 8]
    assert canonical_text(json.loads(content)).encode() == content  # canonical
    assert proof.differences(session, closed) == []


def test_no_name_leaves_in_the_file(closed: RoundProof, session: Session) -> None:
    content = the_file(session).decode()
    for said in ("Lò Văn Đông", "Quàng", "Chủ hộ", "Ai đó", "ho_ten"):
        assert said not in content
    hashes = session.scalars(select(Submission.content_hash)).all()
    assert not [one for one in hashes if one in content]  # a bare hash would let an old export be guessed
    blindings = [one for one in session.scalars(select(ProofLeaf.blinding)) if one]
    assert len(set(blindings)) == 4
    assert not [one for one in blindings if one in content]


def test_rebuilding_everything_leaves_the_proof_as_true_as_it_was(closed: RoundProof, session: Session) -> None:
    session.execute(text("DELETE FROM assessment_reading"))  # made up above; what follows from answers is derived
    rebuild(session)
    session.flush()
    differs = {one.table for one in proof.differences(session, closed)}
    assert differs <= {"assessment_reading"}


def test_late_interviews_do_not_touch_what_was_closed(closed: RoundProof, login_as: Any, session: Session) -> None:
    [late] = push(login_as("enumerator"), entry("ho-2"))
    assert late["reason"]["code"] == "round_closed"
    assert proof.differences(session, stored(session)) == []


def test_what_becomes_of_households_in_later_years_is_no_part_of_the_closing(
    closed: RoundProof, session: Session
) -> None:
    """A proof is checked ten years later: households end, come back and part meanwhile."""
    done = Done(None, NOW, "năm sau")
    for wish in (
        Wish(RegisterKind.TEST, "ho-2", NOW.date()),
        Wish(RegisterKind.RESTORE, "ho-2", NOW.date()),
        Wish(RegisterKind.TEST, "ho-3", NOW.date()),
    ):
        register_acts.carry_out(session, COMMUNE, wish, done)
        session.commit()
        assert proof.differences(session, stored(session)) == [], wish.kind


def test_the_tables_bound_are_the_ones_in_the_file(closed: RoundProof) -> None:
    tables = json.loads(closed.body)["tables"]
    assert set(tables) == {one.name for one in BOUND}
    assert not {"device", "login_attempt", "commune_counter", "audit_event", "upload"} & set(tables)
    assert [name for name, said in tables.items() if said["rows"] == 0] == []


@pytest.fixture
def by_force(app: Any) -> Iterator[Callable[[Any], int]]:
    """Writes that keys and triggers would refuse: somebody with the database in their hands."""
    engine: Engine = app.extensions["engine"]
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        if engine.dialect.name == "sqlite":
            connection.rollback()
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute("PRAGMA ignore_check_constraints = ON")
        else:
            connection.execute(text("SET session_replication_role = replica"))
            connection.commit()

        def run(statement: Any) -> int:
            try:
                done = connection.execute(statement)
                connection.commit()
            except DBAPIError:
                connection.rollback()
                raise
            return int(done.rowcount)

        yield run
        if engine.dialect.name == "sqlite":
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("PRAGMA ignore_check_constraints = OFF")


def another(value: Any) -> Any:
    """A value of the same kind that is not the same."""
    if isinstance(value, bool):
        return not value
    if value in list(HouseholdClass):  # what a CHECK lets in
        return next(one.value for one in HouseholdClass if one.value != value)
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, datetime | date):
        return value + timedelta(days=1)
    if isinstance(value, dict | list):
        return {"khac": 1}
    return f"{value[:-1]}{'0' if value[-1:] != '0' else '1'}" if isinstance(value, str) and value else None


def some_of(rows: list[Any]) -> list[Any]:
    """The first, the one in the middle and the last of them."""
    return [rows[at] for at in sorted({0, len(rows) // 2, len(rows) - 1})] if rows else []


@pytest.mark.parametrize("bound", BOUND, ids=lambda bound: bound.name)
def test_a_row_of_any_bound_table_that_is_removed_or_changed_turns_it_red(
    bound: Any, closed: RoundProof, session: Session, by_force: Callable[[Any], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    table: Table = bound.table.__table__
    where = proof.Where(ROUND, json.loads(closed.body)["round"]["standard"], COMMUNE)
    session.rollback()
    keys = [column for column in table.columns if column.primary_key]
    rows = some_of(list(session.execute(select(table).where(bound.which(where)).order_by(*keys)).mappings()))
    session.rollback()
    assert rows

    def red() -> bool:
        session.rollback()
        found = proof.differences(session, stored(session))
        session.rollback()
        return any(one.table == bound.name and (one.rows or one.number) for one in found)

    assert not red()
    with monkeypatch.context() as alone:  # what takes long is to compare the other tables and each household
        alone.setattr(proof, "BOUND", (bound,))
        alone.setattr(proof, "_leaves_differ", lambda *_: [])
        assert not red()
        for row in rows:
            this = [column == row[column.name] for column in keys]
            seen = 0
            for name in bound.columns:
                other = another(row[name])
                if other is None or table.columns[name].primary_key:
                    continue
                try:
                    assert by_force(update(table).where(*this).values({name: other})) == 1
                except DBAPIError:  # a CHECK or a length stands before
                    continue
                assert red(), (name, row)
                seen += 1
                by_force(update(table).where(*this).values({name: row[name]}))
            assert not red(), row
            assert seen or set(bound.columns) == {column.name for column in keys}
            assert by_force(table.delete().where(*this)) == 1
            assert red(), row
            by_force(table.insert().values(dict(row)))
            assert not red(), row
    first = rows[0]
    assert by_force(table.delete().where(*(column == first[column.name] for column in keys))) == 1
    assert red()


def test_a_row_that_was_added_where_none_may_come_turns_it_red(closed: RoundProof, session: Session) -> None:
    session.add(RegisterGone(commune_id=COMMUNE, round_id=ROUND, household_id="ho-1", village_id=VILLAGE, change=100))
    session.commit()
    [found] = proof.differences(session, stored(session))
    assert (found.table, found.kind, found.rows) == ("register_gone", "added", [f"{COMMUNE}|{ROUND}|ho-1|{VILLAGE}"])


def test_another_class_names_the_household_that_has_another_leaf(closed: RoundProof, session: Session) -> None:
    first = session.scalars(select(Submission.id).where(Submission.household_id == "ho-1")).one()
    session.get_one(Assessment, (COMMUNE, first)).household_class = "khong_ngheo"
    session.commit()
    found = {one.table: one for one in proof.differences(session, stored(session))}
    assert set(found) == {"assessment", "end list"}
    assert found["end list"].rows == ["ho-1"]


def test_what_is_kept_of_a_proof_is_bound_too(closed: RoundProof, session: Session) -> None:
    leaf = proof.leaves_of(session, closed, proof.LeafPart.END)[0]
    leaf.leaf = leaf.leaf.replace("ho_ngheo", "khong_ngheo")
    session.commit()
    assert {one.table for one in proof.differences(session, stored(session))} == {"proof_leaf"}
    assert "root" in codes(the_file(session))


def test_a_commune_opened_again_gets_another_revision_that_names_the_one_before(
    closed: RoundProof, login_as: Any, session: Session
) -> None:
    survey_round = session.get_one(Round, ROUND)
    session.rollback()
    closing.reopen_commune(session, survey_round, COMMUNE, "sót", NOW)
    session.commit()
    first = stored(session)
    assert not proof.is_current(session, first)
    session.execute(text("DELETE FROM round_request"))
    session.execute(text("DELETE FROM register_gone"))
    session.commit()
    assert proof.differences(session, first) == []  # only what never changes is compared
    close(session)
    second = stored(session)
    assert (second.revision, json.loads(second.body)["previous"]) == (2, first.anchor)
    rows = session.scalars(select(RoundProof).order_by(RoundProof.revision)).all()
    both = proof.file_of(session, rows)
    assert codes(both) == set()
    assert [one["revision"] for one in proof_file.verify(both).bodies] == [1, 2]
    assert (first.body, first.signature) == (rows[0].body, rows[0].signature)  # never signed again


def test_only_a_closed_commune_is_proved(session: Session) -> None:
    with pytest.raises(Problem) as refused:
        proof.make(session, session.get_one(Round, ROUND), COMMUNE, KEY, NOW)
    assert refused.value.code == "round_step"


def test_a_trial_on_illustrative_points_is_closed_and_says_so_in_its_proof(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    for one in session.scalars(select(Assessment)):
        one.illustrative = True
    stand_as_judged(session)
    with pytest.raises(Problem):
        close(session)
    session.rollback()
    session.get_one(Round, ROUND).trial = True
    session.commit()
    close(session)
    found = proof_file.verify(the_file(session), Anchor(proof_keys.fingerprint(KEY.public_key)))
    assert found.holds
    assert [one.code for one in found.notes] == ["trial", "illustrative"]


def signed_anew(read: Any, place: int = 0, **other: Any) -> bytes:
    """The file with other words in a body, signed again by who has the key."""
    made = copy.deepcopy(read)
    one = made["proofs"][place]
    one["body"] |= other
    one["signature"] = KEY.sign(one["body"]).signature
    return canonical_text(made).encode()


def test_the_printed_root_binds_all_that_was_signed(closed: RoundProof, session: Session) -> None:
    read = json.loads(the_file(session))
    body = read["proofs"][0]["body"]
    for other in (
        {"trial": True}, {"closed_at": "2026-12-24T00:00:00.000Z"}, {"round": body["round"] | {"title": "Khác"}},
        {"tables": {}}, {"review_log": body["review_log"] | {"head": "0" * 64}}, {"generation": "khac"},
    ):  # fmt: skip
        forged = signed_anew(read, **other)
        assert codes(forged) == set()  # by itself it holds: who has the key can sign anything
        assert codes(forged, Anchor(None, closed.anchor)) == {"other_root"}, other
    assert proof_file.qr_text(body, "x").split(":")[4] == closed.anchor == proof_file.root_of_body(body)
    session.execute(update(RoundProof).values(anchor="0" * 64))
    session.commit()
    assert [one.table for one in proof.differences(session, stored(session))] == ["round_proof"]


def test_without_a_key_only_the_proof_that_the_root_names_is_trusted(closed: RoundProof, session: Session) -> None:
    read = json.loads(the_file(session))
    second = copy.deepcopy(read["proofs"][0])
    second["body"] |= {"revision": 2, "previous": closed.anchor}
    read["proofs"].append(second)
    both = signed_anew(read, 1)
    for anchor, trusted in (
        (Anchor(), [False, False]),
        (Anchor(None, closed.anchor), [True, False]),
        (Anchor(None, proof_file.root_of_body(second["body"])), [False, True]),
        (Anchor(proof_keys.fingerprint(KEY.public_key)), [True, True]),
    ):
        found = proof_file.verify(both, anchor)
        assert (found.faults, found.trusted) == ([], trusted)
        said = [one.revision for one in found.notes if one.code == "not_anchored"]
        assert said == [place for place, one in enumerate(trusted, 1) if not one]


def test_keys_follow_one_another_and_a_proof_is_checked_years_later(closed: RoundProof, session: Session) -> None:
    old, new = (proof_keys.fingerprint(key.public_key) for key in (KEY, NEXT_KEY))
    assert codes(the_file(session), Anchor(new)) == {"key_unknown"}
    proof_keys.succeed(session, KEY, NEXT_KEY, NOW)
    session.commit()
    content = the_file(session)
    assert codes(content, Anchor(old)) == codes(content, Anchor(new)) == set()
    assert codes(content, Anchor(proof_keys.fingerprint(STRANGER.public_key))) == {"key_unknown"}


@pytest.mark.parametrize(("hour", "said"), [(16, "later"), (18, "before")])
def test_a_key_is_in_doubt_since_the_day_as_viet_nam_counts_it(
    login_as: Any, session: Session, hour: int, said: str
) -> None:
    accept_all(session, login_as, COMMUNE)
    close(session, now=datetime(2026, 11, 30, hour, tzinfo=UTC))
    proof_keys.succeed(session, KEY, NEXT_KEY, NOW)
    proof_keys.compromise(proof_keys.keys_of(session)[0], date(2026, 12, 1), NEXT_KEY, NOW)
    session.commit()
    anchor = Anchor(proof_keys.fingerprint(NEXT_KEY.public_key), stored(session).anchor)
    found = proof_file.verify(the_file(session), anchor)
    wanted = (["key_stolen"], []) if said == "before" else ([], ["key_stolen_later"])
    assert ([one.code for one in found.faults], [one.code for one in found.notes]) == wanted


def test_a_stolen_key_counts_only_with_a_root_from_elsewhere(closed: RoundProof, session: Session) -> None:
    proof_keys.succeed(session, KEY, NEXT_KEY, NOW)
    before = the_file(session)
    key = proof_keys.keys_of(session)[0]
    new = proof_keys.fingerprint(NEXT_KEY.public_key)
    proof_keys.compromise(key, date(2026, 12, 1), NEXT_KEY, NOW)  # a week after the closing
    session.commit()
    content = the_file(session)
    assert codes(content, Anchor(new)) == {"key_stolen"}  # who has the key can date back
    anchored = proof_file.verify(content, Anchor(new, closed.anchor))
    assert (anchored.faults, [one.code for one in anchored.notes]) == ([], ["key_stolen_later"])
    # A file of before knows nothing of it; the keys as they are handed out now do.
    later = proof_keys.statements(session)
    assert codes(before, Anchor(new)) == set()
    assert codes(before, Anchor(new, None, later)) == {"key_stolen"}
    proof_keys.compromise(key, date(2026, 11, 1), NEXT_KEY, NOW)  # before the closing: no root helps
    session.commit()
    assert codes(the_file(session), Anchor(new, closed.anchor)) == {"key_stolen"}


def with_leaf(read: Any, household: str, **other: Any) -> bytes:
    """A file that who has the key made with one leaf otherwise, everything that follows from it counted anew."""
    made = copy.deepcopy(read)
    one = made["proofs"][0]
    [leaf] = [leaf for leaf in one["leaves"] if leaf["household"] == household]
    leaf |= other
    body, leaves = one["body"], one["leaves"]
    body["root"] = root_of([leaf_hash(canonical_text(leaf)) for leaf in leaves])
    body |= {"counts": proof_file.counted(leaves), "flow": proof_file.flow_of(leaves, body["commune"])}
    return signed_anew(made)


def test_a_household_ends_as_its_state_says_and_began_as_the_start_list_says(
    closed: RoundProof, session: Session
) -> None:
    read = json.loads(the_file(session))
    leaf = read["proofs"][0]["leaves"][0]
    code, start, end = leaf["household"], leaf["start"], leaf["end"]
    assert codes(with_leaf(read, code)) == set()
    for other, broken in (
        ({"end": None}, "end_differs"),  # done, and not there
        ({"state": "died_out"}, "end_differs"),  # died out, and there
        ({"state": "died_out", "end": None}, None),
        ({"state": "absent", "end": end | {"class": "khong_ngheo"}}, "end_differs"),  # nobody found another class
        ({"state": "refused", "end": end | {"class": "khong_ngheo"}}, "end_differs"),
        ({"state": "absent", "end": end | {"class": start["class"]}}, None),
        ({"start": start | {"persons": 9}}, "start_differs"),
        ({"start": start | {"village": VILLAGE + "9"}}, "start_differs"),
        ({"start": start | {"class": "ho_can_ngheo"}}, None),  # corrected since
    ):
        assert codes(with_leaf(read, code, **other)) == ({broken} if broken else set()), other


def test_what_no_database_can_be_asked_for_is_no_file_of_proofs(closed: RoundProof, session: Session) -> None:
    read = json.loads(the_file(session))
    there = read["proofs"][0]["body"]["round"]
    for other in (
        {"round": there | {"title": 5}}, {"round": there | {"id": "a\x00b"}}, {"round": "x"}, {"commune": "0\x00"},
        {"commune": "9" * 99}, {"revision": 2**40}, {"revision": 0}, {"revision": True}, {"made_at": 5},
    ):  # fmt: skip
        assert codes(signed_anew(read, **other)) == {"misshapen"}, other


@pytest.mark.parametrize("content", [b"", b"x", b"\x78\x9c", zlib.compress(b"[1]"), zlib.compress(b'{"round":3}')])
def test_a_list_of_hashes_that_was_changed_is_red_and_no_crash(
    content: bytes, closed: RoundProof, session: Session
) -> None:
    session.execute(update(RoundProof).values(bound=content))
    session.commit()
    assert proof.differences(session, stored(session)) == [proof.Differs("round_proof", "log", [], 1)]


def test_a_sibling_of_a_trusted_key_is_not_trusted(closed: RoundProof, session: Session) -> None:
    third, last = Signer(b"t" * 32), Signer(b"l" * 32)
    proof_keys.succeed(session, KEY, NEXT_KEY, NOW)
    proof_keys.succeed(session, KEY, STRANGER, NOW)  # somebody with the former key
    proof_keys.succeed(session, STRANGER, third, NOW)
    proof_keys.succeed(session, NEXT_KEY, last, NOW)
    said = proof_keys.statements(session)

    def trusted(signer: Signer) -> set[str]:
        return proof_keys.trusted(said, proof_keys.fingerprint(signer.public_key))

    old, new, other, thirds, lasts = (one.public_key for one in (KEY, NEXT_KEY, STRANGER, third, last))
    assert trusted(NEXT_KEY) == {old, new, lasts}
    assert trusted(last) == {old, new, lasts}
    assert trusted(third) == {old, other, thirds}
    assert trusted(KEY) == {old, new, other, thirds, lasts}


def test_a_rotation_that_broke_off_leaves_later_files_whole(closed: RoundProof, session: Session) -> None:
    proof_keys.succeed(session, KEY, STRANGER, NOW)  # said, and its file was never put in place
    proof_keys.succeed(session, KEY, NEXT_KEY, NOW)
    session.commit()
    assert [one.get("previous") for one in proof_keys.statements(session)] == [None, KEY.public_key, KEY.public_key]
    content = the_file(session)
    assert codes(content) == codes(content, Anchor(proof_keys.fingerprint(NEXT_KEY.public_key))) == set()


def test_a_stolen_key_introduces_nobody(closed: RoundProof, session: Session) -> None:
    said = proof_keys.statements(session)
    body = {"type": proof_keys.SUCCESSION, "made_at": "2026-12-02T00:00:00.000Z"}
    body |= {"next": STRANGER.public_key, "previous": KEY.public_key}
    forged = {
        "key": STRANGER.public_key, "previous": KEY.public_key, "made_at": body["made_at"],
        "by_previous": KEY.sign(body).signature, "by_itself": STRANGER.sign(body).signature,
    }  # fmt: skip
    old = proof_keys.fingerprint(KEY.public_key)
    assert STRANGER.public_key in proof_keys.trusted([*said, forged], old)
    proof_keys.succeed(session, KEY, NEXT_KEY, NOW)
    proof_keys.compromise(proof_keys.keys_of(session)[0], date(2026, 12, 1), NEXT_KEY, NOW)
    said = proof_keys.statements(session)
    assert proof_keys.trusted([*said, forged], old) == {KEY.public_key}
    assert STRANGER.public_key not in proof_keys.trusted([*said, forged], proof_keys.fingerprint(NEXT_KEY.public_key))
    forged["by_itself"] = forged["by_previous"]
    assert proof_keys.trusted([forged], proof_keys.fingerprint(STRANGER.public_key)) == {STRANGER.public_key}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every plain value in a file."""
    if isinstance(value, dict | list) and value:
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*path, key))
    else:
        yield path


def changed(read: Any, path: tuple[Any, ...], other: Any) -> bytes:
    made = copy.deepcopy(read)
    at = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = other
    return canonical_text(made).encode()


def at(read: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        read = read[key]
    return read


@pytest.mark.thorough
def test_a_file_changed_in_any_field_or_without_it_is_broken(closed: RoundProof, session: Session) -> None:
    proof_keys.succeed(session, KEY, NEXT_KEY, NOW)
    proof_keys.compromise(proof_keys.keys_of(session)[0], date(2027, 1, 1), NEXT_KEY, NOW)
    read = json.loads(the_file(session))
    anchor = Anchor(proof_keys.fingerprint(NEXT_KEY.public_key), closed.anchor)
    assert proof_file.verify(canonical_text(read).encode(), anchor).holds
    every = list(places(read))
    assert len(every) > 250
    for path in every:
        value = at(read, path)
        for other in (
            another(value) if value not in (None, "") else "x",
            None if value is not None else 1,
            [],
            {"a": 1},
        ):
            if other != value:
                assert not proof_file.verify(changed(read, path, other), anchor).holds, (path, other)
    for path in {part[:length] for part in every for length in range(1, len(part) + 1)}:
        made = copy.deepcopy(read)
        holder = at(made, path[:-1])
        del holder[path[-1]]
        assert not proof_file.verify(canonical_text(made).encode(), anchor).holds, path


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_json"), (b"{", "not_json"), (b"\xff\xfe", "not_json"), (b"[" * 100_000, "not_json"),
        (b"[]", "misshapen"), (b"null", "misshapen"), (b"3", "misshapen"), (b'"x"', "misshapen"), (b"{}", "misshapen"),
        (b'{"format":"so-ho/proofs/1","keys":[],"proofs":[]}', "misshapen"),
        (b'{"format":"so-ho/proofs/1","keys":{},"proofs":[3]}', "misshapen"),
        (b'{"format":"so-ho/proofs/1","keys":[{"key":3}],"proofs":[3]}', "misshapen"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_proofs_is_called_so(content: bytes, code: str) -> None:
    assert codes(content) == {code}


def test_a_file_that_is_cut_off_too_large_or_written_anew_is_broken(
    closed: RoundProof, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = the_file(session)
    for length in range(0, len(content), 997):
        assert codes(content[:length]) == {"not_json"}
    assert codes(json.dumps(json.loads(content), indent=1).encode()) == {"not_canonical"}
    monkeypatch.setattr(proof_file, "MAX_BYTES", len(content) - 1)
    assert codes(content) == {"too_large"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(150))
@given(keys=JSON, proofs=JSON, inner=st.dictionaries(st.sampled_from(sorted(proof_file.PROOF)), JSON))
def test_whatever_json_comes_is_refused_in_order(keys: Any, proofs: Any, inner: Any) -> None:
    for made in (proofs, [inner], [dict.fromkeys(proof_file.PROOF, inner)]):
        content = canonical_text({"format": proof_file.FORMAT, "keys": keys, "proofs": made}).encode()
        assert not proof_file.verify(content).holds


def test_the_tree_is_that_of_rfc_6962() -> None:
    """Test vectors of its reference implementation (certificate-transparency, merkle_tree_test.cc)."""
    leaves = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]
    roots = {
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for number, root in roots.items():
        assert root_of([leaf_hash(one.decode("latin-1")) for one in leaves[:number]]) == root


def test_a_proof_counts_the_same_everywhere(closed: RoundProof, session: Session) -> None:
    assert session.scalar(select(func.count()).select_from(ProofLeaf)) == 8
    assert (
        session.scalar(select(func.count()).select_from(Deprivation))
        == json.loads(closed.body)["tables"]["deprivation"]["rows"]
    )
    assert proof.latest(session, ROUND, OTHER_COMMUNE) is None


def test_a_column_that_comes_later_is_no_part_of_an_older_proof(
    closed: RoundProof, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = next(at for at, one in enumerate(BOUND) if one.name == "household")
    later = BOUND[place]
    earlier = replace(later, but=later.but | {"code"})
    said = json.loads(closed.body)["tables"]["household"]["columns"]
    assert said == later.columns
    assert "code" in said
    monkeypatch.setattr(proof, "BOUND", (*BOUND[:place], earlier, *BOUND[place + 1 :]))
    assert proof.differences(session, stored(session)) == []  # fewer are bound today: the old ones are compared
    prove_again = proof.read(session, session.get_one(Round, ROUND), COMMUNE)
    assert "code" not in prove_again.tables["household"]["columns"]


@pytest.mark.usefixtures("closed")
def test_a_column_that_a_later_release_took_away_is_named(session: Session) -> None:
    made = stored(session)
    body = json.loads(made.body)
    body["tables"]["household"]["columns"].append("wall_colour")
    make_transient(made)  # what is said of it stays out of the database
    made.body, made.anchor = canonical_text(body), proof_file.root_of_body(body)
    assert proof.differences(session, made) == [Differs("household", "columns", ["wall_colour"], 1)]
