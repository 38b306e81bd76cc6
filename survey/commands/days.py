"""A day as it is typed: 2026-11-23. It has no hour, so it is the same in every zone."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

_WRITTEN = click.DateTime(["%Y-%m-%d"])


class Day(click.ParamType[date]):
    name = "date"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return _WRITTEN.get_metavar(param, ctx)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        return value if isinstance(value, date) else _WRITTEN.convert(value, param, ctx).date()


DAY = Day()
