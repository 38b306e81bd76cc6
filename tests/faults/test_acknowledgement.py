"""The acknowledgement of a push, cut at every single byte; and one that comes too late."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.faults.line import Line, Request, Weather
from tests.faults.simulation import Simulation, somewhere_fast

ANEW = 40  # the office itself is asked at each such cut


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


class Recalling(Line):
    """Says again what the office said to a request of this kind, unless it shall be asked anew: what a cut does to a
    phone is the phone's matter, and the office answers the same push in the same way, which each ANEWth cut shows."""

    said: dict[str, bytes]

    async def _answer(self, request: Request, weather: Weather) -> bytes:
        if request.kind not in self.said:
            self.said[request.kind] = await super()._answer(request, weather)
        return self.said[request.kind]


class EveryByte(OneRecord):
    def line(self, name: str) -> Recalling:
        line = Recalling(self.office, self.log, name)
        line.said = {}
        return line

    async def case(self) -> None:
        [line] = self.lines
        assert isinstance(line, Recalling)
        length, cut = 2, 0
        first: list[Any] = []
        while cut < length:
            if cut % ANEW == 0:
                line.said = {}
            # The phone asks what has arrived: here nobody tells it, so that it sends the same again.
            deaf = Weather("receipts", "out", 404)
            place = cut if cut >= 2 else cut / 1000
            line.weather = [Weather("push", "cut_answer", place), deaf]
            ended = await self._sync(0, 0)
            assert ended["stopped"]["act"] == "wait"
            assert line.weather == [deaf]
            length = len(line.said["push"])
            assert (await self._ask(0, 0, "counts"))["unsent"] == 1
            first = first or self.received()
            if cut % ANEW == 0:
                assert self.received() == first
                assert len(self.office.ask("SELECT 1 FROM submission")) == 1
            cut += 1
        assert length > 500, "an acknowledgement of its usual length was cut"
        line.said, line.weather = {}, []
        await self._calm()
        kept = {row[0]: row for row in self.received()}
        assert first[0] == kept[first[0][0]], "the phone has the very receipt that was made first"


class Late(OneRecord):
    async def case(self) -> None:
        [line] = self.lines
        self.office.back_up()  # of who is signed in
        await self._sync(0, 0)
        assert (await self._ask(0, 0, "counts"))["unsent"] == 0
        self.office.restore()
        await self._sign_in_anew()
        line.weather = [Weather("push", "stale")]
        ended = await self._sync(0, 0)
        assert ended["stopped"]["act"] == "wait"
        assert not line.weather
        assert (await self._ask(0, 0, "counts"))["unsent"] == 1
        await self._calm()


def test_an_acknowledgement_from_before_a_backup_was_put_back_counts_no_more(template: Path) -> None:
    with somewhere_fast() as folder:
        asyncio.run(Late(0, template, folder).run())


def test_a_push_whose_acknowledgement_is_cut_at_any_byte_is_one_row_and_one_receipt(template: Path) -> None:
    with somewhere_fast() as folder:
        asyncio.run(EveryByte(0, template, folder).run())
