"""A migration that was released never changes, and none is slipped in below it: whoever ran them is past that place."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from scripts.release import FOLDER, RELEASED, hashes, read_released, release
from tests.gates.sources import ROOT

ABOVE = re.compile(r"^down_revision = (?:None|[\"'](\w+)[\"'])$", re.MULTILINE)
OWN = re.compile(r"^revision = [\"'](\w+)[\"']$", re.MULTILINE)


def chain(sources: dict[str, str]) -> list[str]:
    """The files in the order in which they run. Raises ValueError when that is no single line."""
    followers: dict[str | None, list[tuple[str, str]]] = {}
    for name, source in sources.items():
        own, above = OWN.search(source), ABOVE.search(source)
        if own is None or above is None:
            raise ValueError(f"{name}: says not plainly what it is and what it follows")
        followers.setdefault(above[1], []).append((own[1], name))
    order, at = [], None
    while followers.get(at):
        if len(followers[at]) > 1:
            raise ValueError(f"two follow {at}: {sorted(name for _, name in followers[at])}")
        [(at, name)] = followers.pop(at)
        order.append(name)
    if followers:
        raise ValueError(f"follow nothing: {sorted(name for each in followers.values() for _, name in each)}")
    return order


def faults(released: str, found: dict[str, str], sources: dict[str, str]) -> list[str]:
    known = {name: sha256 for each in read_released(released).values() for name, sha256 in each.items()}
    said = [f"{name}: released, and gone or changed" for name, sha256 in known.items() if found.get(name) != sha256]
    try:
        order = chain(sources)
    except ValueError as fault:
        return [*said, str(fault)]
    return said + [f"{name}: slipped in below a released one" for name in order[: len(known)] if name not in known]


def test_released_migrations_stand_as_they_were_and_new_ones_come_after_them() -> None:
    sources = {path.name: path.read_text("utf-8") for path in (ROOT / FOLDER).glob("*.py")}
    assert faults((ROOT / RELEASED).read_text("utf-8"), hashes(ROOT / FOLDER), sources) == []


def migration(own: str, above: str | None) -> str:
    return f'revision = "{own}"\ndown_revision = {above and chr(34) + above + chr(34)}\n'


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """Two migrations, released as 0.1.0."""
    (tmp_path / FOLDER).mkdir(parents=True)
    for own, above in (("0001", None), ("0002", "0001")):
        (tmp_path / FOLDER / f"{own}_a.py").write_text(migration(own, above))
    (tmp_path / RELEASED).write_text("# what it is\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n- Something.\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.0.0"\n')
    release(tmp_path, "0.1.0", date(2026, 12, 1))
    return tmp_path


def found_in(product: Path) -> list[str]:
    sources = {path.name: path.read_text("utf-8") for path in (product / FOLDER).glob("*.py")}
    return faults((product / RELEASED).read_text("utf-8"), hashes(product / FOLDER), sources)


def test_a_release_adds_what_is_new_and_names_itself(product: Path) -> None:
    assert found_in(product) == []
    (product / FOLDER / "0003_a.py").write_text(migration("0003", "0002"))
    assert found_in(product) == []
    release(product, "0.2.0", date(2026, 12, 2))
    released = read_released((product / RELEASED).read_text("utf-8"))
    assert {version: list(files) for version, files in released.items()} == {
        "0.1.0": ["0001_a.py", "0002_a.py"],
        "0.2.0": ["0003_a.py"],
    }
    assert (product / "pyproject.toml").read_text() == '[project]\nversion = "0.2.0"\n'
    assert "## Unreleased\n\n## 0.2.0 (2026-12-02)\n" in (product / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9", "1.0", "v1.0.0"])
def test_a_number_that_is_none_or_not_above_the_last_writes_nothing(product: Path, version: str) -> None:
    before = {path: path.read_bytes() for path in product.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=version):
        release(product, version, date(2026, 12, 2))
    assert {path: path.read_bytes() for path in product.rglob("*") if path.is_file()} == before


def test_planted_faults_are_found(product: Path) -> None:
    folder = product / FOLDER
    first = (folder / "0001_a.py").read_text()

    (folder / "0001_a.py").write_text(first + "# a column more\n")
    assert found_in(product) == ["0001_a.py: released, and gone or changed"]
    with pytest.raises(ValueError, match="0001_a.py"):
        release(product, "0.2.0", date(2026, 12, 2))
    (folder / "0001_a.py").unlink()
    assert "0001_a.py: released, and gone or changed" in found_in(product)
    (folder / "0001_a.py").write_text(first)

    (folder / "0003_a.py").write_text(migration("0003", "0001"))  # two heads
    assert found_in(product) == ["two follow 0001: ['0002_a.py', '0003_a.py']"]
    (folder / "0002_a.py").write_text(migration("0002", "0003"))  # slipped in, as 0005 was
    assert "0003_a.py: slipped in below a released one" in found_in(product)
    (folder / "0002_a.py").write_text(migration("0002", "0001"))
    (folder / "0003_a.py").write_text(migration("0003", "0009"))
    assert found_in(product) == ["follow nothing: ['0003_a.py']"]
    (folder / "0003_a.py").write_text("revision = some()\n")
    assert found_in(product) != []
