"""The suite itself: a build from which a promise was taken is caught by it, and for the right reason.

When the schedule changes, other seeds may be wanted here: `python -m tests.faults.test_suite_catches NAME FIRST COUNT`
says which of a range catch a fault.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults.broken import Fault, build, python, run

COMMIT = "                session.commit()\n            except Exception as error:"  # of a request, in session.py

# fault: (seeds of which one must catch it, what is said then)
FAULTS: dict[Fault, tuple[list[int], str]] = {
    Fault(
        "the server answers a receipt and commits then",
        "survey/web/session.py",
        COMMIT,
        '                if request.path.endswith("/push"):\n'
        '                    g.pop("session")\n'
        "                    def commit():\n"
        "                        __import__('time').sleep(0.02)  # the answer is on its way\n"
        "                        session.commit()\n"
        "                        session.close()\n"
        "                    response.call_on_close(commit)\n"
        "                else:\n"
        "                    session.commit()\n"
        "            except Exception as error:",
    ): ([304, 101], r"the office lacks|does not know the receipt"),
    Fault(
        "the server answers a receipt and rolls back",
        "survey/web/session.py",
        COMMIT,
        '                session.rollback() if request.path.endswith("/push") else session.commit()\n'
        "            except Exception as error:",
    ): ([3], r"the office lacks|does not know the receipt"),
    Fault(
        "the server leaves what it had half written",
        "survey/files/store.py",
        "        path.unlink(missing_ok=True)",
        "        pass",
    ): ([44, 93], r"files lie in the office that nothing names"),
    Fault(
        "the phone takes any receipt",
        "static/app/sync/outbox.js",
        "if (signed === false) await this.#store.refused",
        "if (!result) await this.#store.refused",
    ): ([115, 486], r"the receipt of .* (is forged|speaks of another)"),
    Fault(
        "the phone takes a record for sent when it sends it",
        "static/app/sync/outbox.js",
        "    const answer = await this.#write(\"/api/v1/push\", {",
        "    for (const { id } of batch) await this.#store.received(id, { missing_files: [], receipt: null }, null)\n"
        "    const answer = await this.#write(\"/api/v1/push\", {",
    ): ([1, 4], r"is not received|has no receipt|the office lacks"),
    Fault(
        "the phone sends nothing again after a restore",
        "static/app/store/store.js",
        'outbox.put({ ...item, state: "waiting" })',
        "outbox.put(item)",
    ): ([177, 156], r"the office lacks"),
    Fault(
        "the phone says that an answer is saved before it is",
        "static/app/interview/interview.js",
        "      await this.#writing\n    }\n    return this.#pending.length === 0",
        "    }\n    return true",
    ): ([1, 2], r"lost a saved answer"),
    Fault(
        "an interview is closed in one step and put into the outbox in another",
        "static/app/store/store.js",
        "    return this.database.write(NAMING, async (stores) => {\n"
        "      const draft = await ask(stores.drafts.get(draftId))\n"
        '      if (draft?.state !== "open") throw new DraftClosed(draftId)\n'
        "      stores.outbox.add(row)\n"
        '      await this.#close(stores, { ...draft, state: "finalised", entry_id: item.id })\n'
        "    })",
        "    await this.database.write(NAMING, async (stores) => {\n"
        "      const draft = await ask(stores.drafts.get(draftId))\n"
        '      if (draft?.state !== "open") throw new DraftClosed(draftId)\n'
        '      await this.#close(stores, { ...draft, state: "finalised", entry_id: item.id })\n'
        "    })\n"
        '    await this.database.write(["outbox"], async ({ outbox }) => void outbox.add(row))',
    ): ([1], r"lost the open interview|lost a photo"),
}  # fmt: skip

IN_PART = Fault(
    "the worker keeps what it got of a release",
    "static/sw.js",
    "    const all = (await Promise.all(Object.entries(files).map(bring))).flat()",
    "    const some = Object.entries(files).map((one) => bring(one).catch(() => []))\n"
    "    const all = (await Promise.all(some)).flat()",
)


ALWAYS = ("the server answers a receipt and commits then", "the phone takes a record for sent when it sends it")
CASES = [pytest.param(one, id=one.name, marks=[] if one.name in ALWAYS else [pytest.mark.slow]) for one in FAULTS]


@pytest.mark.parametrize("fault", CASES)
def test_a_broken_build_is_caught(fault: Fault, template: Path, tmp_path: Path) -> None:
    seeds, reason = FAULTS[fault]
    asked = ("--template", str(template), "--only", *map(str, seeds))
    code, said = run(build(tmp_path / "broken", fault), *asked)
    assert code == 1, f"no seed of {seeds} caught it:\n{said}"
    assert re.search(f"^seed .*({reason})", said, re.MULTILINE), said


@pytest.mark.further
def test_a_worker_that_keeps_a_release_in_part_is_caught(tmp_path: Path) -> None:
    """By a seed on a real browser: the line breaks at one file, and then there is no network."""
    seed = "tests/phone/test_seeds.py::test_nothing_is_lost[2]"
    code, said = python(build(tmp_path / "broken", IN_PART), "-m", "pytest", "-q", "-p", "no:cacheprovider", seed)
    assert code == 1, f"it was not caught:\n{said}"
    assert re.search(r"^E +AssertionError: the app does not open after .*'release_in_part'", said, re.MULTILINE), said


def main(name: str, first: int, count: int) -> None:
    """Which seeds catch a fault, and what they say."""
    [fault] = [fault for fault in FAULTS if name in fault.name]
    with tempfile.TemporaryDirectory() as folder:
        _, said = run(build(Path(folder) / "broken", fault), str(first), str(count))
        print(*[line[:200] for line in said.splitlines() if line.startswith(("seed", str(count)))] or [said], sep="\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
