"""The official tables for the public: by page, CSV and workbook, with what they leave out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from models import AuditEvent
from survey.layouts.checking import Trust, verify
from survey.terms import Action
from tests.pages import text_of
from tests.web.desk.field import Field
from tests.web.programme.test_layouts import CASE, FOUND, closed
from tests.world import COMMUNE, VILLAGE

HERE = f"/desk/{COMMUNE}/tables"


@pytest.fixture
def small(field: Callable[..., Field]) -> Field:
    """A commune of four households, all figures of which are 0 to 4, and its residents."""
    return field(4, done=closed)


def test_no_small_figure_is_on_the_page_and_it_says_why(small: Field, login_as: Any) -> None:
    supervisor = login_as("supervisor")
    assert f"{HERE}/public?table=1" in supervisor.get(f"{HERE}?table=1").get_data(as_text=True)
    page = text_of(supervisor.get(f"{HERE}/public?table=1"))
    # Two of twenty are poor, of fifty in all: neither can be said, nor of whom the commune consists.
    assert "Bản Nà Ca 20 90 * * * * – – * * * * – – Tiểu khu 2 30 120 * * * * – – * * * * – –" in page
    assert "số liệu từ 1 đến 4" in page
    exact = text_of(supervisor.get(f"{HERE}?table=1"))
    assert "Bản Nà Ca 20 90 2 10,00 1 5,00 – – 9 10,00 4 4,44 – –" in exact


def test_the_csv_has_a_star_where_a_figure_is_hidden_and_is_logged(small: Field, login_as: Any) -> None:
    answer = login_as("supervisor").get(f"{HERE}/public.csv?table=4")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    values = {row["value"] for row in rows}
    assert "*" in values
    assert not values & {"1", "2", "3", "4"}
    [event] = small.session.scalars(select(AuditEvent).where(AuditEvent.verb == "export.read"))
    assert (event.detail["public"], event.detail["tables"], event.detail["file"]) == (True, [4], "csv")
    assert "cong-khai" in answer.headers["Content-Disposition"]


def test_the_workbook_has_no_formula_and_no_small_figure_and_is_signed(small: Field, login_as: Any, app: Flask) -> None:
    answer = login_as("supervisor").get(f"{HERE}/public.xlsx")
    sheets = load_workbook(io.BytesIO(answer.data)).worksheets
    cells = [cell for sheet in sheets[:-1] for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 500
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.value in (1, 2, 3, 4)]
    assert any(cell.value == "*" for cell in cells)
    assert not [
        one for row in sheets[-1].iter_rows(values_only=True) for one in row[6:7] if one in ("1", "2", "3", "4")
    ]
    assert verify(answer.data, Trust(frozenset({app.extensions["prover"].public_key}))).faults == []


def test_while_a_commune_is_open_there_is_none(field: Callable[..., Field], login_as: Any) -> None:
    made = field(4)
    made.send(made.entry(0, CASE[FOUND[0][0]]))
    made.decide(made.sent[0], Action.ACCEPT)
    supervisor = login_as("supervisor")
    assert "Đợt rà soát này chưa có bản công khai" in text_of(supervisor.get(f"{HERE}/public"))
    refused = supervisor.get(f"{HERE}/public.csv?table=4")
    assert refused.status_code == 409


def test_a_village_alone_and_former_borders_have_none(small: Field, login_as: Any) -> None:
    supervisor = login_as("supervisor")
    for more in (f"village={VILLAGE}", "borders=former"):
        assert supervisor.get(f"{HERE}/public?{more}").status_code == 404
        assert supervisor.get(f"{HERE}/public.csv?table=1&{more}").status_code == 404
    assert supervisor.get(f"{HERE}/public.pdf").status_code == 404
