"""One seed: phones, lines and an office go through its schedule; then the line is good, and every promise must hold."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from models import Account, Household
from survey.accounts.accounts import deactivate
from survey.clocks import day_of
from survey.register.event_log import Done
from survey.review import register_acts
from survey.review.register_acts import Wish
from survey.terms import RegisterKind
from tests import world
from tests.faults.ledger import Broken, Ledger, hold
from tests.faults.line import Line, Weather
from tests.faults.log import Log
from tests.faults.office import Office
from tests.faults.phones import Died, Failed, Phones
from tests.faults.schedule import Step, hardship, schedule
from tests.faults.serve import DATABASE_FULL, FILES_FULL
from tests.pictures import picture

PATIENCE = 60  # seconds for one step on a busy machine; then the seed fails
TRIES = 4  # talks with the office until everything must be there
FAST = Path("/dev/shm")  # a killed process loses nothing of what it wrote there either
PHOTO_PATH = "anh_nha"
PATHS = ("diem_b1", "ghi_chu", "mang", "thanh_vien[1]/tuoi", "thanh_vien[1]/the_bhyt", "thanh_vien[1]/ho_ten")


class Simulation:
    """`log`: each step and what became of each request."""

    def __init__(self, seed: int, template: Path, folder: Path) -> None:
        self.people, self.steps = schedule(seed)
        self.seed = seed
        self.chance = Random(f"answers {seed}")
        self.log = Log()
        self.ledger = Ledger()
        self.office = Office(template, folder)
        self.lines: list[Line] = []
        self.phones = Phones()
        self.tabs: set[tuple[int, int]] = set()

    async def run(self) -> None:
        """Raises Broken when a promise does not hold."""
        try:
            await self._prepare()
            for step in self.steps:
                self.log.say(f"  {step}")
                await asyncio.wait_for(self._do(step), PATIENCE)
            self.log.say("  all is well again")
            await self._calm()
        finally:
            await self.close()

    async def close(self) -> None:
        await self.phones.stop()
        for line in self.lines:
            await line.close()
        self.office.stop()

    async def _prepare(self) -> None:
        self.office.start()
        self.office.back_up()
        await self.phones.start()
        for number, username in enumerate(self.people):
            line = self.line(f"phone {number}")
            await line.open()
            self.lines.append(line)
            seed = self.seed * 10 + number
            await self.phones.do("buy", number, name=str(number), address=line.address, release="release-1", seed=seed)
            await self._set_clock(number, 0)
            await self._open(number, 0)
            await self._sign_in(number, username)
            await self._sync(number, 0)

    def line(self, name: str) -> Line:
        return Line(self.office, self.log, name)

    # Steps

    async def _do(self, step: Step) -> None:
        self.log.happened[step["do"]] += 1
        await self.DOES[step["do"]](self, step)

    async def _do_interview(self, step: Step) -> None:
        phone, tab = step["phone"], step["tab"]
        if not await self._open(phone, tab):
            return
        try:
            await self._mortal(step)
            draft = await self._ask(phone, tab, "begin", household=step["household"])
            if draft is None:
                return
            for place, path in enumerate(self.chance.sample(PATHS, step["answers"])):
                if "full" in step and place == step["full"][0]:
                    await self.phones.do("set", phone, full=step["full"][1])
                answers = {path: self._answer(path)}
                told = answers if "[" not in path else {}
                self.ledger.give(phone, draft, told)
                if await self._ask(phone, tab, "answer", draft=draft, answers=answers):
                    self.ledger.saved(phone, draft, told)
            for _ in range(step["photos"]):
                photo = self._photo()
                told = {PHOTO_PATH: hashlib.sha256(photo).hexdigest()}
                self.ledger.give(phone, draft, told)
                bytes_ = base64.b64encode(photo).decode()
                if await self._ask(phone, tab, "photograph", draft=draft, path=PHOTO_PATH, bytes=bytes_):
                    self.ledger.saved(phone, draft, told)
            if step["finish"]:
                await self._finish(phone, tab, draft)
            await self._immortal(step)
            if step["answers"] <= 2:  # it was no good time: they say so, and it goes with what is asked
                await self._say(phone, tab, step["household"])
        except (Died, Failed) as end:
            await self._ended(phone, tab, end)
        finally:
            if "full" in step:
                await self.phones.do("set", phone, full=None)

    async def _mortal(self, step: Step) -> None:
        """From here on the tab dies when the step says so …"""
        if "dies" in step:
            await self._ask(step["phone"], step["tab"], "dies", steps=step["dies"])

    async def _immortal(self, step: Step) -> None:
        """… until here, unless it was closed."""
        if "dies" in step and (step["phone"], step["tab"]) in self.tabs:
            await self._ask(step["phone"], step["tab"], "dies", steps=None)

    async def _do_finish(self, step: Step) -> None:
        phone, tab = step["phone"], step["tab"]
        if not await self._open(phone, tab):
            return
        try:
            drafts = (await self._ask(phone, tab, "look"))["drafts"]
            await self._mortal(step)
            if drafts:
                await self._finish(phone, tab, drafts[0]["id"])
            await self._immortal(step)
        except (Died, Failed) as end:
            await self._ended(phone, tab, end)

    async def _finish(self, phone: int, tab: int, draft: str) -> None:
        item = await self._ask(phone, tab, "finalise", draft=draft)
        if item is not None:
            self.ledger.finish(phone, item)

    async def _say(self, phone: int, tab: int, household: str) -> None:
        self.log.happened["said without an interview"] += 1
        item = await self._ask(phone, tab, "say", household=household, kind="refused")
        if item is not None:
            self.ledger.finish(phone, item)

    async def _do_sync(self, step: Step) -> None:
        phone, tab = step["phone"], step["tab"]
        if not await self._open(phone, tab):
            return
        self.lines[phone].weather = [Weather(*one) for one in step["line"]]
        try:
            await self._mortal(step)
            await self._sync(phone, tab)
            await self._immortal(step)
        except (Died, Failed) as end:
            await self._ended(phone, tab, end)
        self.lines[phone].weather = []

    async def _sync(self, phone: int, tab: int) -> dict[str, Any]:
        """One talk with the office. When nothing answers, the phone's patience ends at once, not after minutes."""
        line = self.lines[phone]
        line.silent.clear()
        talking = asyncio.ensure_future(self._ask(phone, tab, "sync"))
        while not talking.done():
            silent = asyncio.ensure_future(line.silent.wait())
            await asyncio.wait([talking, silent], return_when=asyncio.FIRST_COMPLETED)
            silent.cancel()
            if line.silent.is_set():
                line.silent.clear()
                await self.phones.do("patience", phone)
        ended: dict[str, Any] = talking.result()
        how_it_went = ended["stopped"] or "done" if ended["ran"] else "another tab is at it"
        self.log.say(f"    phone {phone} tab {tab}: {how_it_went}")
        cause = (ended["stopped"] or {}).get("cause")
        hold(cause is None or cause in KNOWN, f"the app broke: {(ended['stopped'] or {}).get('why')}")
        if cause == "VersionError":
            await self._do_tab_closed({"phone": phone, "tab": tab})
        return ended

    async def _do_outing(self, step: Step) -> None:
        for one in step["steps"]:
            await self._do(one)

    async def _do_at_once(self, step: Step) -> None:
        for one in step["steps"]:
            if "phone" in one and not await self._open(one["phone"], one["tab"]):
                return
        await asyncio.gather(*(self._do(one) for one in step["steps"]))

    async def _do_pin_chosen(self, step: Step) -> None:
        """What the phone keeps in plain is sealed, whatever cuts that off."""
        phone, tab = step["phone"], step["tab"]
        if not await self._open(phone, tab):
            return
        try:
            await self._mortal(step)
            await self._ask(phone, tab, "choose pin")
            await self._immortal(step)
        except (Died, Failed) as end:
            await self._ended(phone, tab, end)

    async def _do_tab_closed(self, step: Step) -> None:
        phone, tab = step["phone"], step["tab"]
        if (phone, tab) in self.tabs:
            await self.phones.do("kill", phone, tab)
            self.tabs.discard((phone, tab))

    async def _do_connection_lost(self, step: Step) -> None:
        if await self._open(step["phone"], step["tab"]):
            await self._ask(step["phone"], step["tab"], "disconnect")

    async def _do_phones_clock(self, step: Step) -> None:
        await self._set_clock(step["phone"], step["seconds"])

    async def _set_clock(self, phone: int, seconds: int) -> None:
        true = (self.office.true_ahead + seconds) * 1000
        await self.phones.do("set", phone, ahead=true)

    async def _do_phone_full(self, step: Step) -> None:
        await self.phones.do("set", step["phone"], full=step["when"])

    async def _do_phone_has_room(self, step: Step) -> None:
        await self.phones.do("set", step["phone"], full=None)

    async def _do_late(self, step: Step) -> None:
        await self.lines[step["phone"]].late()

    async def _do_office_killed(self, _step: Step) -> None:
        self.office.stop()

    async def _do_office_restarts(self, step: Step) -> None:
        self.office.stop()
        self.office.release = step["release"]
        self.office.start()

    async def _do_offices_clock(self, step: Step) -> None:
        self.office.clock(step["seconds"])

    async def _do_backup(self, _step: Step) -> None:
        self.office.back_up()

    async def _do_restore(self, _step: Step) -> None:
        self.office.restore()
        for phone, username in enumerate(self.people):  # who signed in since the backup is asked to again
            await self.phones.do("set", phone, cookie=self.office.cookie(username))

    async def _do_database_full(self, _step: Step) -> None:
        self.office.switches[DATABASE_FULL] = 1

    async def _do_files_full(self, step: Step) -> None:
        self.office.switches[FILES_FULL] = step["when"]

    async def _do_office_has_room(self, _step: Step) -> None:
        self.office.switches[DATABASE_FULL] = self.office.switches[FILES_FULL] = 0

    async def _do_revoked(self, step: Step) -> None:
        self._account(step["username"], active=False)

    async def _do_allowed_again(self, step: Step) -> None:
        self._account(step["username"], active=True)
        for phone, username in enumerate(self.people):
            if username == step["username"]:
                await self.phones.do("set", phone, cookie=self.office.cookie(username))

    def _account(self, username: str, *, active: bool) -> None:
        with self.office.changes() as session:
            account = session.scalars(select(Account).where(Account.username == username)).one()
            if account.active != active:
                deactivate(account, active)

    async def _do_moved(self, step: Step) -> None:
        """The household belongs to the other village, and did from the beginning: what comes of it is held."""
        done = Done(None, world.NOW, "chuyển bản")
        wish = Wish(RegisterKind.MOVE, step["household"], day_of(world.NOW), given={"village": world.VILLAGE_2})
        with self.office.changes() as session:
            if session.get_one(Household, (world.COMMUNE, step["household"])).village_id != world.VILLAGE_2:
                register_acts.carry_out(session, world.COMMUNE, wish, done)

    # Tabs

    async def _open(self, phone: int, tab: int) -> bool:
        """Open the app in this tab, unless it is. It must find everything that people were told it has. False: it
        cannot be opened now, and says why."""
        if (phone, tab) in self.tabs:
            return True
        try:
            await self.phones.do("open", phone, tab)
        except Failed as end:
            await self._ended(phone, tab, end)
            return False
        self.tabs.add((phone, tab))
        await self._check_phone(phone, tab)
        return True

    async def _check_phone(self, phone: int, tab: int) -> dict[str, Any]:
        seen: dict[str, Any] = await self._ask(phone, tab, "look")
        self.ledger.check_phone(phone, seen)
        mishaps = await self.phones.do("mishaps")
        hold(not mishaps, f"the app threw what nobody caught: {mishaps}")
        return seen

    async def _ask(self, phone: int, tab: int, what: str, **more: Any) -> Any:
        return await self.phones.do(what, phone, tab, **more)

    async def _ended(self, phone: int, tab: int, end: Died | Failed) -> None:
        how = end.kind if isinstance(end, Failed) else "tab died"
        self.log.say(f"    phone {phone} tab {tab}: {how}", how)
        if isinstance(end, Died):
            self.tabs.discard((phone, tab))
        else:
            hold(end.kind in KNOWN, f"the app broke: {end}")
            if end.kind == "VersionError":
                await self._do_tab_closed({"phone": phone, "tab": tab})  # it must be loaded again

    async def _sign_in(self, phone: int, username: str) -> None:
        await self.phones.do("set", phone, cookie=self.office.cookie(username))
        await self._ask(phone, 0, "enrol")

    # The end

    async def _calm(self) -> None:
        office = self.office
        office.switches[DATABASE_FULL] = office.switches[FILES_FULL] = 0
        office.clock(0)
        office.start()
        for username in sorted(set(self.people)):
            if self.chance.random() < 0.7:  # else a closed account stays closed: it hands over all the same
                self._account(username, active=True)
        for phone, username in enumerate(self.people):
            for tab in (0, 1):
                await self._do_tab_closed({"phone": phone, "tab": tab})
            await self.phones.do("set", phone, full=None, cookie=office.cookie(username))
            await self._set_clock(phone, 0)
            hold(await self._open(phone, 0), f"phone {phone} cannot be opened any more")
            await self._until_sent(phone)
        await self._check_all()
        for line in self.lines:  # what was underway all the time arrives last of all, and changes nothing
            await line.late()
        await self._check_all()

    async def _until_sent(self, phone: int) -> None:
        """First with what is hard and yet enough for all that is finished; then there is nothing more to say."""
        hard = [Weather(*one) for one in hardship(self.chance)]
        for number in range(2 * TRIES):
            self.lines[phone].weather = hard if number < TRIES else []
            await self._ask(phone, 0, "forgive")
            ended = await self._sync(phone, 0)
            seen = await self._check_phone(phone, 0)
            if seen["counts"]["unsent"] == 0:
                hard = []
                if not ended["stopped"]:
                    return
            hold(number < TRIES - 1 or not hard, f"phone {phone} sends nothing more with {hard}: {ended['stopped']}")
        unsent = [item for item in seen["outbox"] if item["state"] != "received" or item["missing"]]
        why = [(item["id"], item["problem"]) for item in unsent]
        raise Broken(f"phone {phone} cannot send {why}: {ended['stopped']}")

    async def _check_all(self) -> None:
        self.ledger.check_office(self.office)
        self.ledger.check_derived(self.office)
        for phone in range(len(self.people)):
            seen = await self._check_phone(phone, 0)
            self.ledger.check_receipts(phone, seen, self.office)

    # What people answer

    def _answer(self, path: str) -> Any:
        name = path.rpartition("/")[2]
        if name in ("mang", "the_bhyt"):
            return self.chance.choice(("co", "khong"))
        if name in ("diem_b1", "tuoi"):
            return self.chance.randrange(0, 120)
        return f"Nhà bên suối {self.chance.randrange(10_000)} ạ"

    def _photo(self) -> bytes:
        """A JPEG unlike any other: its comments are. A large one goes in parts."""
        sizes = self.chance.choice(((16,), (900,), (30_000,), (60_000, 60_000, 60_000)))
        notes = (self.chance.randbytes(size) for size in sizes)
        said = b"".join(b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note for note in notes)
        return PHOTO[:2] + said + PHOTO[2:]

    DOES = {
        "interview": _do_interview, "finish": _do_finish, "sync": _do_sync, "outing": _do_outing,
        "at once": _do_at_once, "PIN chosen": _do_pin_chosen, "tab closed": _do_tab_closed,
        "connection lost": _do_connection_lost, "phone's clock": _do_phones_clock,
        "phone full": _do_phone_full, "phone has room": _do_phone_has_room, "late": _do_late,
        "office killed": _do_office_killed, "office restarts": _do_office_restarts, "office's clock": _do_offices_clock,
        "backup": _do_backup, "restore": _do_restore, "database full": _do_database_full, "files full": _do_files_full,
        "office has room": _do_office_has_room, "revoked": _do_revoked, "allowed again": _do_allowed_again,
        "moved": _do_moved,
    }  # fmt: skip


PHOTO = picture("JPEG")
# What the app may say instead of doing it: then nothing was promised. VersionError: another tab opened the database for
# a newer schema.
KNOWN = ("QuotaExceededError", "DraftClosed", "InvalidStateError", "AbortError", "VersionError")


@contextmanager
def somewhere_fast() -> Iterator[Path]:
    """A folder for one office."""
    with tempfile.TemporaryDirectory(dir=FAST if os.access(FAST, os.W_OK) else None, prefix="so-ho-faults-") as folder:
        yield Path(folder)


async def simulate(seed: int, template: Path) -> tuple[str | None, Log]:
    """Run a seed on a copy of `template`: what is broken, or None, and the log."""
    with somewhere_fast() as folder:
        simulation = Simulation(seed, template, folder)
        try:
            await simulation.run()
        except (Broken, Failed, TimeoutError) as broken:
            return f"{type(broken).__name__}: {broken}", simulation.log
        return None, simulation.log
