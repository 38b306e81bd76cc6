"""Which communes a name such as poor districts means in a province: an entered list, never a constant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Place, PlanPlaceSet
from survey.terms import PlaceKind


def communes_in(province_id: str) -> Any:
    """The statement that finds the communes of a province."""
    return select(Place.id).where(Place.parent_id == province_id, Place.kind == PlaceKind.COMMUNE).order_by(Place.id)


def sets_of(session: Session, place_id: str) -> Mapping[str, PlanPlaceSet]:
    """By code, as they stand."""
    rows = select(PlanPlaceSet).where(PlanPlaceSet.place_id == place_id).order_by(PlanPlaceSet.version)
    return {row.code: row for row in session.scalars(rows)}
