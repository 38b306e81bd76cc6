"""Files of strangers are read in a process of their own, with bounds that the kernel keeps: memory, time, files.

The parent hands bytes in and takes JSON out; whatever becomes of the child, this process goes on and holds no more than
its answer. At most two read at once, whoever else wants to waits. The child sets its limits before it imports anything
that reads, has no environment (no address of a database, no secret), and ends with the one that began it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from survey.problems import Problem

MEMORY = 512 * 1024 * 1024  # of addresses; our own questionnaire takes 200 MB
PROCESSOR = 10  # seconds
WALL = 20  # seconds
FILE_BYTES = 32 * 1024 * 1024
FILES = 32
MOST_ANSWER = 64 * 1024 * 1024
_ROOT = Path(__file__).resolve().parents[2]
_reading = BoundedSemaphore(2)
_PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """The file took more memory or time than one may, or its reader fell over it."""


def read(
    module: str,
    order: Any,
    parts: Sequence[bytes],
    *,
    memory: int = MEMORY,
    processor: int = PROCESSOR,
    wall: int = WALL,
) -> Any:
    """What `work(order, parts)` of that module makes of an order and these bytes. Raises `Stopped`, and `busy` when
    two others take all the time."""
    if not _reading.acquire(timeout=WALL):
        raise Problem("busy", retry_after=5)
    try:
        return _answered(module, order, parts, memory, processor, wall)
    finally:
        _reading.release()


def _answered(module: str, order: Any, parts: Sequence[bytes], memory: int, processor: int, wall: int) -> Any:
    head = json.dumps({"order": order, "sizes": [len(part) for part in parts]}).encode()
    words = ["-B", "-m", "survey.apart.child", module, str(memory), str(processor), str(os.getpid())]
    child = subprocess.Popen(  # noqa: S603 - no shell, and nothing of what strangers sent among the words
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env={},
        start_new_session=True,
        close_fds=True,
    )
    try:
        answer, _ = child.communicate(b"".join([len(head).to_bytes(4, "big"), head, *parts]), timeout=wall)
    except subprocess.TimeoutExpired:
        raise Stopped from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
    if child.returncode != 0 or len(answer) > MOST_ANSWER:
        raise Stopped
    try:
        return json.loads(answer)
    except ValueError:
        raise Stopped from None


def serve(module: str, memory: int, processor: int, parent: int) -> None:
    """Be the child: set the limits, import what reads, read order and bytes, write the answer. Whatever is raised ends
    it without one."""
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    end_with(parent)
    work: Callable[[Any, list[bytes]], Any] = import_module(module).work
    given = sys.stdin.buffer
    head = json.loads(given.read(int.from_bytes(given.read(4), "big")))
    answer = json.dumps(work(head["order"], [given.read(size) for size in head["sizes"]]))
    if len(answer) > MOST_ANSWER:
        raise SystemExit(1)
    sys.stdout.write(answer)
    sys.stdout.flush()
    os._exit(0)  # nothing is left to be tidied, and taking apart what was read takes as long as reading it


def end_with(parent: int) -> None:
    """This process ends when the one that began it does; on Linux, elsewhere its wall clock ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went before this was asked
            os._exit(1)


if __name__ == "__main__":
    serve(sys.argv[1], *(int(said) for said in sys.argv[2:5]))
