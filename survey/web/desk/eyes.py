"""What four eyes ask for at the desk: what stands against the reader's decision, who else may, and which interviews
wait for the province or were accepted without."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from models import Account
from survey.accounts import four_eyes
from survey.accounts.accounts import names_of
from survey.accounts.four_eyes import Came
from survey.review import queue
from survey.review.queue import Shelf
from survey.submissions.four_eyes import blocked, unkept
from survey.web.desk.home import PAGE_SIZE, open_desk, page_number
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("blocked", __name__, url_prefix="/desk/<commune_id>/four-eyes")
MOST = 200  # accepted without four eyes, shown at once


@dataclass(frozen=True)
class Eyes:
    """`stands`: see `four_eyes.objection`; `author`: the account by which it came; `makers`: who else held it then;
    `others`: who in the commune may decide; `open`: the account is not handed over yet."""

    stands: str | None
    author: str
    makers: tuple[str, ...]
    others: tuple[str, ...]
    open: bool


def eyes_on(commune_id: str, came: Came) -> Eyes:
    """Of whoever reads the page."""
    session = get_session()
    author = session.get_one(Account, came.account_id)
    hands = four_eyes.in_commune(session, commune_id, [came.account_id])
    holding = hands.on(came.account_id, came.at, collect=came.device_id.startswith(four_eyes.COLLECT))
    return Eyes(
        four_eyes.objection(session, current_account(), commune_id, came, now()),
        author.display_name,
        tuple(sorted(names_of(session, holding - {author.id}).values())),
        tuple(one.display_name for one in four_eyes.who_may(session, commune_id, came, now())),
        len(hands.on(author.id, now())) > 1,
    )


@blueprint.get("")
@permitted("review.read")
def page(commune_id: str) -> str:
    """What waits for the province, and what was accepted without four eyes."""
    desk, session, number = open_desk("review.read", commune_id), get_session(), page_number()
    round_id = desk.asked_round.id
    waiting = blocked(session, [commune_id], round_id, now()).get(commune_id, [])
    shown = waiting[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return render_template(
        "desk/blocked.html",
        desk=desk,
        total=len(waiting),
        rows=queue.rows_of(session, Shelf(commune_id, round_id), shown) if shown else [],
        page=number,
        pages=-(-len(waiting) // PAGE_SIZE),
        unkept=unkept(session, [commune_id], round_id).get(commune_id, []),
        most=MOST,
    )
