"""What communes and villages are called, and how a name is found by who types without tones."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import Place, PlacePeriod
from survey.text import normal


def names_in(session: Session, communes: Iterable[str], day: date) -> dict[str, str]:
    """The names on `day` of `communes` and of every village in them, by id, in the order of their ids."""
    ids = sorted(communes)
    query = (
        select(PlacePeriod.place_id, PlacePeriod.name)
        .join(Place, Place.id == PlacePeriod.place_id)
        .where(
            or_(Place.id.in_(ids), Place.parent_id.in_(ids)),
            PlacePeriod.valid_from <= day,
            or_(PlacePeriod.valid_to.is_(None), PlacePeriod.valid_to > day),
        )
        .order_by(PlacePeriod.place_id)
    )
    return {row.place_id: row.name for row in session.execute(query)}


def without_tones(text: str) -> str:
    """`text` in lower case without tones and other marks, đ as d, spaces single: "Lò Văn Đông" is "lo van dong"."""
    decomposed = normal("NFD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(plain.replace("đ", "d").split())
