"""`deploy/so-ho`: a command gets what systemd would give the service, and the documented ones work as they stand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from scripts.environment_file import Unreadable, variables
from tests.gates.sources import ROOT
from tests.recipients import PROVINCE, RECIPIENTS

pytestmark = pytest.mark.thorough

OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```", OPERATING, re.DOTALL | re.MULTILINE)
INSTALL = next(block for block in BLOCKS if "apt-get install" in block)
LINES = [line.split("  #")[0].strip() for block in BLOCKS for line in block.splitlines()]

# What systemd 252's own load_env_file() answers, and systemd.exec(5) says.
CASES = [
    ("A=1", {"A": "1"}),
    ("A=1\nB=2\n", {"A": "1", "B": "2"}),
    ("A=1\nA=2\n", {"A": "2"}),
    ("A=", {"A": ""}),
    ("  A =  1  2\t \n", {"A": "1  2"}),
    ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
    ("# A=1\n; B=2\n\nno sign\nC=3", {"C": "3"}),
    ("A=1 # no comment", {"A": "1 # no comment"}),
    ("A=postgresql://a:b&c$d@h/x?y=1&z=2#e", {"A": "postgresql://a:b&c$d@h/x?y=1&z=2#e"}),
    ("A='x y'", {"A": "x y"}),
    ("A='x \\ \" $y'", {"A": 'x \\ " $y'}),
    ("A='x\ny'", {"A": "x\ny"}),
    ('A="x\ny"', {"A": "x\ny"}),
    ('A="\\" \\\\ \\` \\$ \\a"', {"A": '" \\ ` $ \\a'}),
    ('A="x\\\ny"', {"A": "xy"}),
    ("A=x\\\ny", {"A": "xy"}),
    ("A=\\x\\\\y\\'", {"A": "x\\y'"}),
    ("A=x\\ ", {"A": "x "}),
    ('A=it\'s "so"', {"A": 'it\'s "so"'}),
    ("A='x' 'y'z", {"A": "xyz"}),
    ("A='x' ", {"A": "x"}),
    ('A="x ', {"A": "x "}),
    ("A='x", {"A": "x"}),
    ("A=x  ", {"A": "x"}),
    ("export A=1\nB-C=2\n1D=3\nE=4", {"E": "4"}),
    ("\ufeffA=1\nB=2", {"B": "2"}),
    ("# x \\\n# y\nA=1", {"A": "1"}),
]


@pytest.mark.parametrize(("text", "said"), CASES)
def test_a_file_is_read_as_systemd_reads_it(text: str, said: dict[str, str]) -> None:
    assert variables(text.encode()) == said


@pytest.mark.parametrize("content", [b"A=\xff", b"A=\0", b"# x \\\nA=secret"])
def test_what_systemd_refuses_or_its_releases_read_differently_is_refused_without_repeating_it(content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        variables(content)
    assert "secret" not in str(refused.value)


def quoted(value: str) -> str:
    """As deploy/so-ho.env says it: the same in systemd's double quotes and in a POSIX shell's."""
    return '"' + re.sub(r'(["\\`$])', r"\\\1", value) + '"'


TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)
NAMES = st.from_regex("[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


@given(st.dictionaries(NAMES, TEXT, max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_every_value_can_be_written_and_comes_back(values: dict[str, str], end: str) -> None:
    text = "".join(f"{name}={quoted(value)}{end}" for name, value in values.items())
    assert variables(text.encode()) == values


@given(st.text("aA1 &$#;=@:/%?\"'", max_size=20))
def test_a_plain_value_is_what_stands_between_its_outer_spaces(value: str) -> None:
    value = value.strip()
    if not value.startswith(("'", '"')):
        assert variables(f"A= {value} \n".encode()) == {"A": value}


def so_ho(file: Path, *words: str, given: str = "", **shell: str) -> subprocess.CompletedProcess[str]:
    own = {"SO_HO_ENV": str(file), "SO_HO_PYTHON": sys.executable, "SO_HO_USER": "root"}
    return subprocess.run(
        [str(ROOT / "deploy" / "so-ho"), *words], env=os.environ | own | shell, capture_output=True, text=True,
        input=given,
    )  # fmt: skip


def test_a_command_works_where_the_service_does_whatever_the_shell_says(tmp_path: Path) -> None:
    instance = tmp_path / "a folder & $HOME"
    file = tmp_path / "env"
    file.write_text(f"# the place\nINSTANCE={instance}\nDATABASE_URL=sqlite:///{instance}/kho.sqlite3?timeout=9&x=$y\n")
    elsewhere = {"INSTANCE": str(tmp_path / "shell"), "DATABASE_URL": "", "PGHOST": "nowhere"}
    file.write_text(file.read_text().replace("?timeout=9&x=$y", ""))
    made = so_ho(file, "migrate", "--new", **elsewhere)
    assert made.returncode == 0, made.stderr
    assert str(instance) in made.stderr
    assert (instance / "kho.sqlite3").exists() and not (tmp_path / "shell").exists()
    assert (instance / "kho.sqlite3").stat().st_mode & 0o077 == 0
    missing = so_ho(tmp_path / "no-file", "rebuild")
    assert (missing.returncode, len(missing.stderr.splitlines())) == (1, 1), missing.stderr


def test_root_goes_on_as_the_user_of_the_service() -> None:
    """Whoever is not root stays who they are."""
    code = "import os; from scripts.service import become; print(become('nobody'), os.getresuid(), os.getgroups())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"({os.geteuid()}, " not in done.stdout or os.geteuid() != 0
    assert ("'USER': 'nobody'" in done.stdout) == (os.geteuid() == 0)


def test_the_documents_show_no_other_way_to_the_service_s_environment() -> None:
    for path in (*(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").iterdir()):
        assert not re.search(r"(?:\.|source) /etc/so-ho/env", path.read_text("utf-8")), path


def folders_made() -> set[str]:
    """Those that the installation makes for the service's user."""
    made = re.findall(r"^install -d -m 700 -o so-ho -g so-ho (.*)$", INSTALL, re.MULTILINE)
    return {folder for line in made for folder in line.split()}


def test_what_documented_commands_write_lies_in_a_folder_of_the_service_s_user() -> None:
    environment = variables((ROOT / "deploy" / "so-ho.env").read_bytes())
    written = [words.split()[3] for words in LINES if words.startswith("so-ho backup make ")]
    assert written
    assert {str(Path(one).parent) for one in written} | {environment["INSTANCE"]} <= folders_made()


def test_the_documented_backup_and_restore_work_as_they_stand(databases: Any, tmp_path: Path) -> None:
    """With the paths of this machine. What needs root or systemd is passed over."""
    url = databases.empty()
    if databases.name == "sqlite":
        url = f"sqlite:///{tmp_path}/var/lib/so-ho/so-ho.sqlite3"
    assert make_url(url)
    file = tmp_path / "env"
    file.write_text(f'INSTANCE={tmp_path}/var/lib/so-ho\nDATABASE_URL="{url}"\n')
    for folder in folders_made():
        (tmp_path / folder.lstrip("/")).mkdir(mode=0o700, parents=True)
    commands = [shlex.split(line) for line in LINES if re.match(r"so-ho (?:migrate|backup) ", line)]
    assert [words[1:3] for words in commands] == [
        ["migrate", "--new"], ["backup", "recipients"], ["backup", "make"], ["backup", "check"], ["backup", "prune"],
        ["backup", "restore"],
    ]  # fmt: skip
    keys = {f"{name}=age1…": f"{name}={key}" for name, key in RECIPIENTS.items()}
    try:
        for words in commands:
            own = [str(tmp_path / word.lstrip("/")) if word.startswith("/") else word for word in words[1:]]
            done = so_ho(file, *(keys.get(word, word) for word in own), given=f"{PROVINCE}\n")
            assert done.returncode == 0, (words, done.stderr)
    finally:
        if databases.name != "sqlite":
            databases.drop(url)
