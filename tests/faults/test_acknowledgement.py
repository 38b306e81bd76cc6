"""The acknowledgement of a push, cut at every single byte."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.faults.line import Weather
from tests.faults.simulation import Simulation


class OneRecord(Simulation):
    """A phone with one finished record, with a photo, that the office has never seen."""

    async def run(self) -> None:
        self.people, self.steps = ["enumerator"], []
        try:
            await self._prepare()
            step = {"phone": 0, "tab": 0, "household": "ho-1", "answers": 3, "photos": 1, "finish": True}
            await self._do_interview(step)
            await self.case()
        finally:
            await self.close()

    async def case(self) -> None:
        raise NotImplementedError

    def received(self) -> list[Any]:
        rows = self.office.ask("SELECT entry_id, content_hash, body, signature FROM receipt ORDER BY entry_id")
        return [tuple(row) for row in rows]


class EveryByte(OneRecord):
    async def case(self) -> None:
        [line] = self.lines
        length, cut = 2, 0
        first: list[Any] = []
        while cut < length:
            line.weather, line.lengths = [Weather("push", "cut_answer", cut if cut >= 2 else cut / 1000)], []
            ended = await self._sync(0, 0)
            assert ended["stopped"]["act"] == "wait"
            assert not line.weather
            length = line.lengths[-1]
            assert (await self._ask(0, 0, "counts"))["unsent"] == 1
            first = first or self.received()
            assert self.received() == first
            assert len(self.office.ask("SELECT 1 FROM submission")) == 1
            cut += 1
        assert length > 500, "an acknowledgement of its usual length was cut"
        await self._calm()
        kept = {row[0]: row for row in self.received()}
        assert first[0] == kept[first[0][0]], "the phone has the very receipt that was made first"


def test_a_push_whose_acknowledgement_is_cut_at_any_byte_is_one_row_and_one_receipt(
    template: Path, tmp_path: Path
) -> None:
    asyncio.run(EveryByte(0, template, tmp_path).run())
