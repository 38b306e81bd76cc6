"""The app behind a real line, by the server that runs it in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from flask import Flask

from scripts.serving import make_server


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    """The port of localhost on which the app answers meanwhile."""
    server = make_server(app, "127.0.0.1", 0)
    thread = Thread(target=server.run)
    thread.start()
    try:
        yield server.effective_port
    finally:  # also of a test that fails: nothing would end while a thread of the server goes on
        # Its loop may be awake and meet the call before it is woken for it: then it has closed already.
        with suppress(OSError):
            server.trigger.pull_trigger(server.close)
        thread.join(10)
        server.task_dispatcher.shutdown()
