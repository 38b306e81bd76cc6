"""The door of the feed, /odata/: OData 4.0 to read, for programs that cannot sign in as a person does.

https://docs.oasis-open.org/odata/odata/v4.0/ . They bring account name and key by Basic (RFC 7617), which is refused
where the line is not encrypted. Who may read what is asked of the table's verb and of the key anew at each request;
each is written down, without what it filtered by. Answers are sent as they are read, in one snapshot of the database.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import partial
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app, g, request
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from models import Account, FeedKey
from models.database import snapshot
from survey.clocks import day_of
from survey.feed import keys
from survey.feed.reading import LARGEST_PAGE, Page, Reach, Stored, Table, one
from survey.odata import addresses, answers, metadata, options
from survey.odata.answers import VERSION, Writer, manner
from survey.odata.faults import Fault
from survey.odata.filters import All, Compare
from survey.odata.options import Query
from survey.problems import Problem
from survey.web.security import answers_in_its_own, csrf, public
from survey.web.session import aside, keep_changes, now, put_down
from survey.web.strangers import count_stranger

LOOPBACK = frozenset({"127.0.0.1", "::1"})
READING = ["GET", "HEAD"]
WRITING = ["POST", "PUT", "PATCH", "DELETE"]
_PAGE = re.compile(r"(?:^|[,;\s])(?:odata\.)?maxpagesize\s*=\s*(\d{1,6})(?:$|[,;\s])", re.ASCII)
blueprint = Blueprint("feed", __name__, url_prefix="/odata")


def init_app(app: Flask) -> None:
    csrf.exempt(blueprint)  # no cookie is read here, so no other site can lend one
    app.register_blueprint(blueprint)


@blueprint.before_request
def check_key() -> Response | None:
    """Whose key it is. A program first comes without one, and is asked for it: that is no failure."""
    if not request.is_secure and request.remote_addr not in LOOPBACK:
        raise Problem("forbidden", {"why": "https"})
    given = request.authorization
    g.feed_reading = Session(current_app.extensions["reading_engine"], expire_on_commit=False)
    if given is None or given.type != "basic":
        raise Problem("not_signed_in")
    username, text = (given.username or "")[:200], (given.password or "")[:200]
    snapshot(g.feed_reading)
    found = keys.opened_by(g.feed_reading, username, text, now())
    if found is None:
        with aside() as session:  # a failed attempt counts although its answer is a refusal
            keys.refuse(session, username, request.remote_addr or "unknown", now())
        count_stranger()
        raise Problem("not_signed_in")
    g.feed_key, g.feed_account = found
    g.feed_what = ""
    _check_version()
    return None


@blueprint.get("/")
@public
def service() -> Response:
    """The service document: the tables that the key opens."""
    how = manner(_accept(), _format())
    body = answers.service(_root(), (one.of for one in _tables().values()))
    return _cacheable(body, how.media_type, hashlib.sha256(body.encode()).hexdigest())


@blueprint.get("/$metadata")
@public
def describe() -> Response:
    """What the columns of the tables are."""
    g.feed_what = "$metadata"
    if not answers.takes_xml(_accept(), _format()):
        raise Fault("not_acceptable")
    body = metadata.document(one.of for one in _tables().values())
    return _cacheable(body, "application/xml;charset=utf-8", hashlib.sha256(body).hexdigest())


@blueprint.route("/$batch", methods=["POST", *READING])
@public
def batch() -> Response:
    """Several requests in one: not here."""
    g.feed_what = "$batch"
    raise Fault("batch_unsupported")


@blueprint.get("/<path:path>")
@public
def table(path: str) -> Response:
    """A table, one of its rows, or how many it has."""
    tables = _tables()
    found = addresses.parse(path, {name: one.of for name, one in tables.items()})
    g.feed_what = found.of.name
    here = tables[found.of.name]
    reach = keys.reach_of(_reading(), _key(), _account(), here.verb, day_of(now()))
    query = options.read_options(request.args.items(multi=True), found.of)
    if found.is_count:
        number = here.count(_reading(), reach, query.filter)
        return _answer(str(number), "text/plain;charset=utf-8")
    how = manner(_accept(), _format())
    writer = Writer(_root(), found.of, how, query.select if query.is_selected else None)
    if found.key is not None:
        node = All(tuple(Compare(name, "eq", value) for name, value in found.key.items()))
        return _answer(writer.one(one(_reading(), here, reach, node, query)), how.media_type)
    return _page(here, reach, query, writer)


@blueprint.route("/", defaults={"path": ""}, methods=WRITING, endpoint="nothing")
@blueprint.route("/<path:path>", methods=WRITING, endpoint="nothing")
@public
def nothing(path: str) -> Response:  # noqa: ARG001 - the address is no matter
    """Nothing is written here."""
    raise Problem("method_not_allowed")


def _page(here: Table, reach: Reach, query: Query, writer: Writer) -> Response:
    tag = _tag(here, reach)
    if tag is not None and request.if_none_match.contains_weak(tag):
        return _tagged(_answer("", writer.manner.media_type, 304), tag)
    asked = _PAGE.search(request.headers.get("Prefer", ""))
    wanted = min(int(asked[1]), LARGEST_PAGE) if asked else 0
    page = Page(_reading(), here, reach, query, wanted)
    count = here.count(_reading(), reach, query.filter) if query.is_counted else None

    def following() -> str | None:
        if page.following is None:
            return None
        pairs = query.next_options(page.following, page.left)
        return f"{writer.root}{here.of.name}?" + "&".join(f"{name}={quote(text, safe='')}" for name, text in pairs)

    pieces = writer.table(page.rows(), count, following)
    first = next(pieces)  # what is refused is refused before the answer begins
    response = _answer(_sent(first, pieces, _reading()), writer.manner.media_type)
    if wanted:
        response.headers["Preference-Applied"] = f"odata.maxpagesize={wanted}"
    return response if tag is None else _tagged(response, tag)


def _sent(first: bytes, pieces: Iterator[bytes], reading: Session) -> Iterator[bytes]:
    """The answer, and after its last piece the end of the transaction that it was read in."""
    with reading:
        yield first
        yield from pieces


def _tag(here: Table, reach: Reach) -> str | None:
    """A name of what a table holds for the reader: of those that change with the communes' turns alone."""
    if not isinstance(here, Stored) or here.commune is None:
        return None
    said = f"{here.revision(_reading(), reach, '')} {','.join(reach.communes)} {request.headers.get('Accept', '')}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Authorization", "Accept"))
    return response


def _cacheable(body: str | bytes, media_type: str, tag: str) -> Response:
    is_known = request.if_none_match.contains_weak(tag)
    return _tagged(_answer(b"" if is_known else body, media_type, 304 if is_known else 200), tag)


def _check_version() -> None:
    """Excel asks for 4.0 at most, and takes nothing else (Protocol 4.0, 8.2.6)."""
    said = request.headers.get("OData-MaxVersion", VERSION).strip()
    if not re.fullmatch(r"\d{1,2}(\.\d{1,2})?", said, re.ASCII) or float(said) < float(VERSION):
        raise Fault("bad_version", "OData-MaxVersion")


def _accept() -> str:
    return request.headers.get("Accept", "")


def _format() -> str | None:
    return request.args.get("$format")


def _tables() -> dict[str, Table]:
    return keys.tables_of(_account(), _key().sets)


def _reading() -> Session:
    """Another transaction than the one in which the request is put on record: it holds up no phone."""
    found: Session = g.feed_reading
    return found


def _key() -> FeedKey:
    key: FeedKey = g.feed_key
    return key


def _account() -> Account:
    account: Account = g.feed_account
    return account


def _root() -> str:
    return f"{request.url_root.rstrip('/')}/odata/"


def _answer(body: str | bytes | Iterator[bytes], media_type: str, status: int = 200) -> Response:
    return Response(body, status, content_type=media_type)


@blueprint.after_request
def _recorded(response: Response) -> Response:
    """Each request of a key is written down, answered or refused."""
    response.headers["OData-Version"] = VERSION
    key: FeedKey | None = g.get("feed_key")
    if key is not None and (response.status_code < 500 or response.status_code == 501):
        keep_changes()
        put_down(partial(keys.used, key_id=key.id, what=g.feed_what, status=response.status_code, now=now()))
    reading: Session | None = g.get("feed_reading")
    if reading is not None and response.is_streamed and request.method != "HEAD":
        response.call_on_close(reading.close)  # of a reader who went away in the middle
        g.pop("feed_reading")
    return response


@blueprint.teardown_request
def _close(_error: BaseException | None) -> None:
    reading: Session | None = g.pop("feed_reading", None)
    if reading is not None:
        reading.close()


@blueprint.errorhandler(Fault)
def _answer_fault(fault: Fault) -> Response:
    with force_locale(_account().language):
        body = answers.error(fault.code, gettext(fault.message), fault.target)
    return _answer(body, "application/json;charset=utf-8", fault.status)


def _answer_problem(problem: Problem) -> Response:
    account: Account | None = g.get("feed_account")
    with force_locale(account.language if account else "vi"):
        if problem.code == "not_signed_in":
            told = gettext("Give your account name and a key of the page “Connect Excel”, not your password.")
        elif problem.detail == {"why": "https"}:
            told = gettext("The feed is read over https alone: over http a key could be read by others on the way.")
        else:
            told = f"{gettext(problem.refusal.title)} {gettext(problem.refusal.next)}"
    answer = _answer(answers.error(problem.code, told), "application/json;charset=utf-8", problem.status)
    if problem.code == "not_signed_in":
        answer.headers["WWW-Authenticate"] = 'Basic realm="So Ho", charset="UTF-8"'
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


answers_in_its_own(blueprint, _answer_problem, "feed_key", "feed_account")
