"""The villages of a commune by the former commune that each lies in: as somebody entered it, or as the only one that
the commune is made of. A village of which that is not known, or which took in one of another former commune, is named,
and no table in former borders is handed out until it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from models import FormerCommune
from survey.borders.former_communes import last_borders
from survey.borders.villages import Villages, fold, former_of
from survey.register.places import changes_in

NOT_KNOWN = "former_unknown"  # in the place of a code


@dataclass(frozen=True)
class Former:
    """`communes`: those that today's commune is made of, by code; none where nobody loaded the borders of before."""

    known: Villages
    communes: Mapping[str, FormerCommune]
    alone: Mapping[str, str]

    def code(self, village_id: str) -> str:
        """Of the former commune of a village."""
        return former_of(self.known, village_id, date.max, self.alone) or NOT_KNOWN

    def missing(self, villages: Iterable[str]) -> list[str]:
        return [one for one in villages if self.code(one) == NOT_KNOWN]

    def names(self) -> dict[str, str]:
        return {code: f"{one.name} ({one.district})" for code, one in self.communes.items()}

    @property
    def said(self) -> Mapping[str, str]:
        """Until when these borders were, how sure that is and where it comes from: of each wording once."""
        those = list(self.communes.values())
        return {
            "day": f"{min(one.valid_to for one in those):%d/%m/%Y}" if those else "–",
            "status": "; ".join(sorted({one.status for one in those})),
            "source": "; ".join(sorted({one.source for one in those})),
        }


def former_communes(session: Session, province_id: str, communes: Sequence[str]) -> Former:
    borders, known = last_borders(session, province_id), fold(changes_in(session, communes))
    if borders is None:
        return Former(known, {}, {})
    of = {one.code: one for commune_id in communes for one in borders.of_commune.get(commune_id, [])}
    return Former(known, of, borders.alone)
