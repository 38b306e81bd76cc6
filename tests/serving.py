"""The app behind a real line, by the server that runs it in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from flask import Flask
from waitress.server import create_server


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    """The port of localhost on which the app answers meanwhile."""
    server = create_server(app, host="localhost", port=0, threads=8)
    thread = Thread(target=server.run)
    thread.start()
    yield server.effective_port
    server.trigger.pull_trigger(server.close)
    thread.join(10)
    server.task_dispatcher.shutdown()
