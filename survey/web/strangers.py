"""Requests without a valid session: how many of an address are answered, and what a proxy asks before it takes a body.

Who is signed in is never counted: a commune, or a whole mobile network, shares an address. What is counted is kept in
memory, for as many addresses as fit; a process that starts anew begins with none.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

from flask import Flask, Response, current_app, request

from survey.problems import Problem
from survey.web.security import public, signed_in_account

RATE = 50.0  # requests a second, of an address
BURST = 200.0  # at once, after a pause: a class of phones that signs in together
MOST_ADDRESSES = 20_000
BY_KEY = {"openrosa", "feed"}  # doors that are opened by a key: who has none is counted there
UNCOUNTED = {"static", "healthz"}  # files of the app, which a proxy may keep; whether the process lives


class Buckets:
    """What each address may still ask. `take` at a time of the steady clock."""

    def __init__(self, rate: float = RATE, burst: float = BURST, most: int = MOST_ADDRESSES) -> None:
        self.rate, self.burst, self.most = rate, burst, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, address: str, at: float) -> bool:
        """Whether one more is answered now."""
        with self._lock:
            left, since = self._left.pop(address, (self.burst, at))
            left = min(self.burst, left + (at - since) * self.rate)
            self._left[address] = (left - 1 if left >= 1 else left, at)
            if len(self._left) > self.most:
                self._left.popitem(last=False)  # whoever asked the longest ago has their burst again
            return left >= 1


def init_app(app: Flask) -> None:
    """Before the guard: who is nobody is told so before anything is looked up for them."""
    app.extensions["strangers"] = Buckets()
    app.before_request(_count)
    app.add_url_rule("/session/check", view_func=check)


def _count() -> None:
    by_key = request.blueprint in BY_KEY
    if not by_key and request.endpoint not in UNCOUNTED and signed_in_account() is None:
        count_stranger()


def count_stranger() -> None:
    """Count this request as one of nobody that is known here. Raises `too_fast`."""
    buckets: Buckets = current_app.extensions["strangers"]
    if not buckets.take(request.remote_addr or "", time.monotonic()):
        raise Problem("too_fast", retry_after=2)


@public
def check() -> Response:
    """Whether the session of a request holds, for a proxy that asks before it takes a large body: 204 or 401, no body.
    A withdrawn phone may still deliver what it holds."""
    return Response(status=204 if signed_in_account() is not None else 401)


check.delivers = True  # type: ignore[attr-defined]
check.either = True  # type: ignore[attr-defined]
