"""What the server is made of may be handed on with it: each package's licence is known, and is one of these."""

from __future__ import annotations

from importlib.metadata import metadata

import pytest

from tests.gates.test_requirements import RUNTIME

# Under all of these a province or its supplier may run, change and hand on the whole (CONTRIBUTING.md).
FREE = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "ZPL-2.1"}
# Used as they are, never changed; who changes them gives the change on.
SHARED = {"psycopg": "LGPL-3.0-only", "psycopg-binary": "LGPL-3.0-only"}
# The list of provinces and communes. Our own source stays under Apache-2.0; who hands on a copy that holds the package
# too hands on that copy under the GPL. It says so in its repository only (pyproject.toml of 2026-02-21).
COPYLEFT = {"vietnam-provinces": "GPL-3.0-or-later"}
# The package's own licence file says it, its metadata does not, or in other words than SPDX's.
READ = {
    "blinker": "MIT",
    "defusedxml": "PSF-2.0",
    "flask-wtf": "BSD-3-Clause",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "pyrage": "MIT",
    "pyxform": "BSD-2-Clause",
    "rfc8785": "Apache-2.0",
    "segno": "BSD-3-Clause",
    "waitress": "ZPL-2.1",
    "wtforms": "BSD-3-Clause",
    "xlrd": "BSD-3-Clause",
}


def licence(name: str) -> set[str]:
    """Those of which one may choose, by SPDX's names; what a package says itself goes before what was read."""
    said = metadata(name)
    words = said.get("License-Expression") or READ.get(name) or said.get("License") or ""
    return {one.strip() for one in words.split(" OR ")} - {""}


@pytest.mark.parametrize("name", RUNTIME)
def test_it_may_be_handed_on(name: str) -> None:
    known = SHARED | COPYLEFT
    if name in known:
        assert licence(name) <= {known[name]}  # a package may begin to say another
    else:
        assert licence(name) & FREE, licence(name)


def test_planted_faults_are_found() -> None:
    assert licence("cryptography") == {"Apache-2.0", "BSD-3-Clause"}
    assert licence("psycopg") & FREE == set()
    assert licence("vietnam-provinces") & FREE == set()
    assert {*SHARED, *COPYLEFT, *READ} <= set(RUNTIME)
