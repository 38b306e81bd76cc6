"""The files of a release: `python -m scripts.release 0.2.0` (docs/releasing.md). To commit and to tag is yours."""

from __future__ import annotations

import hashlib
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from survey.clocks import day_of

ROOT = Path(__file__).resolve().parents[1]
RELEASED, FOLDER = "migrations/released.txt", "migrations/versions"
LINE = re.compile(r"  (\S+\.py) ([0-9a-f]{64})")


def read_released(text: str) -> dict[str, dict[str, str]]:
    """The migrations (file name → SHA-256) that came with each release, the oldest release first."""
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        entry = LINE.fullmatch(line)
        if entry:
            found[next(reversed(found))][entry[1]] = entry[2]
        else:
            found[line] = {}
    return found


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.py"))}


def number(version: str) -> tuple[int, ...]:
    """Raises ValueError for what is no version."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version}: a version is three numbers, 1.2.3")
    return tuple(map(int, version.split(".")))


def release(root: Path, version: str, today: date) -> None:
    """Write all three files, or raise ValueError and write none."""
    released_file, changelog, project = root / RELEASED, root / "CHANGELOG.md", root / "pyproject.toml"
    released, here = read_released(released_file.read_text("utf-8")), hashes(root / FOLDER)
    if released and number(version) <= number(next(reversed(released))):
        raise ValueError(f"{version} is not above {next(reversed(released))}")
    number(version)
    before = {name: sha256 for each in released.values() for name, sha256 in each.items()}
    changed = [name for name, sha256 in before.items() if here.get(name) != sha256]
    if changed:
        raise ValueError(f"released, and changed since: {', '.join(changed)}")
    words, numbered = changelog.read_text("utf-8"), re.compile(r'^version = ".*"$', re.MULTILINE)
    if "## Unreleased\n" not in words:
        raise ValueError("CHANGELOG.md has no section Unreleased")
    lines = [f"  {name} {sha256}" for name, sha256 in here.items() if name not in before]
    text = released_file.read_text("utf-8").rstrip("\n")
    released_file.write_text("\n".join([text, "", version, *lines, ""]), "utf-8")
    changelog.write_text(words.replace("## Unreleased\n", f"## Unreleased\n\n## {version} ({today})\n", 1), "utf-8")
    project.write_text(numbered.sub(f'version = "{version}"', project.read_text("utf-8"), count=1), "utf-8")


def main() -> int:
    try:
        release(ROOT, sys.argv[1], day_of(datetime.now(UTC)))
    except (ValueError, IndexError) as fault:
        print(f"Nothing was written. {fault}. Usage: python -m scripts.release 1.2.3", file=sys.stderr)
        return 1
    print("Now docs/releasing.md, step 2.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
