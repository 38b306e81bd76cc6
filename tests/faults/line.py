"""A phone's line to the office: a proxy that does to each request and answer what the schedule says.

One connection carries one request. What can happen to it (`Weather.what`; `at` is a share of the bytes, 0 … 1, or a
number of bytes from 2 on):

    pass            nothing
    refuse          no connection at all
    cut_request     the line breaks after so much of the request
    drop_request    all of it gone, nothing came of it
    drop_answer     the office did it, the phone hears nothing
    cut_answer      the phone hears so much of the answer, then the line breaks
    short_answer    the same, but the answer ends as if it were whole
    garble          one byte of the answer's body is another one
    forge           one letter of a receipt's signature is another one
    twice           the office gets it twice, one after the other; the phone hears the second answer
    at_once         the office gets it twice at the same time; the phone hears one of the answers
    hold_request    it lies somewhere on its way, and the phone loses patience; `late()` brings it to the office
    hold_answer     the office did it, the phone loses patience
    portal          a café's sign-in page, with status 200
    redirect        the same, by a redirect
    gateway         502, from a machine between
    kill            the office dies instead of taking step number `at` with its database or disk
    kill_commit     it dies right before (`at` < ½) or right after its commit
    stale           what was answered to the request before of the same kind

and for as long as a talk lasts, to each request of the kind:

    narrow          the line breaks in each that carries more than `at` bytes
    out             the office answers `at`, a status, whatever is asked
    stall           it is heard, and never answered
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import NamedTuple

from tests.faults.log import Log
from tests.faults.office import Office
from tests.faults.serve import AFTER, BEFORE, DIES_AT_COMMIT, DIES_IN

PLAIN = ("garble", "forge", "short_answer", "stale")  # what is done to an answer that is not compressed
LASTING = ("narrow", "out", "stall")
SIGNATURE = b'"signature":"'
PORTAL = b"<!doctype html><title>Wi-Fi</title><form>Xin chao</form>"


class Weather(NamedTuple):
    on: str  # hello, push, receipts, file, register, form, or any
    what: str
    at: float = 0.0


@dataclass
class Request:
    method: str
    path: str
    head: bytes
    body: bytes

    @property
    def kind(self) -> str:
        part = self.path.removeprefix("/api/v1/").partition("/")[0].partition("?")[0]
        return {"files": "file", "uploads": "file", "forms": "form"}.get(part, part)

    def bytes(self, plain: bool = False) -> bytes:
        """As it goes to the office: one request a connection; `plain`: the answer shall not be compressed."""
        first, *fields = self.head.split(b"\r\n")
        ours = (b"connection:", b"accept-encoding:") if plain else (b"connection:",)
        kept = [one for one in fields if one and not one.lower().startswith(ours)]
        return b"\r\n".join([first, *kept, b"Connection: close", b"", b""]) + self.body


class Line:
    """`address` is the office as the phone knows it. `log` is told what happened to each request."""

    def __init__(self, office: Office, log: Log, name: str) -> None:
        self.office, self.log, self.name = office, log, name
        self.weather: list[Weather] = []
        self.silent = asyncio.Event()
        self.held: list[Request] = []
        self.answered: dict[str, bytes] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
        self._server.close()

    async def late(self) -> None:
        """What was held arrives at the office after all; nobody waits for the answers."""
        held, self.held = self.held, []
        for request in held:
            answer = await self._ask(request.bytes())
            self.log.say(f"    {self.name} late {request.method} {request.path} → {status(answer)}", "arrived late")

    def _next(self, kind: str) -> Weather:
        for weather in self.weather:
            if weather.on in (kind, "any") and weather.what not in LASTING:
                self.weather.remove(weather)
                return weather
        return Weather("any", "pass")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            request = await self._read(reader)
            if request is not None:
                await self._treat(request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Request | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        fields = dict(one.lower().split(b": ", 1) for one in head.split(b"\r\n")[1:] if b": " in one)
        if fields.get(b"transfer-encoding"):
            raise ConnectionError("a chunked request is not expected here")
        body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
        return Request(method, path, head, body)

    def _lasting(self, request: Request) -> Weather | None:
        lasting = (one for one in self.weather if one.what in LASTING and one.on in (request.kind, "any"))
        return next((one for one in lasting if one.what != "narrow" or len(request.body) > one.at), None)

    async def _treat(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if lasting := self._lasting(request):
            asked = f"    {self.name} {request.method} {request.path} ({len(request.body)} B)"
            self.log.say(f"{asked} {lasting.what} {lasting.at}", lasting.what)
            if lasting.what == "narrow":
                writer.transport.abort()
            elif lasting.what == "stall":
                await self._wait(reader)
            else:
                await self._tell(writer, refusal(int(lasting.at)))
            return
        weather = self._next(request.kind)
        what = weather.what
        told = f"    {self.name} {request.method} {request.path} ({len(request.body)} B)"
        if what in ("refuse", "drop_request"):
            self.log.say(f"{told} {what}", what)
            writer.transport.abort()
        elif what == "cut_request":
            whole = request.bytes()
            part = whole[: place(weather.at, len(whole))]
            self.log.say(f"{told} {what} at {len(part)} of {len(whole)}", what)
            await self._ask(part, whole=False)
            writer.transport.abort()
        elif what == "hold_request":
            self.log.say(f"{told} {what}", what)
            self.held.append(request)
            await self._wait(reader)
        elif what in ("portal", "redirect", "gateway"):
            self.log.say(f"{told} {what}", what)
            await self._tell(writer, STRANGERS[what])
        else:
            await self._carry(request, weather, told, reader, writer)

    async def _carry(
        self, request: Request, weather: Weather, told: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """The office gets the request whole; what may suffer is the answer."""
        what = weather.what
        if what == "kill":
            self.office.switches[DIES_IN] = int(weather.at)
        if what == "kill_commit":
            self.office.switches[DIES_AT_COMMIT] = BEFORE if weather.at < 0.5 else AFTER
        process = self.office.process
        answer = await self._answer(request, weather)
        self.office.spare()
        if not answer and what in ("kill", "kill_commit") and process is not None:
            process.join(5)  # it is dead, and nobody shall think that it still serves
        told += f" → {status(answer)}"
        if not answer or what == "drop_answer":
            self.log.say(f"{told} {what}", what)
            writer.transport.abort()
            return
        if what == "hold_answer":
            self.log.say(f"{told} {what}", what)
            await self._wait(reader)
            return
        given = changed(answer, what, weather.at, self.answered.get(request.kind))
        self.answered[request.kind] = answer
        self.log.say(told + (f" {what} {len(given)} of {len(answer)} B" if what != "pass" else ""), what)
        await self._tell(writer, given)
        if what == "cut_answer":
            writer.transport.close()

    async def _answer(self, request: Request, weather: Weather) -> bytes:
        whole = request.bytes(plain=weather.what in PLAIN)
        if weather.what == "twice":
            await self._ask(whole)
        if weather.what == "at_once":
            return (await asyncio.gather(self._ask(whole), self._ask(whole)))[round(weather.at)]
        return await self._ask(whole)

    async def _ask(self, sent: bytes, whole: bool = True) -> bytes:
        """What the office answers; nothing when it is down or dies meanwhile."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.office.port)
        except OSError:
            return b""
        try:
            writer.write(sent)
            await writer.drain()
            if not whole:
                return b""
            answer = await reader.read(-1)
        except OSError:
            return b""
        finally:
            writer.close()
        return answer if is_whole(answer) else b""

    async def _wait(self, reader: asyncio.StreamReader) -> None:
        """Until the phone hangs up."""
        self.silent.set()
        await reader.read(1)

    async def _tell(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        writer.write(answer)
        await writer.drain()


def status(answer: bytes) -> str:
    return answer[9:12].decode() or "nothing"


def place(at: float, length: int) -> int:
    return min(length, int(at)) if at >= 2 else int(at * length)


def is_whole(answer: bytes) -> bool:
    """Not cut by the office's death: as long as it says."""
    head, found, body = answer.partition(b"\r\n\r\n")
    fields = dict(one.lower().split(b": ", 1) for one in head.split(b"\r\n")[1:] if b": " in one)
    return bool(found) and (b"content-length" not in fields or int(fields[b"content-length"]) <= len(body) or not body)


def changed(answer: bytes, what: str, at: float, before: bytes | None) -> bytes:
    """The answer as it reaches the phone."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if what == "cut_answer":
        return answer[: place(at, len(answer))]
    if what == "short_answer":
        part = body[: place(at, len(body))]
        fields = [one for one in head.split(b"\r\n") if not one.lower().startswith(b"content-length:")]
        return b"\r\n".join([*fields, b"Content-Length: %d" % len(part), b"", b""]) + part
    if what == "garble" and body:
        where = min(len(body) - 1, place(at, len(body)))
        return head + b"\r\n\r\n" + body[:where] + bytes([body[where] ^ 1]) + body[where + 1 :]
    if what == "forge" and SIGNATURE in body:
        where = body.index(SIGNATURE) + len(SIGNATURE) + place(at, 80)
        return head + b"\r\n\r\n" + body[:where] + bytes([body[where] ^ 1]) + body[where + 1 :]
    if what == "stale" and before:
        return before
    return answer


def stranger(first: str, body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {first}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def refusal(status: int) -> bytes:
    """The office's own word that it cannot."""
    code = "not_found" if status == 404 else "server_error"
    body = json.dumps({"problem": {"code": code, "title": "?", "next": "?"}})
    fields = f"Connection: close\r\nX-So-Ho: 1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"HTTP/1.1 {status} -\r\n{fields}\r\n\r\n{body}".encode()


STRANGERS = {
    "portal": stranger("200 OK\r\nContent-Type: text/html", PORTAL),
    "redirect": stranger("302 Found\r\nLocation: http://127.0.0.1:9/"),
    "gateway": stranger("502 Bad Gateway"),
}
