"""The rooms of the house as docs/architecture.md has them; as a program it prints each with its size (`make rooms`)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "architecture.md"
SOURCES = ("survey/**/*.py", "models/*.py")


class Room(NamedTuple):
    """`may`: the rooms that its files may import beside their own; `libraries`: what it may use from outside."""

    may: frozenset[str]
    libraries: frozenset[str]


def read_rooms(text: str) -> dict[str, Room]:
    """The table's rows by the name of the room, from the top down."""
    lines = text.split("| room | what | may import | libraries |", 1)[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _until_blank(lines)]
    return {name: Room(frozenset(may.split()), frozenset(libraries.split())) for name, _, may, libraries in rows}


def read_script_rooms(text: str) -> dict[str, frozenset[str]]:
    """The same of the phone: folder of static/app ("" is its root, "root" in the table) → the folders it may import."""
    lines = text.split("| folder of static/app | what | may import |", 1)[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _until_blank(lines)]
    named = {name: frozenset(may.split()) for name, _, may in rows}
    return {_root(name): frozenset(map(_root, may)) for name, may in named.items()}


def _root(name: str) -> str:
    return "" if name == "root" else name


def _until_blank(lines: list[str]) -> list[str]:
    return lines[: lines.index("")]


def room_of(path: str) -> str:
    """The room of a file or module by its path: survey/form/record.py → form, survey/web/desk/home.py → web/desk."""
    parts = path.removesuffix(".py").split("/")
    if parts[0] != "survey":
        return parts[0]
    if parts[1:2] == ["web"] and f"web/{'/'.join(parts[2:3])}" in ROOMS:
        return f"web/{parts[2]}"
    return parts[1] if parts[1:2] and parts[1] in ROOMS else "words"


ROOMS = read_rooms(TABLE.read_text(encoding="utf-8"))


def main() -> None:
    paths = sorted({path for pattern in SOURCES for path in ROOT.glob(pattern)})
    sizes: dict[str, list[int]] = {name: [] for name in ROOMS}
    for path in paths:
        sizes[room_of(path.relative_to(ROOT).as_posix())].append(len(path.read_text(encoding="utf-8").splitlines()))
    print(f"{'room':<15}{'files':>6}{'lines':>7}{'longest':>9}  may import")
    for name, room in ROOMS.items():
        found = sizes[name]
        may = " ".join(sorted(room.may)) or "-"
        print(f"{name:<15}{len(found):>6}{sum(found):>7}{max(found, default=0):>9}  {may}")
    print(f"{'':<15}{len(paths):>6}{sum(map(sum, sizes.values())):>7}")


if __name__ == "__main__":
    main()
