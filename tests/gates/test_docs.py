"""What the documents say exists: make targets, the app's commands, paths, environment variables, links."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from app import create_app
from tests.gates.sources import ROOT, files, relative

DOCUMENTS = files("README.md", "CHANGELOG.md", "docs/**/*.md", "deploy/*")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
# Roots of paths that are ours; `instance/…`, `/etc/…` and the like belong to an installation.
OURS = {path.name for path in ROOT.iterdir()} - {".venv", "instance", ".git"}
COMMANDS = re.compile(r"(?:flask --app app|^so-ho) (?!COMMAND|bundle|vault)([^\n#|>&;']*)", re.MULTILINE)
CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def code(text: str) -> list[str]:
    """What stands in code blocks and backticks; of a file that is no document, every line."""
    return [block or inline for block, inline in CODE.findall(text)]


def wrong_targets(text: str) -> list[str]:
    calls = re.compile(r"(?:^|&& )make (?:-C \S+ )?([a-z][a-z-]*)", re.MULTILINE)
    named = [name for piece in code(text) for name in calls.findall(piece)]
    return [f"make {name}" for name in named if name not in TARGETS]


def wrong_commands(text: str, group: click.Group) -> list[str]:
    """`flask --app app …` and `so-ho …` whose words lead to no command, or with options that it lacks. What keys are
    wrapped under is called `so-ho bundle` and `so-ho vault`."""
    said = []
    for piece in code(text):
        for line in COMMANDS.findall(piece):
            command: click.Command = group
            words = line.split()
            while words and not words[0].startswith("-") and isinstance(command, click.Group):
                step = command.commands.get(words[0])
                if step is None:
                    said.append(f"flask --app app {line.strip()}")
                    break
                command, words = step, words[1:]
            options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
            given = [word for word in words if word.startswith("--")]
            said += [f"{command.name} {option}" for option in given if option.split("=")[0] not in options]
    return said


def wrong_paths(text: str) -> list[str]:
    """`survey/form/record.py` in backticks that is not there. Placeholders, patterns and other roots are not paths."""
    said = []
    for piece in code(text):
        for path in re.findall(r"(?<![\w./:-])((?:\.?[\w-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|txt))(?![\w*<{…])", piece):
            root = path.split("/")[0]
            if root in OURS and not (ROOT / path.rstrip(".")).exists():
                said.append(path)
    return said


def wrong_links(path: Path, text: str) -> list[str]:
    targets = re.findall(r"\]\(([^)\s]+)\)|<img[^>]*src=\"([^\"]+)\"", text)
    locals_ = [(a or b).partition("#")[0] for a, b in targets if not re.match(r"[a-z]+:", a or b)]
    return [target for target in locals_ if target and not (path.parent / target).exists()]


def unread_variables(text: str, sources: str) -> list[str]:
    """Environment variables in a table's first column that no source reads."""
    named = re.findall(r"^\| `([A-Z][A-Z_]+)`", text, re.MULTILINE)
    return [name for name in named if not re.search(rf"\b{name}\b", sources)]


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> click.Group:
    folder = tmp_path_factory.mktemp("docs")
    return create_app({"INSTANCE": folder, "DATABASE_URL": f"sqlite:///{folder}/db", "TESTING": True}).cli


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_what_a_document_names_exists(path: Path, commands: click.Group) -> None:
    text = path.read_text()
    if path.suffix != ".md":
        text = f"```\n{text}\n```"
    assert wrong_targets(text) == []
    assert wrong_commands(text, commands) == []
    assert wrong_paths(text) == []
    assert wrong_links(path, text) == []


def test_every_environment_variable_of_the_readme_is_read() -> None:
    readers = files("app.py", "survey/**/*.py", "models/*.py", "scripts/*", "Makefile", "tests/**/*.py")
    sources = "\n".join(path.read_text() for path in readers)
    assert unread_variables((ROOT / "README.md").read_text(), sources) == []


def test_the_first_screen_of_the_readme_has_a_sentence_a_picture_and_two_commands() -> None:
    first = "\n".join((ROOT / "README.md").read_text().splitlines()[:30])
    assert "make run" in first
    assert "make test" in first
    assert "docs/screens/" in first


def test_planted_faults_are_found(commands: click.Group) -> None:
    assert wrong_targets("`make nonsense`") == ["make nonsense"]
    assert wrong_targets("```\nmake -C /srv/so-ho nonsense\n```") == ["make nonsense"]
    assert wrong_targets("`make run`") == []
    assert wrong_commands("```\nflask --app app nonsense\n```", commands) != []
    assert wrong_commands("`flask --app app migrate --nonsense`", commands) != []
    assert wrong_commands("`flask --app app migrate`", commands) == []
    assert wrong_commands("`so-ho nonsense`", commands) != []
    assert wrong_commands("`so-ho migrate --new`", commands) == []
    assert wrong_paths("`survey/form/nonsense.py`") == ["survey/form/nonsense.py"]
    assert wrong_paths("`survey/form/record.py` and `survey/<part>/x.py`") == []
    assert wrong_links(ROOT / "README.md", "[a](docs/nonsense.md)") == ["docs/nonsense.md"]
    assert unread_variables("| `NONSENSE_X` | what |", "os.environ['HOST']") == ["NONSENSE_X"]
