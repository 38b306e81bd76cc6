"""Sổ Hộ's commands as its service would run them: what `deploy/so-ho COMMAND …` does.

The environment is that of /etc/so-ho/env, read as systemd reads it, and nothing of the shell that it is typed in: a
command works on the same database, folder and keys as the service. Started by root it goes on as the service's user.
SO_HO_ENV and SO_HO_USER name another file and another user.
"""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from scripts.environment_file import Unreadable, variables

ROOT = Path(__file__).resolve().parents[1]
FILE, USER = "/etc/so-ho/env", "so-ho"
KEPT = ("PATH", "TERM", "LANG", "LC_ALL", "LC_CTYPE")  # of whoever types; a stray PGHOST would name another database


def environment_in(path: Path) -> dict[str, str]:
    """What the service is given. Ends the program with a sentence when the file cannot be read."""
    try:
        return variables(path.read_bytes())
    except OSError as fault:
        raise SystemExit(f"Không đọc được {path}: {fault.strerror}.") from None
    except Unreadable as fault:
        raise SystemExit(f"{path}: {fault}.") from None


def become(user: str) -> dict[str, str]:
    """Give up root's rights for those of `user`, if they are held; returns the variables that name who one is."""
    try:
        known = pwd.getpwnam(user) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    except KeyError:
        raise SystemExit(f"Máy này chưa có người dùng {user}.") from None
    if os.geteuid() == 0:
        os.initgroups(known.pw_name, known.pw_gid)
        os.setgid(known.pw_gid)
        os.setuid(known.pw_uid)
    return {"HOME": known.pw_dir, "USER": known.pw_name, "LOGNAME": known.pw_name}


def main(arguments: list[str]) -> None:
    given = environment_in(Path(os.environ.get("SO_HO_ENV", FILE)))
    who = become(os.environ.get("SO_HO_USER", USER))
    os.umask(0o077)
    os.chdir(ROOT)  # as WorkingDirectory= does
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
    try:
        os.execve(command[0], command, kept | who | given)  # noqa: S606 - that is what it is for
    except OSError as fault:
        raise SystemExit(f"{who['USER']} không chạy được {command[0]}: {fault.strerror}.") from None


if __name__ == "__main__":
    main(sys.argv[1:])
