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

from tests.faults.broken import Fault, build, run

# fault: (seeds of which one must catch it, what is said then)
FAULTS: dict[Fault, tuple[list[int], str]] = {
    Fault(
        "the server answers a receipt and rolls back",
        "survey/web/session.py",
        "            session.commit()\n        else:",
        '            session.rollback() if request.path.endswith("/push") else session.commit()\n        else:',
    ): ([1, 2, 3, 4], r"the office lacks|does not know the receipt"),
    Fault(
        "an interview is closed in one step and put into the outbox in another",
        "static/app/store.js",
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


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_broken_build_is_caught(fault: Fault, tmp_path: Path) -> None:
    seeds, reason = FAULTS[fault]
    code, said = run(build(tmp_path / "broken", fault), *seeds)
    assert code == 1, f"no seed of {seeds} caught it:\n{said}"
    assert re.search(f"^seed .*({reason})", said, re.MULTILINE), said


def main(name: str, first: int, count: int) -> None:
    """Which seeds catch a fault, and what they say."""
    [fault] = [fault for fault in FAULTS if name in fault.name]
    with tempfile.TemporaryDirectory() as folder:
        broken = build(Path(folder) / "broken", fault)
        for seed in range(first, first + count):
            code, said = run(broken, seed)
            if code:
                print([line[:200] for line in said.splitlines() if line.startswith("seed")] or said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
