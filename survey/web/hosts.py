"""The names under which this server is reached (TRUSTED_HOSTS), and the addresses that are made of them.

Whoever asks says by which name, and could say any: an address that is made of it would lead a phone elsewhere. Only
`/healthz` is answered under every name, for whoever watches the machine by its number. Without the setting, as in
`make run`, every name is one of ours.
"""

from __future__ import annotations

import re

from flask import Flask, current_app, request
from flask_babel import gettext
from werkzeug.sansio.utils import host_is_trusted

from survey.problems import Problem

_NAME = re.compile(r"\.?[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?|\[[0-9a-f:.]{2,45}\](?::[0-9]{1,5})?")


def init_app(app: Flask) -> None:
    app.before_request(_refuse_others)


def read_hosts(text: str) -> list[str]:
    """The names in a setting, parted by spaces or commas; one that begins with a full stop stands for all that end so.
    Ends the program for what is no name."""
    names = text.lower().replace(",", " ").split()
    for name in names:
        if not _NAME.fullmatch(name):
            said = gettext("TRUSTED_HOSTS: %(name)s is no name of a machine, such as so-ho.example.vn.", name=name)
            raise SystemExit(said)
    return names


def own_address() -> str:
    """Where this server is reached, without a slash at the end: by the first of its names that is whole, else by the
    one that was asked for."""
    named = next((name for name in current_app.config["HOSTS"] if not name.startswith(".")), None)
    return f"{request.scheme}://{named or request.host}{request.root_path.rstrip('/')}"


def _refuse_others() -> None:
    """Raises `wrong_host`."""
    if request.endpoint != "healthz" and not host_is_trusted(request.host.lower(), current_app.config["HOSTS"]):
        raise Problem("wrong_host")
