"""Long work, seen by whoever waits for it: how far it is, who asked, stopping it, and the way to its result."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, flash, make_response, render_template, url_for
from flask_babel import LazyString, format_decimal, gettext, lazy_gettext
from sqlalchemy import ColumnElement, or_, true
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from models import Job
from survey.access import Where, has_verb, may
from survey.accounts.accounts import communes_of, holder_of, names_of, where_is
from survey.clocks import day_of
from survey.evidence import audit
from survey.jobs import queue
from survey.jobs.worker import is_idle
from survey.problems import PROBLEMS, Problem
from survey.register.places import names_in
from survey.terms import JobState
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now
from survey.work import (
    ASK_POLICE,
    ASKED_BY,
    CHANGES,
    CLOSE,
    CORRECT,
    DATA_FILES,
    DUPLICATES,
    EXPORT,
    GIVE_SUPPORTS,
    LOAD_LIST,
    OPEN_ROUND,
    READ_CORRECTIONS,
    READ_LIST,
    READ_POLICE,
    READ_SUPPORTS,
    READ_UNDOING,
    REBUILD,
    RECOUNT,
    REGISTER_FILES,
    REOPEN,
    RESEARCH,
    TABLES,
    TO_THE_END,
    UNDO_CORRECTIONS,
    WRITE_POLICE,
    WRITE_REGISTER,
)
from survey.work.corrections import done_so_far

VERB = "job.follow"
LOOKED_AT = {READ_LIST, READ_CORRECTIONS, READ_UNDOING, READ_POLICE, READ_SUPPORTS}  # whose result is a page to act on
LOOK_AGAIN = 2  # seconds, while it is not at its end
SHOWN = 100
blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")
TITLES: dict[str, LazyString] = {
    READ_LIST: lazy_gettext("Reading a list of households"),
    LOAD_LIST: lazy_gettext("Importing households"),
    OPEN_ROUND: lazy_gettext("Opening a round"),
    DUPLICATES: lazy_gettext("Searching for persons in two households"),
    CLOSE: lazy_gettext("Closing a round"),
    RECOUNT: lazy_gettext("A village becomes urban or rural"),
    REOPEN: lazy_gettext("Opening a commune again"),
    READ_CORRECTIONS: lazy_gettext("Reading a list of corrections"),
    CORRECT: lazy_gettext("Correcting households by a list"),
    READ_UNDOING: lazy_gettext("Looking at what of a list can be undone"),
    UNDO_CORRECTIONS: lazy_gettext("Undoing a list of corrections"),
    READ_POLICE: lazy_gettext("Reading a list that the police checked"),
    ASK_POLICE: lazy_gettext("Asking for what the police found"),
    WRITE_POLICE: lazy_gettext("Writing the list for the commune police"),
    WRITE_REGISTER: lazy_gettext("Writing the register as a list"),
    READ_SUPPORTS: lazy_gettext("Reading a list of supports"),
    GIVE_SUPPORTS: lazy_gettext("Writing down supports by a list"),
    REBUILD: lazy_gettext("Making again what is derived"),
    EXPORT: lazy_gettext("Writing a data file"),
    RESEARCH: lazy_gettext("Writing a research file"),
    CHANGES: lazy_gettext("Writing what changed since an export"),
    TABLES: lazy_gettext("Counting the official tables of a day"),
}
WORDS: dict[str, LazyString] = {  # what is done just now
    "reading": lazy_gettext("The list is being read."),
    "listing": lazy_gettext("Households are being written into the list: %(done)s of %(total)s."),
    "loading": lazy_gettext("Households are being entered: %(done)s of %(total)s."),
    "opening": lazy_gettext("Communes in which it is open: %(done)s of %(total)s."),
    "closing": lazy_gettext("The proof is made, then the commune is closed: %(done)s of %(total)s communes."),
    "recounting": lazy_gettext("Interviews are judged by the other line: %(done)s of %(total)s."),
    "catching_up": lazy_gettext("What changed meanwhile is taken over: %(done)s of %(total)s."),
    "correcting": lazy_gettext("Households are being corrected: %(done)s of %(total)s."),
    "asking": lazy_gettext("Requests are being written: %(done)s of %(total)s persons."),
    "looking": lazy_gettext("Rows are being looked at: %(done)s of %(total)s."),
    "giving": lazy_gettext("Supports are being written down: %(done)s of %(total)s rows."),
    "undoing": lazy_gettext("Corrections are being undone: %(done)s of %(total)s."),
    "rebuilding": lazy_gettext("Worked out again: %(done)s of %(total)s rounds, villages, interviews and households."),
    "reading_households": lazy_gettext("Households are being read: %(done)s of %(total)s communes."),
    "comparing": lazy_gettext("Persons are being compared: %(done)s of %(total)s."),
    "exporting": lazy_gettext("Written: %(done)s of %(total)s hundredths."),
    "counting": lazy_gettext("Communes are being counted as they stood: %(done)s of %(total)s."),
    "writing_pairs": lazy_gettext("Pairs are being written down: %(done)s of %(total)s communes."),
}

LEFT_OUT: dict[str, LazyString] = {  # why a correction was left out
    "overtaken": lazy_gettext("somebody corrected it meanwhile"),
    "refused": lazy_gettext("the register does not take it any more"),
}


class Line(NamedTuple):
    """A job as it is shown. `who`: who asked for it; `where`: the commune's name."""

    job: Job
    who: str
    where: str

    @property
    def state(self) -> JobState:
        return JobState(self.job.state)

    @property
    def title(self) -> str:
        return str(TITLES.get(self.job.kind, self.job.kind))

    @property
    def is_over(self) -> bool:
        return self.job.ended_at is not None

    @property
    def is_stopping(self) -> bool:
        return self.job.stop_asked_at is not None and not self.is_over

    @property
    def keeps_nothing(self) -> bool:
        """Whether nothing stays of it where it is stopped."""
        return self.job.kind in (*DATA_FILES, *REGISTER_FILES)

    @property
    def says_how_far(self) -> bool:
        """Whether its page of results tells what stays of it where it was stopped."""
        return self.job.kind == GIVE_SUPPORTS and self.job.account_id == current_account().id

    @property
    def half(self) -> str:
        """What is said of work of which a part is done, and no worker does the rest; "" else."""
        far = {"done": format_decimal(self.job.done), "total": format_decimal(self.job.total or 0)}
        if self.job.kind in REGISTER_FILES:
            return gettext("Nothing of the list was kept. Ask for it again: it is made anew.")
        if self.keeps_nothing:
            return gettext("Nothing of the file was kept. Ask for it again, or commune by commune.")
        if not self.job.done:
            return ""
        if self.job.kind == LOAD_LIST:
            return gettext(
                "%(done)s of %(total)s households of the list are there and stay. Upload the same list again: what is "
                "there is recognised, and the rest is entered.",
                **far,
            )
        if self.job.kind == CORRECT:
            return gettext(
                "%(done)s of %(total)s households of the list were gone through. What was corrected stays: %(count)s "
                "households. Bring the same list again, and the rest is corrected; or undo the whole list.",
                **far,
                count=format_decimal(done_so_far(self.job.cursor)),
            )
        if self.job.kind == UNDO_CORRECTIONS:
            return gettext(
                "%(done)s of %(total)s corrections were gone through. What was undone stays so: %(count)s households. "
                "Undo the list again, and the rest is undone.",
                **far,
                count=format_decimal(done_so_far(self.job.cursor)),
            )
        return ""

    @property
    def progress(self) -> str:
        """What it is at; "" before it was begun."""
        far = {"done": format_decimal(self.job.done), "total": format_decimal(self.job.total or 0)}
        return str(WORDS[self.job.word]) % far if self.job.word else ""

    @property
    def said(self) -> str:
        """What came of it."""
        found = self.job.result or {}
        if self.job.kind == LOAD_LIST:
            return gettext("%(villages)s villages and %(households)s households were added.", **found["counts"])
        if self.job.kind == OPEN_ROUND:
            return gettext("The round is open in %(communes)s communes.", communes=found["communes"])
        if self.job.kind == CLOSE:
            closed = gettext("Closed, with its proof, in %(communes)s communes.", communes=found["communes"])
            following = [gettext("Next the province accepts the results.")] if found["communes"] else []
            return " ".join([closed, *following, *self._left_open(found["left"])])
        if self.job.kind == RECOUNT:
            return gettext("%(households)s households are of another class.", households=found["households"])
        if self.job.kind == REOPEN:
            return gettext("The round is open again in this commune.")
        if self.job.kind == CORRECT:
            said = gettext("%(count)s households were corrected.", count=format_decimal(found["corrected"]))
            asked = gettext("%(count)s identity numbers were asked for.", count=format_decimal(found["asked"]))
            return f"{said} {asked}" if found["asked"] else said
        if self.job.kind == UNDO_CORRECTIONS:
            return gettext(
                "The corrections of %(count)s households were undone.", count=format_decimal(found["undone"])
            )
        if self.job.kind == ASK_POLICE:
            return gettext("%(count)s requests were written; others decide on them.", count=found["asked"])
        if self.job.kind == GIVE_SUPPORTS:
            return gettext("%(count)s supports were written down.", count=format_decimal(found["given"]))
        if self.job.kind == REBUILD:
            return gettext("%(count)s interviews were worked out again.", count=format_decimal(found["interviews"]))
        if self.job.kind == DUPLICATES:
            return gettext("%(count)s persons were compared.", count=found["persons"])
        if self.keeps_nothing:
            return gettext("The file of %(count)s households is written.", count=format_decimal(found["households"]))
        return ""

    def _left_open(self, left: list[list[str]]) -> list[str]:
        """Which communes of several stay open, and why."""
        names = names_in(get_session(), [commune_id for commune_id, _ in left], day_of(now()))
        return [
            gettext("%(place)s stays open: %(why)s", place=names.get(one, one), why=gettext(PROBLEMS[code].title))
            for one, code in left
        ]

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """Of a list, the codes of households that it did not reach, each with why."""
        if self.job.kind not in (CORRECT, UNDO_CORRECTIONS, ASK_POLICE):
            return []
        return [(code, why) for code, *_, why in (self.job.result or self.job.cursor or {}).get("left_out", [])]

    @property
    def can_be_undone(self) -> bool:
        """Whether it is a list whose corrections stand there."""
        return self.is_over and self.job.kind == CORRECT and bool(self.job.cursor)

    @property
    def leads_to(self) -> str:
        """The page of its result."""
        parameters = self.job.parameters
        if self.job.kind == READ_LIST:
            return url_for("register.seen", job_id=self.job.id)
        if self.job.kind in (READ_CORRECTIONS, READ_UNDOING):
            page = "corrections.seen" if self.job.kind == READ_CORRECTIONS else "corrections.undoing"
            return url_for(page, commune_id=self.job.commune_id, job_id=self.job.id)
        if self.job.kind in (CORRECT, UNDO_CORRECTIONS):
            return url_for("corrections.page", commune_id=self.job.commune_id)
        if self.job.kind in (READ_POLICE, ASK_POLICE):
            if self.job.kind == READ_POLICE:
                return url_for("police.seen", commune_id=self.job.commune_id, job_id=self.job.id)
            return url_for("requests.listing", commune_id=self.job.commune_id)
        if self.job.kind in REGISTER_FILES:
            page = "police.page" if self.job.kind == WRITE_POLICE else "corrections.page"
            return url_for(page, commune_id=self.job.commune_id, _anchor="download")
        if self.job.kind in (READ_SUPPORTS, GIVE_SUPPORTS):
            page = "support_lists.seen" if self.job.kind == READ_SUPPORTS else "support_lists.result"
            return url_for(page, commune_id=self.job.commune_id, job_id=self.job.id)
        if self.job.kind == OPEN_ROUND or (self.job.kind == CLOSE and self.job.commune_id is None):
            return url_for("round_steps.page", round_id=parameters["round"])
        if self.job.kind in (REOPEN, CLOSE):
            return url_for("round_steps.commune", round_id=parameters["round"], commune_id=self.job.commune_id)
        if self.job.kind == RECOUNT:
            return url_for("villages.page", commune_id=self.job.commune_id, village_id=parameters["village"])
        is_mine = self.job.account_id == current_account().id
        if self.job.kind == TABLES and self.job.state == JobState.DONE and is_mine:
            return url_for("layout_days.page", job_id=self.job.id)
        if self.job.kind in DATA_FILES:
            of = {"round": parameters["choice"]["round_id"], "commune_id": self.job.commune_id}
            return url_for("exports.page", **of, _anchor="made")
        if self.job.kind == DUPLICATES and self.job.commune_id:
            return url_for("duplicates.listing", commune_id=self.job.commune_id)
        return url_for("duplicates.across" if self.job.kind == DUPLICATES else "register.page")

    @property
    def refusal(self) -> Any:
        """Why it could not be done, and what to do."""
        return PROBLEMS.get(self.job.problem or "", PROBLEMS["server_error"])


@blueprint.get("/")
@permitted(VERB)
def listing() -> Response:
    """The last jobs of the reader's area, the newest first."""
    session = get_session()
    lines = _lines(list(session.scalars(queue.listing(SHOWN).where(_seen()))))
    under_way = any(not line.is_over for line in lines)
    page = render_template("office/jobs/list.html", lines=lines, idle=is_idle(session, now()))
    return _looked_at_again(page, under_way)


@blueprint.get("/<job_id>")
@permitted(VERB)
def page(job_id: str) -> Response:
    """One job, until it leads to its result."""
    job = _job(job_id)
    [line] = _lines([job])
    if job.state == JobState.DONE and job.kind in LOOKED_AT and job.account_id == current_account().id:
        return redirect(line.leads_to, 303)
    shown = render_template(
        "office/jobs/one.html",
        line=line,
        may_stop=_may_stop(job),
        may_undo=line.can_be_undone and _may_ask_for(job),
        left_out_words=LEFT_OUT,
        problems=PROBLEMS,
        idle=is_idle(get_session(), now()),
    )
    return _looked_at_again(shown, not line.is_over)


@blueprint.post("/<job_id>/stop")
@permitted(VERB)
def stop(job_id: str) -> Response:
    """Stop it: at once while it waits, between two steps while it is under way. For who might have asked for it."""
    job = _job(job_id)
    if not _may_stop(job):
        raise Problem("forbidden" if job.kind not in TO_THE_END else "not_allowed_now")
    queue.ask_to_stop(get_session(), job, now())
    audit.record(get_session(), now(), current_account().id, "job_stopped", job.id, {"kind": job.kind})
    flash(gettext("It is being stopped.") if job.ended_at is None else gettext("It was stopped."))
    return redirect(url_for(".page", job_id=job.id), 303)


def _looked_at_again(page: str, again: bool) -> Response:
    """The browser asks again by itself, with or without scripts."""
    answer = make_response(page)
    if again:
        answer.headers["Refresh"] = str(LOOK_AGAIN)
    return answer


def _job(job_id: str) -> Job:
    job = get_session().get(Job, job_id)
    if job is None or not _may_see(job):
        raise Problem("not_found")
    return job


def _may_see(job: Job) -> bool:
    """Whoever asked, and who has the commune; what is of more than one is seen by who has all."""
    where = where_is(get_session(), job.commune_id) if job.commune_id else None
    mine = job.account_id == current_account().id
    return mine or may(holder_of(get_session(), current_account()), VERB, where or Where())


def _seen() -> ColumnElement[bool]:
    """The same of all jobs at once."""
    session, account = get_session(), current_account()
    mine = Job.account_id == account.id
    if may(holder_of(session, account), VERB, Where()):
        return true()
    return or_(mine, Job.commune_id.in_(communes_of(session, account, VERB)))


def _may_stop(job: Job) -> bool:
    """Whoever may ask for it, if it can be stopped at all."""
    return job.kind not in TO_THE_END and _may_ask_for(job)


def _may_ask_for(job: Job) -> bool:
    """Whoever may ask for such work there."""
    verb, account = ASKED_BY[job.kind], current_account()
    if job.account_id == account.id:
        return has_verb(account.role, verb)
    where = where_is(get_session(), job.commune_id) if job.commune_id else None
    return may(holder_of(get_session(), account), verb, where or Where())


def _lines(jobs: list[Job]) -> list[Line]:
    session = get_session()
    who = names_of(session, {job.account_id for job in jobs})
    names = names_in(session, {job.commune_id for job in jobs if job.commune_id}, day_of(now()))
    by_command = gettext("by command on the server")
    return [Line(job, who.get(job.account_id or "", by_command), names.get(job.commune_id or "", "")) for job in jobs]
