"""The flow of a province: what its communes proved, added up; who moved between two of them is in neither column."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import Account, Household, ProofLeaf, Round, RoundProof
from survey.evidence.signing import Signer
from survey.register.event_log import Done
from survey.review import register_acts
from survey.review.register_acts import Wish, known_of
from survey.rounds import closing
from survey.rounds import joined_flow as joined_flow_module
from survey.rounds.end_states import joined
from survey.rounds.joined_flow import JoinedFlow, joined_flow
from survey.terms import CommuneState, EndState, RegisterKind
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE

pytestmark = pytest.mark.usefixtures("small_round")
KEY = Signer(b"p" * 32)
POOR = "ho_ngheo"
BOTH = (COMMUNE, OTHER_COMMUNE)


def close(session: Session, *communes: str, signer: Signer | None = KEY) -> None:
    session.rollback()
    closing.close_communes(session, session.get_one(Round, ROUND), communes, NOW, prover=signer)
    session.commit()


def move(session: Session, household_id: str) -> None:
    """From the commune to the other one."""
    session.rollback()
    by = session.scalars(select(Account.id).where(Account.username == "province")).one()
    wish = Wish(RegisterKind.MOVE, household_id, NOW.date(), None, {"commune": OTHER_COMMUNE, "village": OTHER_VILLAGE})
    register_acts.carry_out(session, COMMUNE, wish, Done(by, NOW, "chuyển đi"))
    session.commit()


def found(session: Session, *communes: str) -> JoinedFlow:
    session.rollback()
    return joined_flow(session, session.get_one(Round, ROUND), communes or BOTH)


def line(flow: JoinedFlow, place: str | None = None, unit: str = "households", measure: str = POOR) -> list[int]:
    return (flow.communes[place] if place else flow.whole)[measure][unit]  # type: ignore[no-any-return]


def summed(flow: JoinedFlow, unit: str = "households") -> list[int]:
    return [sum(each) for each in zip(*(line(flow, one, unit) for one in flow.communes), strict=True)]


def test_nobody_closed_and_nothing_is_counted_and_both_are_named(session: Session) -> None:
    flow = found(session)
    assert (flow.communes, flow.missing) == ({}, dict.fromkeys(sorted(BOTH), CommuneState.OPEN))
    assert line(flow) == [0] * 9


def test_a_closed_commune_is_counted_and_the_open_one_is_named(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    close(session, COMMUNE)
    flow = found(session)
    assert (list(flow.communes), flow.missing) == ([COMMUNE], {OTHER_COMMUNE: CommuneState.OPEN})
    assert line(flow) == line(flow, COMMUNE)
    assert (line(flow)[0], flow.provisional, flow.moved) == (4, [COMMUNE], 0)
    closing.accept_communes(session, session.get_one(Round, ROUND), [COMMUNE], NOW)
    session.commit()
    assert found(session).provisional == []
    closing.reopen_commune(session, session.get_one(Round, ROUND), COMMUNE, "sót", NOW)
    session.commit()
    again = found(session)
    assert (again.communes, again.missing[COMMUNE]) == ({}, CommuneState.OPEN)


def test_who_moved_between_two_communes_is_in_neither_column_for_the_province(login_as: Any, session: Session) -> None:
    move(session, "ho-1")
    accept_all(session, login_as, *BOTH)
    close(session, *BOTH)
    flow = found(session)
    assert flow.moved == 1
    assert (line(flow, COMMUNE)[3], line(flow, OTHER_COMMUNE)[3]) == (1, 0)  # poor, and left
    assert sum(line(flow, OTHER_COMMUNE)[7:8] + line(flow, OTHER_COMMUNE, measure="ho_can_ngheo")[7:8]) <= 1
    whole, parts = line(flow), summed(flow)
    assert (whole[0], parts[0]) == (5, 5)
    assert whole[3] == parts[3] - 1
    for measure in (POOR, "ho_can_ngheo"):
        for unit in ("households", "persons"):
            one, two, three, four, five, six, seven, eight, nine = line(flow, None, unit, measure)
            assert nine == one - two - three - four + five + six + seven + eight
    assert found(session, COMMUNE).moved == 0  # of the commune alone it left
    assert line(found(session, COMMUNE)) == line(flow, COMMUNE)


def test_who_moved_after_its_commune_had_closed_is_counted_once(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    close(session, COMMUNE)
    move(session, "ho-1")
    accept_all(session, login_as, OTHER_COMMUNE)
    close(session, OTHER_COMMUNE)
    flow = found(session)
    assert flow.moved == 1
    there = sum(line(flow, one)[8] + line(flow, one, measure="ho_can_ngheo")[8] for one in flow.communes)
    once = line(flow)[8] + line(flow, measure="ho_can_ngheo")[8]
    assert there - once in (0, 1)  # 0 where it is of neither class by now
    one, two, three, four, five, six, seven, eight, nine = line(flow)
    assert nine == one - two - three - four + five + six + seven + eight


def test_what_was_closed_without_a_proof_is_named_and_not_counted(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    close(session, COMMUNE, signer=None)
    flow = found(session)
    assert (flow.communes, flow.missing[COMMUNE]) == ({}, CommuneState.CLOSED)


def test_the_page_shows_both_tables_and_leads_who_has_one_commune_to_its_sheet(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    close(session, COMMUNE)
    province = login_as("province")
    assert f'href="/rounds/{ROUND}/flow"' in province.get(f"/rounds/{ROUND}").text
    page = province.get(f"/rounds/{ROUND}/flow").text
    assert "Diễn biến: Hộ nghèo" in page
    assert "1 xã, phường chưa được tính" in page
    assert "TẠM TÍNH" in page
    assert "Lò Văn Đông" not in page
    led = login_as("supervisor").get(f"/rounds/{ROUND}/flow")
    assert (led.status_code, led.headers["Location"]) == (303, f"/rounds/{ROUND}/{COMMUNE}/proof")
    assert province.get("/rounds/no-such/flow").status_code == 404
    session.execute(delete(ProofLeaf))
    session.execute(delete(RoundProof))
    session.commit()
    assert "Chưa có xã, phường nào" in province.get(f"/rounds/{ROUND}/flow").text


def test_the_command_says_the_same_and_names_what_is_missing(app: Flask, login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    close(session, COMMUNE)
    code, said = run(app, "round", "flow", ROUND, "--json")
    [flow] = json.loads(said)["provinces"].values()
    assert (code, flow["whole"][POOR]["households"]) == (0, line(found(session)))
    assert (list(flow["communes"]), flow["missing"]) == ([COMMUNE], {OTHER_COMMUNE: "open"})
    code, said = run(app, "round", "flow", ROUND)
    assert code == 0
    assert f"{COMMUNE}\t{POOR}\thouseholds\t4\t" in said
    assert f"Chưa tính: {OTHER_COMMUNE}" in said
    assert run(app, "round", "flow", "no-such")[0] == 1


def test_who_moved_in_mid_review_is_told_by_both_proofs_and_has_one_end(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    people = {
        person.id for person in known_of(session, session.get_one(Household, (COMMUNE, "ho-1"))).people.members("ho-1")
    }
    move(session, "ho-1")
    there = known_of(session, session.get_one(Household, (OTHER_COMMUNE, "ho-1"))).people.members("ho-1")
    assert people == {person.id for person in there}
    accept_all(session, login_as, OTHER_COMMUNE)
    close(session, *BOTH)
    proofs = {row.commune_id: row for row in session.scalars(select(RoundProof))}
    told = joined_flow_module._told_twice(session, session.get_one(Round, ROUND), proofs)
    assert [one.state for one in told["ho-1"]] == [EndState.MOVED_AWAY, EndState.DONE]
    [whole] = joined(told["ho-1"])
    assert (whole.state, whole.start is not None, whole.end is not None) == (EndState.DONE, True, True)
