"""Addresses, query options, tokens and Accept headers, as clients write them and as nobody should."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.odata import addresses
from survey.odata.answers import Manner, Writer, key_address, manner, takes_xml
from survey.odata.faults import FAULTS, Fault
from survey.odata.model import EntitySet, Kind, Property
from survey.odata.options import Token, read_options, read_token, typed

PERIODS = EntitySet(
    "Periods", "Period", ("Place", "Since"),
    (
        Property("Place", is_nullable=False), Property("Since", Kind.DATE, is_nullable=False), Property("Name"),
        Property("Households", Kind.INTEGER), Property("Cost", Kind.DECIMAL, decimals=4),
    ),
    ("Place", "Since"),
)  # fmt: skip
PLACES = EntitySet("Places", "Place", ("Id",), (Property("Id", is_nullable=False),), ("Id",))
SETS = {"Periods": PERIODS, "Places": PLACES}
# What Excel's Power Query sends (https://github.com/NLstn/go-odata/issues/874, a trace of July 2026).
EXCEL = (
    "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,"
    "application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"
)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("Places", (PLACES, None, False)),
        ("Places/", (PLACES, None, False)),
        ("Places/$count", (PLACES, None, True)),
        ("Places('14')", (PLACES, {"Id": "14"}, False)),
        ("Places(Id='Lò ''a''')", (PLACES, {"Id": "Lò 'a'"}, False)),
        ("Periods(Place='14',Since=2025-07-01)", (PERIODS, {"Place": "14", "Since": date(2025, 7, 1)}, False)),
        (
            "Periods( Since = 2025-07-01 , Place = '1,4)' )",
            (PERIODS, {"Place": "1,4)", "Since": date(2025, 7, 1)}, False),
        ),
    ],
)
def test_an_address_names_a_table_a_row_or_a_number(path: str, address: Any) -> None:
    assert addresses.parse(path, SETS) == address


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Nothing", "no_such_set"), ("places", "no_such_set"), ("Places('1", "no_such_set"), ("", "no_such_set"),
        ("Places()", "bad_key"), ("Periods('14')", "bad_key"), ("Periods(Place='14')", "bad_key"),
        ("Periods(Place='14',Place='14')", "bad_key"), ("Periods(Place='14',Name='a')", "bad_key"),
        ("Places('14'", "no_such_set"), ("Places('14',)", "bad_key"), ("Places('1';'2')", "bad_key"),
        ("Places(14)", "bad_literal"), ("Places('1\x00')", "bad_literal"),
        ("Periods(Place='14',Since=2025-13-01)", "bad_literal"),
        ("Places('14')/Id", "path_unsupported"), ("Places('14')/$count", "path_unsupported"),
        ("Places/$ref", "path_unsupported"), ("$all", "path_unsupported"), ("Places" + "x" * 2_000, "no_such_set"),
    ],
)  # fmt: skip
def test_any_other_address_is_refused(path: str, code: str) -> None:
    with pytest.raises(Fault) as refused:
        addresses.parse(path, SETS)
    assert refused.value.code == code


def asked(**options: str) -> Any:
    return read_options([(f"${name}", text) for name, text in options.items()], PERIODS)


def test_options_are_read() -> None:
    query = asked(select="Name,Place", top="5", skip="2", count="true", orderby="Place desc,Since desc")
    assert [one.name for one in query.select] == ["Place", "Name"]
    assert (query.top, query.skip, query.is_counted, query.order, query.is_downward) == (
        5,
        2,
        True,
        ("Place", "Since"),
        True,
    )
    assert asked(orderby="Place").order == ("Place",)
    assert asked(select="*").select == PERIODS.properties
    assert read_options([("filter", "x"), ("a", "1"), ("a", "2")], PERIODS).filter is None  # a client's own


@pytest.mark.parametrize(
    ("options", "code", "status"),
    [
        ([("$top", "-1")], "bad_number", 400), ([("$top", "1e9")], "bad_number", 400),
        ([("$top", "٣")], "bad_number", 400), ([("$skip", "10001")], "skip_unsupported", 501),
        ([("$count", "yes")], "bad_count", 400), ([("$select", "Names")], "no_such_property", 400),
        ([("$select", "")], "no_such_property", 400), ([("$orderby", "Name")], "orderby_unsupported", 501),
        ([("$orderby", "Since")], "orderby_unsupported", 501), ([("$orderby", "Nein")], "no_such_property", 400),
        ([("$orderby", "Place desc,Since")], "orderby_unsupported", 501),
        ([("$orderby", "Place up")], "bad_orderby", 400),
        ([("$orderby", "tolower(Place)")], "orderby_unsupported", 501),
        ([("$expand", "Rows")], "option_unsupported", 501),
        ([("$apply", "groupby((Place))")], "option_unsupported", 501), ([("$search", "a")], "option_unsupported", 501),
        ([("$filters", "a")], "bad_option", 400), ([("$top", "1"), ("$top", "2")], "option_twice", 400),
        ([("$skiptoken", "!!")], "bad_token", 400), ([("$skiptoken", "bnVsbA")], "bad_token", 400),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_is_refused(options: Any, code: str, status: int) -> None:
    with pytest.raises(Fault) as refused:
        read_options(options, PERIODS)
    assert (refused.value.code, refused.value.status) == (code, status)


def test_every_fault_has_a_status_of_the_standard() -> None:
    assert {status for status, _ in FAULTS.values()} == {400, 404, 406, 410, 501}


def test_a_token_comes_back_and_says_nothing_else() -> None:
    token = Token("03757", "g:7", ("đợt", date(2025, 7, 1), 3), 2, 50)
    text = token.text()
    assert text.isascii() and "=" not in text
    assert typed(read_token(text).place, [Kind.STRING, Kind.DATE, Kind.INTEGER]) == token.place
    for kinds in ([Kind.STRING] * 3, [Kind.STRING], [Kind.STRING, Kind.STRING, Kind.INTEGER, Kind.STRING]):
        with pytest.raises(Fault, match="bad_token"):
            typed(read_token(text).place, kinds)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_no_text_breaks_the_reading_of_tokens(text: str) -> None:
    try:
        assert isinstance(read_token(text), Token)
    except Fault as fault:
        assert fault.code == "bad_token"


@pytest.mark.parametrize(
    ("accept", "wanted", "found"),
    [
        ("", None, Manner()), ("*/*", None, Manner()), (EXCEL, None, Manner()), ("application/json", None, Manner()),
        ("application/json;odata.metadata=none", None, Manner("none")),
        ("application/json; odata.metadata=full; IEEE754Compatible=true", None, Manner("full", True)),
        ("application/xml", "json", Manner()), ("text/html", "application/json;odata.metadata=none", Manner("none")),
    ],
)  # fmt: skip
def test_how_an_answer_is_written(accept: str, wanted: str | None, found: Manner) -> None:
    assert manner(accept, wanted) == found


@pytest.mark.parametrize(
    ("accept", "wanted"), [("application/atom+xml", None), ("", "atom"), ("application/json;q=0", None)]
)
def test_what_is_not_spoken_is_said(accept: str, wanted: str | None) -> None:
    with pytest.raises(Fault, match="not_acceptable"):
        manner(accept, wanted)


def test_metadata_goes_out_as_xml_though_json_stands_first() -> None:
    """As https://github.com/flat3/lodata/issues/441 tells of Power BI: it takes $metadata as application/xml alone."""
    assert takes_xml(EXCEL, None)
    assert takes_xml("", None)
    assert not takes_xml("application/json", None)
    assert not takes_xml("", "json")


ROW = {
    "Place": "Lò 'a'/é",
    "Since": date(2025, 7, 1),
    "Name": 'tên "\n',
    "Households": 3,
    "Cost": Decimal("2500000.50"),
}


def test_values_are_exact_and_a_row_can_be_asked_for_by_its_address() -> None:
    """Money keeps its digits: 2500000.50 is no binary fraction on its way."""
    said = Writer("http://x/", PERIODS, Manner()).one(ROW)
    assert '"Cost":2500000.50' in said
    assert json.loads(said)["Name"] == ROW["Name"]
    assert json.loads(said)["@odata.context"] == "http://x/$metadata#Periods/$entity"
    long = json.loads(Writer("http://x/", PERIODS, Manner("full", True)).one(ROW))
    assert (long["Cost"], long["Households"], long["Cost@odata.type"]) == ("2500000.50", "3", "#Decimal")
    assert (
        long["@odata.id"] == "Periods(Place='L%C3%B2%20''a''%2F%C3%A9',Since=2025-07-01)" == key_address(PERIODS, ROW)
    )
    assert "@odata.context" not in Writer("http://x/", PERIODS, Manner("none")).one(ROW)


def test_a_table_is_written_row_by_row() -> None:
    """Nothing is read ahead: the first piece leaves before the last row is asked for."""
    read = []

    def rows() -> Any:
        for number in range(3_000):
            read.append(number)
            yield ROW | {"Households": number}

    pieces = Writer("http://x/", PERIODS, Manner()).table(rows(), 7, lambda: "http://x/next")
    first = next(pieces)
    assert 0 < len(read) < 1_000
    found = json.loads(first + b"".join(pieces))
    assert (found["@odata.count"], len(found["value"]), found["@odata.nextLink"]) == (7, 3_000, "http://x/next")
