"""The villages of a commune or province by the former commune that each lies in: as somebody entered it, or as the only
one that the commune is made of. A village of which that is not known, or which took in one of another former commune,
is named, and no table in former borders is handed out until it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from models import FormerCommune
from survey.borders.former_communes import last_borders
from survey.borders.villages import Villages, fold, former_of
from survey.register.places import changes_in
from survey.submissions.register_table import first_commune

NOT_KNOWN = "former_unknown"  # in the place of a code


@dataclass(frozen=True)
class Former:
    """`communes`: those that today's communes are made of, by code; none where nobody loaded the borders of before.
    `by_district`: whether former districts are meant, and not their communes."""

    known: Villages
    communes: Mapping[str, FormerCommune]
    alone: Mapping[str, str]
    of_commune: Mapping[str, Sequence[FormerCommune]] = field(default_factory=dict)
    by_district: bool = False

    def code(self, village_id: str) -> str:
        """Of the former commune, or district, of a village."""
        code = former_of(self.known, village_id, date.max, self.alone)
        if not self.by_district:
            return code or NOT_KNOWN
        if code is not None and code in self.communes:
            return self.communes[code].district_code
        # Whichever of them it lies in: those that its commune is made of are mostly of one district.
        of = self.of_commune.get(first_commune(self.known, village_id) or village_id.partition("-")[0], ())
        districts = {one.district_code for one in of}
        return districts.pop() if len(districts) == 1 else NOT_KNOWN

    def missing(self, villages: Iterable[str]) -> list[str]:
        return [one for one in villages if self.code(one) == NOT_KNOWN]

    def names(self) -> dict[str, str]:
        if self.by_district:
            return {one.district_code: one.district for one in self.communes.values()}
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


def former_communes(session: Session, province_id: str, communes: Sequence[str], by_district: bool = False) -> Former:
    borders, known = last_borders(session, province_id), fold(changes_in(session, communes))
    if borders is None:
        return Former(known, {}, {})
    of = {one.code: one for commune_id in communes for one in borders.of_commune.get(commune_id, [])}
    return Former(known, of, borders.alone, borders.of_commune, by_district)
