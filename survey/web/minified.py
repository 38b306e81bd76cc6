"""Scripts and style sheets in fewer bytes that mean the same, by tdewolff-minify in a process of its own.

Pages are left as they are: it takes spaces between words for spaces between boxes.

The minifier is a Go program in a library: its threads do not live on in a process that was forked, so a server that
loads it and forks would wait for ever at the first file. What was asked for once is kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable

# Nothing newer than the source may come in: old phones read what we wrote, not what would be shortest today.
_SETTINGS = {"js-version": 2017}
_PROGRAM = """
import json, sys, minify
settings, texts = json.load(sys.stdin)
minify.config(settings)
print(json.dumps([minify.string(kind, text) for kind, text in texts]))
"""
# The minifier writes Math.trunc(x) as x|0, which is another number for NaN and beyond 2³¹: it does not get to see Math.
MATH, HIDDEN = "Math.", "Math\u01c2."
_kept: dict[tuple[str, str], str] = {}


def minified(kind: str, text: str, others: Iterable[tuple[str, str]] = ()) -> str:
    """`text` of a media type, small. `others`: what will be asked for next, so that one process does for all."""
    if (kind, text) not in _kept:
        wanted = [one for one in {(kind, text), *others} if one not in _kept]
        given = [(one, source.replace(MATH, HIDDEN)) for one, source in wanted]
        asked = json.dumps([_SETTINGS, given])
        # -I: nothing of the folder it is called in, nor of the environment, is read.
        command = [sys.executable, "-I", "-c", _PROGRAM]
        done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)  # noqa: S603
        for one, said in zip(wanted, json.loads(done.stdout), strict=True):
            _kept[one] = said.replace(HIDDEN, MATH)
    return _kept[kind, text]
