"""A line between a phone and its office that counts what goes up, and breaks."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Line:
    """Listens on `port` and carries to `office`. `up`: bytes that went up so far; after `limit` of them the line is
    broken until it is mended: who calls then gets no answer. With `every` it breaks each time that so many more went,
    and is there again at once."""

    def __init__(self, port: int, office: int) -> None:
        self.office = office
        self.up = 0
        self.limit: float = float("inf")
        self.every: int = 0
        self.breaks = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def breaks_after(self, more: int) -> None:
        self.limit = self.up + more

    def breaks_every(self, more: int) -> None:
        self.every = more
        self.breaks_after(more)

    def mend(self) -> None:
        self.limit, self.every = float("inf"), 0

    def stop(self) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._drop()
        self.thread.join(10)

    def _drop(self) -> None:
        with self._lock:
            sockets, self._open = self._open, set()
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _break(self) -> None:
        self.breaks += 1
        if self.every:
            self.breaks_after(self.every)
        self._drop()

    def _serve(self) -> None:
        while True:
            try:
                phone, _ = self._door.accept()
            except OSError:
                return
            if self.up >= self.limit:
                phone.close()
                continue
            try:
                office = socket.create_connection(("127.0.0.1", self.office))
            except OSError:
                phone.close()
                continue
            with self._lock:
                self._open |= {phone, office}
            for way in ((phone, office, True), (office, phone, False)):
                threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(16 * 1024):
                if is_up:
                    self.up += len(data)
                    if self.up >= self.limit:
                        self._break()
                        return
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
