"""Two people who can open the backups of the tests, and what opens them."""

from __future__ import annotations

from pathlib import Path

from pyrage.x25519 import Identity

from survey.operations.sealing import write_recipients

OPERATOR, PROVINCE, STRANGER = (Identity.generate() for _ in range(3))
RECIPIENTS = {"operator": str(OPERATOR.to_public()), "province": str(PROVINCE.to_public())}


def name_recipients(instance: Path) -> None:
    """From now on its copies are sealed to the two."""
    write_recipients(instance, RECIPIENTS)


def identity_file(folder: Path, identity: Identity = OPERATOR) -> str:
    """The file that `age-keygen` writes; its path."""
    path = folder / "so-ho.identity"
    path.write_text(f"# created: 2026-11-23T02:00:00Z\n# public key: {identity.to_public()}\n{identity}\n", "ascii")
    return str(path)
