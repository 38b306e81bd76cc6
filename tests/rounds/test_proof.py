from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from models import Round
from survey.evidence.signing import Signer
from survey.rounds import closing, proof, proof_file
from tests.interviews import ROUND, accept_all
from tests.world import COMMUNE, NOW

pytestmark = pytest.mark.usefixtures("small_round")


def test_x(login_as: Any, session: Session) -> None:
    accept_all(session, login_as, COMMUNE)
    r = session.get_one(Round, ROUND)
    closing.close_communes(session, r, [COMMUNE], NOW, prover=Signer(b"p" * 32))
    session.commit()
    made = proof.latest(session, ROUND, COMMUNE)
    f = proof.file_of(session, [made])
    print(json.dumps(json.loads(f), indent=1)[:6000])
    v = proof_file.verify(f)
    print(v.faults, v.notes)
    print(proof.differences(session, made))
    assert v.holds
