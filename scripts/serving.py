"""How Sổ Hộ is served, in one place: for `make run`, the unit (deploy/so-ho.service), and the tests.

`python -m scripts.serving` serves the app at HOST and PORT. One process has room for every phone of a province at once:
waitress keeps what is slow or silent away from the threads that work, so what counts is how many connections may be
open. Each is a file handle, and a large body in the middle of coming is another.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import resource
import signal
import sys
import time
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from app import BODY_LIMIT, create_app

THREADS = 8
CONNECTIONS = 2000  # open at once: a province's phones, and what a proxy keeps open
OWN_FILES = 256  # handles for the database, photos under way, the log
WANTED_FILES = 16_384
SILENCE = 60  # seconds without a byte, then a connection that asks for nothing is closed
HEADERS, BODY = 10, 300  # seconds that the head of a request, and all of it, may take: 8 MiB at 28 kB/s
AT_A_TURN = 64  # connections that are taken before the open ones are looked at again
PAUSE = 1.0  # seconds without new connections when no handle is left
_NO_HANDLE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_log = logging.getLogger("so_ho.serving")


def raise_file_limit() -> int:
    """As many file handles as are wanted and allowed; returns how many it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return WANTED_FILES
    allowed = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(soft, allowed)


def connections_for(files: int) -> int:
    """How many connections may be open with so many file handles: never so many that one is lacking."""
    return min(CONNECTIONS, max((files - OWN_FILES) // 2, files // 4))


def options(files: int) -> dict[str, Any]:
    """What waitress is told (https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html)."""
    return {
        "threads": THREADS,
        "ident": "so-ho",
        "connection_limit": connections_for(files),
        "backlog": CONNECTIONS,
        "asyncore_use_poll": True,  # select() knows no handle above 1,023
        "channel_timeout": SILENCE,
        "cleanup_interval": 5,
        "max_request_body_size": BODY_LIMIT + 1,  # waitress refuses what is as large
        # The app decides which proxies it believes (PROXIES); waitress would throw their headers away before.
        "clear_untrusted_proxy_headers": False,
    }


class Server(TcpWSGIServer):  # type: ignore[misc]
    """waitress, which goes on serving when every connection is taken, or every file handle.

    It would stop listening until a silent connection ran out of time, or ask for the lacking handle again and again,
    each time with a traceback in the log.
    """

    listens_at = tells_at = 0.0  # by the steady clock

    def maintenance(self, now: float) -> None:
        """Close what is silent, as waitress does, and what goes on sending letter by letter."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            if is_overdue(channel, now):
                channel.will_close = True

    def readable(self) -> bool:
        now = time.time()
        if now >= self.next_channel_cleanup:
            self.next_channel_cleanup = now + self.adj.cleanup_interval
            self.maintenance(now)
        if len(self._map) >= self.adj.connection_limit:
            self.make_room("every connection is taken: the silent ones give way")
            return False
        return bool(self.accepting) and time.monotonic() >= self.listens_at

    def make_room(self, why: str) -> None:
        """Close a tenth of the connections that nobody works for: those that have been asking the longest, or have sent
        nothing of what they bring for the longest."""
        if time.monotonic() >= self.tells_at:
            self.tells_at = time.monotonic() + 60
            _log.warning("%s", why)
        waiting = [channel for channel in self.active_channels.values() if not channel.requests]
        if any(channel.will_close for channel in waiting):
            return  # they go with the next turn of the loop
        waiting.sort(key=_since)
        for channel in waiting[: max(1, self.adj.connection_limit // 10)]:
            channel.will_close = True

    def handle_accept(self) -> None:
        """Take those who wait, not one at each turn: a turn looks at every open connection."""
        for _ in range(min(AT_A_TURN, self.adj.connection_limit - len(self._map))):
            before = len(self._map)
            super().handle_accept()
            if len(self._map) == before:
                return

    def accept(self) -> Any:
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _NO_HANDLE:
                raise
            self.listens_at = time.monotonic() + PAUSE
            self.make_room(f"no file handle is left for another connection ({errno.errorcode[error.errno]})")
            return None


def is_overdue(channel: Any, now: float) -> bool:
    """Whether the request that is coming took longer than one may, however steadily it comes."""
    coming = channel.request
    if coming is None or channel.requests:
        return False
    began: float = coming.__dict__.setdefault("began", now)  # seen for the first time
    return now - began > (BODY if coming.headers_finished else HEADERS)


def _since(channel: Any) -> float:
    """Since when a connection is only waited for. One that sends its headers letter by letter gains no time by it."""
    brings_a_body = channel.request is not None and channel.request.headers_finished
    return float(channel.last_activity if brings_a_body else channel.creation_time)


def make_server(app: Any, host: str, port: int) -> Server:
    """A server that listens, with room for a province as far as the system allows; it says so if that is not far.
    Raises OSError when the address cannot be had."""
    files = raise_file_limit()
    told = options(files)
    if told["connection_limit"] < CONNECTIONS:
        print(
            f"Only {files} files may be open at once: {told['connection_limit']} connections are served at one time, "
            f"{CONNECTIONS} are wanted. Raise it: LimitNOFILE={WANTED_FILES} in the unit, or ulimit -n {WANTED_FILES}.",
            file=sys.stderr,
        )
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait a moment is no news
    adjustments = Adjustments(host=host, port=port, **told)
    return Server(app, adj=adjustments, sockinfo=adjustments.listen[0])


def settle() -> None:
    """What stands when the server begins to answer stays for good: that the collector of Python looks through it again
    and again cost each page of thousands a fifth of its time. What came since it looks through after thirty large pages
    and not after six, for eleven megabytes more; looked through after a hundred and fifty it was 150 (eight threads,
    pages of a province)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)


def main() -> int:
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    try:
        app = create_app()
        settle()
        server = make_server(app, host, port)
    except OSError as error:
        print(f"Cannot listen on {host}:{port}: {error.strerror}.", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what is worked on is finished
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
