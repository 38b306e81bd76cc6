"""The programmes of a province as they stand: projects, what these serve, kinds of support with their rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import PlanPlaceSet, Programme, Project, Serves, SupportKind
from survey.programmes.place_sets import sets_of
from survey.support_terms import ProgrammeKind


@dataclass(frozen=True)
class Catalogue:
    """The latest version of each row that is not withdrawn. `projects` by programme and code, `kinds` by code;
    `sets`: of communes, by code."""

    province_id: str
    programmes: Mapping[str, Programme]
    projects: Mapping[tuple[str, str], Project]
    serves: Sequence[Serves]
    kinds: Mapping[str, SupportKind]
    sets: Mapping[str, PlanPlaceSet]

    def runs(self, project: Project, day: date) -> bool:
        """Whether a project is open on a day: within its own days and its programme's."""
        programme = self.programmes[project.programme]
        periods = ((programme.since, programme.until), (project.opens, project.ends))
        return all((low is None or low <= day) and (high is None or day <= high) for low, high in periods)

    def communes_of(self, place_set: str, day: date) -> frozenset[str] | None:
        """The communes of a set in the year of a day; None: nobody entered which they are."""
        known = self.sets.get(place_set)
        if known is None or not known.since <= day.year <= known.until:
            return None
        return frozenset(known.communes)

    def reaches(self, project: Project, commune_id: str, day: date) -> bool | None:
        """Whether a project is for a commune; None: nobody entered of which communes it is."""
        if project.commune_id is not None:
            return project.commune_id == commune_id
        return self._in_set(project.place_set, commune_id, day)

    def _in_set(self, place_set: str, commune_id: str, day: date) -> bool | None:
        if not place_set:
            return True
        communes = self.communes_of(place_set, day)
        return None if communes is None else commune_id in communes

    def serving(self, commune_id: str, day: date) -> Iterator[tuple[Serves, Project, bool | None]]:
        """What serves which indicator in a commune on a day, and whether it is for this commune (None: not known)."""
        for one in self.serves:
            project = self.projects.get((one.programme, one.project))
            if project is None or not self.runs(project, day):
                continue
            here = (self.reaches(project, commune_id, day), self._in_set(one.place_set, commune_id, day))
            if False not in here:
                yield one, project, None if None in here else True

    def is_policy(self, project: Project) -> bool:
        """Whether it is a policy outside any programme."""
        return self.programmes[project.programme].kind == ProgrammeKind.POLICY


def catalogue_of(session: Session, province_id: str) -> Catalogue:
    """What stands now."""
    programmes = {one.code: one for one in _standing(session, Programme, province_id)}
    projects = {
        (one.programme, one.code): one
        for one in _standing(session, Project, province_id) if one.programme in programmes
    }  # fmt: skip
    serves = [one for one in _standing(session, Serves, province_id) if (one.programme, one.project) in projects]
    kinds = {one.code: one for one in _standing(session, SupportKind, province_id)}
    return Catalogue(province_id, programmes, projects, serves, kinds, sets_of(session, province_id))


def _standing(session: Session, model: Any, province_id: str) -> list[Any]:
    """The latest version of each row of a province, by key, without those that are withdrawn."""
    *keys, version = model.__table__.primary_key.columns
    rows = select(model).where(model.province_id == province_id).order_by(*keys, version)
    last = {tuple(getattr(row, column.name) for column in keys): row for row in session.scalars(rows)}
    return [row for row in last.values() if not row.withdrawn]
