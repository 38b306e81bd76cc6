"""The app must come over 2G: what a phone downloads before its first interview stays within its budget."""

from __future__ import annotations

from flask import Flask

from scripts.size import BUDGET, measure, shell, total


def test_what_a_phone_downloads_stays_within_its_budget() -> None:
    files = measure()
    kinds = {kind for _, kind, _ in files}
    assert {"HTML", "CSS", "JavaScript", "form"} <= kinds, "the measure looks at too little to mean anything"
    assert total(files) <= BUDGET


def test_a_file_that_grows_is_counted() -> None:
    app = Flask("planted", static_folder=None)
    noise = "".join(chr(33 + (index * index * 7919) % 90) for index in range(400_000))
    app.add_url_rule("/sw.js", "sw", lambda: ('const FILES = ["/a.js"]', 200, {"Content-Type": "text/javascript"}))
    app.add_url_rule("/a.js", "a", lambda: (noise, 200, {"Content-Type": "text/javascript"}))
    assert total(shell(app)) > 0
    assert [path for path, _, _ in shell(app)] == ["/sw.js", "/a.js"]
