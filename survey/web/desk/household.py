"""A household's page: its whole story, and what may be written into the register, shown before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from models import Household, Place, RegisterEvent
from survey.access import has_verb
from survey.accounts.accounts import communes_of
from survey.clocks import day_of
from survey.problems import PROBLEMS, Problem
from survey.programmes import needs
from survey.programmes.catalogue import catalogue_of
from survey.register import importing
from survey.register.entries import elsewhere
from survey.register.event_log import Done
from survey.register.ledger import COMING, OF_PERSON
from survey.register.places import names_in
from survey.review import household_story, person_acts, person_story, register_acts, register_preview, requests
from survey.review.register_acts import MAX_REASON, Plan, Wish
from survey.review.register_preview import (
    FIELDS,
    PERSON_FIELDS,
    birth_of,
    differences,
    differences_then,
    person_differences,
)
from survey.support_terms import SupportOrigin
from survey.supports import reading
from survey.terms import (
    HouseholdClass,
    HouseholdState,
    Indicator,
    PersonState,
    PlaceKind,
    RegisterKind,
    RegisterState,
    Role,
)
from survey.web.desk.forms import Plain, RegisterAct
from survey.web.desk.home import Desk, open_desk, province_of
from survey.web.desk.words import hand_in_words
from survey.web.round_words import class_within
from survey.web.security import current_account, permitted
from survey.web.session import get_session, now

blueprint = Blueprint("household", __name__, url_prefix="/desk/<commune_id>/households/<household_id>")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        RegisterKind=RegisterKind,
        HouseholdState=HouseholdState,
        register_state=RegisterState,
        differences=differences,
        differences_then=differences_then,
        field_words=FIELDS,
        PersonState=PersonState,
        person_differences=person_differences,
        person_words=PERSON_FIELDS,
        birth_of=birth_of,
        hand_in_words=hand_in_words,
        problems=PROBLEMS,
        of_person=OF_PERSON,
        class_within_words=class_within,
    )
    app.register_blueprint(blueprint)


def _where_it_went(commune_id: str, household_id: str) -> str | None:
    """The page of a household that moved out of that commune into the reader's area."""
    left = get_session().get(Household, (commune_id, household_id))
    if left is None or left.state != HouseholdState.MOVED:
        return None
    reach = communes_of(get_session(), current_account(), "review.read")
    near = [one for one in elsewhere(get_session(), household_id, commune_id) if one.commune_id in reach]
    return url_for("household.page", commune_id=near[0].commune_id, household_id=household_id) if near else None


@blueprint.get("")
@permitted("review.read", went=_where_it_went)
def page(commune_id: str, household_id: str) -> str:
    """What happened to a household, of which class it was, who had a hand in it; and the forms for who may write."""
    desk, session = open_desk("review.read", commune_id), get_session()
    as_of = _as_of()
    story = household_story.story(session, commune_id, household_id, as_of)
    return _shown_story(
        "desk/household.html",
        desk,
        story,
        as_of,
        classes=list(HouseholdClass),
        indicators=list(Indicator),
        elsewhere=_elsewhere(commune_id, household_id),
        waiting=requests.undecided(session, commune_id, household_id),
        supports=reading.of_household(session, household_id),
        origins=SupportOrigin,
        **_needs(desk, story),
    )


def _needs(desk: Desk, story: household_story.Story) -> dict[str, Any]:
    """What it lacks by its last interview that counts, with the projects that run today and serve that."""
    judged = next((year for year in story.years if year.judged), None)
    province_id = province_of(desk)
    if judged is None or judged.judged is None or province_id is None:
        return {"lacking": None}
    today = day_of(now())
    offered = needs.offers(catalogue_of(get_session(), province_id), story.household.commune_id, today)
    found_class = judged.interview.household_class if judged.interview else None
    return {
        "lacking": needs.of_household(judged.judged.lacks, found_class, offered),
        "lacking_in": judged.round,
        "project_words": needs.project_words,
    }


def _elsewhere(commune_id: str, household_id: str) -> list[tuple[Household, str, bool]]:
    """What the household is in other communes, what those are called, and whether the reader may look there."""
    session = get_session()
    found = elsewhere(session, household_id, commune_id)
    reach = set(communes_of(session, current_account(), "review.read"))
    names = names_in(session, {one.commune_id for one in found}, day_of(now())) if found else {}
    return [(one, names.get(one.commune_id, one.commune_id), one.commune_id in reach) for one in found]


@blueprint.get("/persons/<person_id>")
@permitted("review.read")
def person(commune_id: str, household_id: str, person_id: str) -> str:
    """Everything about a person who was met in a household, and the forms for who may write."""
    desk, session = open_desk("review.read", commune_id), get_session()
    as_of = _as_of()
    story = person_story.story(session, commune_id, household_id, person_id, as_of)
    return _shown_story("desk/person.html", desk, story, as_of)


def _shown_story(
    template: str, desk: Desk, story: household_story.Story | person_story.Story, as_of: date | None, **more: Any
) -> str:
    """What the two pages have in common: the story, the words that it is told in, and the forms for who may write."""
    return render_template(
        template,
        desk=desk,
        story=story,
        as_of=as_of,
        names=desk.names | _names_elsewhere(story.lines),
        form=RegisterAct(since=day_of(now()), formdata=None),
        undoing=Plain(formdata=None),
        writes=_writes() if as_of is None else None,
        today=day_of(now()),
        words=words_of_answers(story.household.commune_id),
        relations=person_acts.RELATIONS,
        sexes=person_acts.SEXES,
        **more,
    )


def _as_of() -> date | None:
    """The day that is asked about; None: now. What is no day is a mistake in the address."""
    said = request.args.get("as_of", "")
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise Problem("bad_request") from error


def words_of_answers(commune_id: str) -> dict[str, str]:
    """What the answers about a person are called: kin, sex; in the questionnaire, else with words of ours."""
    form = importing.questionnaire(get_session(), commune_id, now())
    lists = (form.choices.get(name, []) for name in ("quan_he", "gioi_tinh")) if form else ()
    known = {name: gettext(word) for name, word in person_acts.WORDS.items()}
    return known | {one["name"]: str(one["label"].get("vi", one["name"])) for choices in lists for one in choices}


@blueprint.post("")
@permitted("register.change")
def act(commune_id: str, household_id: str) -> BaseResponse:
    """Show what an act would do; with what was shown and a reason, do it."""
    form, session = RegisterAct(), get_session()
    if not form.validate():
        raise Problem("bad_request")
    wish = _wish(commune_id, household_id, form)
    if form.basis.data and reason_given() and request.form.get("ask"):
        made = requests.ask(session, commune_id, wish, done_now())
        return redirect(url_for("requests.page", commune_id=commune_id, request_id=made.id, done="asked"), 303)
    asks = _writes() == "here" and not _decides(commune_id, wish)
    if not asks:
        _allow(wish.given.get("commune") is not None)
    elif form.basis.data:
        raise Problem("register_across" if wish.given.get("commune") else "request_needed")
    if form.basis.data and reason_given():
        register_acts.carry_out(session, commune_id, wish, done_now(), seen=form.basis.data)
        return redirect(url_for(".page", commune_id=commune_id, household_id=household_id, done=wish.kind.value), 303)
    plan = register_acts.plan(session, commune_id, wish, day_of(now()))
    return shown_act(
        commune_id, household_id, plan, wish.kind, may_write=not asks, may_ask=wish.kind in requests.ROUTES
    )


@blueprint.post("/undo/<seq>")
@permitted("register.change")
def undo(commune_id: str, household_id: str, seq: str) -> BaseResponse:
    """Show what undoing an event would do; with what was shown and a reason, do it."""
    form, session = Plain(), get_session()
    if not form.validate():
        raise Problem("bad_request")
    number = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 10 else 0
    event = session.get(RegisterEvent, (commune_id, number))
    if event is None or not _bears_on(event, household_id):
        raise Problem("not_found")
    plan = requests.plan_undo(session, commune_id, number, day_of(now()), current_account().id)
    if not requests.is_of_province(RegisterKind(event.kind), event.payload):
        _allow(len(plan.halves) > 1)
    if request.form.get("basis") and reason_given():
        requests.undo(session, commune_id, number, done_now(), seen=request.form["basis"])
        return redirect(url_for(".page", commune_id=commune_id, household_id=household_id, done="void"), 303)
    return shown_act(commune_id, household_id, plan, RegisterKind.VOID, RegisterKind(event.kind))


def _bears_on(event: RegisterEvent, household_id: str) -> bool:
    """Whether an event is told on the page of a household or of somebody who was met there."""
    if household_id in (event.household_id, event.other_id):
        return True
    household = get_session().get(Household, (event.commune_id, household_id))
    known = register_acts.known_of(get_session(), household) if household is not None and event.person_id else None
    return known is not None and event.person_id in known.people.homes.get(household_id, {})


def _writes() -> str | None:
    """What the reader may write: all within the commune, or the way to another one; None: only read."""
    role = current_account().role
    if not has_verb(role, "register.change"):
        return None
    return "across" if role == Role.PROVINCE else "here"


def _decides(commune_id: str, wish: Wish) -> bool:
    """Whether the reader alone may write down what somebody may ask for: else they only ask."""
    if wish.kind not in requests.ROUTES:
        return True
    verb = requests.verb_for(wish.kind, wish.given)
    return commune_id in communes_of(get_session(), current_account(), verb)


def _allow(across: bool) -> None:
    """Within a commune its supervisor writes, from one to another the province."""
    if across != (_writes() == "across"):
        raise Problem("register_across" if across else "forbidden")


def reason_given() -> str:
    """Why, as it was typed; "" while nobody was asked yet."""
    return request.form.get("reason", "").strip()


def done_now() -> Done:
    """By who is signed in, with the reason given."""
    return Done(current_account().id, now(), reason_given()[:MAX_REASON])


def _wish(commune_id: str, household_id: str, form: RegisterAct) -> Wish:
    session, kind, given = get_session(), RegisterKind(form.kind.data), _given(form)
    other = None
    leads_elsewhere = kind in (RegisterKind.TRANSFERRED, RegisterKind.MERGE)
    elsewhere = (form.commune.data or "").strip() if leads_elsewhere else ""
    if elsewhere and elsewhere != commune_id:
        given["commune"] = _within_reach(elsewhere)
    if form.other.data:
        mine = session.get(Household, (commune_id, household_id))
        other = other_household(given.get("commune", commune_id), form.other.data, mine)
    village = session.get(Place, given.get("village", ""))
    if kind is RegisterKind.MOVE and village is not None and village.parent_id != commune_id:
        given["commune"] = _commune_within_reach(village)
    return Wish(kind, household_id, form.since.data, other, given, _person(commune_id, household_id, form))


def other_household(commune_id: str, wanted: str, mine: Household | None) -> str:
    """The id of the other household of an act on `mine`, by that or its number."""
    try:
        return household_story.find_other(get_session(), commune_id, wanted.strip()).id
    except Problem as refusal:
        if refusal.code != "register_other_commune":
            raise Problem("register_not_there") from refusal
        both = {"other": refusal.detail["other"], "mine": mine.code if mine is not None else "–"}
        said = gettext(
            "Household %(other)s is moved into this commune first; then name its new number on the page of %(mine)s.",
            **both,
        )
        raise Problem(refusal.code, detail={"reasons": [said]}) from refusal


def _person(commune_id: str, household_id: str, form: RegisterAct) -> str | None:
    """The code of whom it is about; None: somebody new, or a household. Raises not_found for one who is not known."""
    code, kind = (form.person.data or "").strip(), RegisterKind(form.kind.data)
    if kind not in OF_PERSON or (not code and kind in COMING):
        return None
    household = get_session().get(Household, (commune_id, household_id))
    if household is None or code not in register_acts.known_of(get_session(), household).people.known:
        raise Problem("not_found")
    return code


def _commune_within_reach(village: Place) -> str:
    try:
        return _within_reach(str(village.parent_id))
    except Problem as refusal:
        raise Problem("register_village_unknown") from refusal


def _within_reach(other_commune: str) -> str:
    """Another commune that who writes across may write in, or the commune's own province may be asked about."""
    reach = communes_of(get_session(), current_account(), "register.change")
    wanted = get_session().get(Place, other_commune)
    provinces = {get_session().get_one(Place, one).parent_id for one in reach}
    is_near = wanted is not None and wanted.kind == PlaceKind.COMMUNE and wanted.parent_id in provinces
    if not is_near:
        raise Problem("register_not_there")
    return other_commune


def _given(form: RegisterAct) -> dict[str, Any]:
    """What was filled in: an empty box says nothing."""
    kind = RegisterKind(form.kind.data)
    said = {
        "head": form.head.data,
        "village": form.village.data,
        "address": form.address.data,
        "class": form.household_class.data,
    }
    if kind in OF_PERSON:
        said |= {key: form[key].data for key in person_acts.GIVEN} | {"as": form.same.data}
    given: dict[str, Any] = {key: text.strip() for key, text in said.items() if text and text.strip()}
    return given | ({"members": request.form.getlist("member")[:100]} if kind is RegisterKind.SPLIT else {})


def _names_elsewhere(lines: Sequence[household_story.Line]) -> dict[str, str]:
    """What the villages of other communes are called that stand in a story."""
    communes = {commune for line in lines for commune in line.communes}
    return names_in(get_session(), communes, day_of(now()))


def shown_act(
    commune_id: str,
    household_id: str,
    plan: Plan,
    kind: RegisterKind,
    undone: RegisterKind | None = None,
    *,
    note: str = "",
    back: str | None = None,
    may_write: bool = True,
    may_ask: bool = False,
) -> Response:
    """The page that shows what an act would do, and asks for it. `note`: what else is done with it; `back`: where who
    leaves it goes, the household's page unless given."""
    session = get_session()
    desk: Desk = open_desk("review.read", commune_id)
    wordless = PROBLEMS["register_reason_needed"]
    status = 409 if plan.rule else 422 if request.form.get("basis") else 200
    shown = render_template(
        "desk/household_act.html",
        desk=desk,
        household=session.get_one(Household, (commune_id, household_id)),
        kind=kind,
        undone=undone,
        plan=plan,
        may_write=may_write,
        may_ask=may_ask,
        refusal=PROBLEMS[plan.rule] if plan.rule else None,
        effects=within_reach(register_preview.effects(session, plan)),
        broken=register_preview.broken(session, plan),
        names=names_in(session, {half.commune_id for half in plan.halves}, day_of(now())),
        codes=_codes(plan),
        form=Plain(formdata=None),
        said=[(key, text) for key, text in request.form.items(multi=True) if key not in _OWN],
        words=words_of_answers(commune_id),
        waiting=requests.undecided(session, commune_id, household_id),
        error=wordless.title if request.form.get("basis") else None,
        max_reason=MAX_REASON,
        reason=reason_given(),
        note=note,
        back=back or url_for("household.page", commune_id=commune_id, household_id=household_id),
    )
    return make_response(shown, status)


def within_reach(effects: Sequence[register_preview.Effect]) -> list[register_preview.Effect]:
    """Those of the reader's area: of another commune nobody is named."""
    reach = communes_of(get_session(), current_account(), "review.read")
    return [one for one in effects if one.commune_id in reach]


_OWN = ("csrf_token", "basis", "reason", "ask")  # of the page that shows what would happen


def _codes(plan: Plan) -> dict[str, str]:
    """The numbers of the households that the differences name."""
    session = get_session()
    named = {
        (commune_id, one.same_as)
        for (commune_id, _), sides in plan.changed.items()
        for one in sides
        if one is not None and one.same_as is not None
    }
    named |= {
        (commune_id, one.household_id)
        for (commune_id, _), sides in plan.people.items()
        for one in sides
        if one is not None
    }
    return {id: household.code for commune, id in named if (household := session.get(Household, (commune, id)))}
