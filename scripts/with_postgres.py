"""Run a command beside a PostgreSQL server of its own, which lives in a temporary folder and dies with the command.

    python scripts/with_postgres.py COMMAND ...

The command finds the server in TEST_DATABASE_URL. When that is set already, it is used as it is and no server is made.
The server listens on a Unix socket only, and gives up durability for speed: it holds nothing worth keeping.
PostgreSQL refuses to run as root, so root runs it as the user `postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SPEED = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=120"


def server_user() -> str | None:
    """Whom to run the server as: None means ourselves."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def server() -> Iterator[str]:
    """A running server; yields its URL for SQLAlchemy."""
    bin_folder = subprocess.run(
        [Path(__file__).parent / "postgres-bin"], check=True, capture_output=True, text=True
    ).stdout.strip()
    user = server_user()
    folder = Path(tempfile.mkdtemp(prefix="so-ho-pg-"))
    data, log = folder / "data", folder / "log"

    def run(*command: str) -> None:
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(folder)}
        done = subprocess.run(
            command, user=user, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            sys.exit(f"{done.stdout}\n{log.read_text() if log.exists() else ''}\n{command[0]} failed")

    if user is not None:
        shutil.chown(folder, user)
    try:
        run(f"{bin_folder}/initdb", "-D", str(data), "-U", "so_ho", "--auth=trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} {SPEED}"
        command = [f"{bin_folder}/pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"]
        start = subprocess.run(command, user=user, cwd=folder, stdout=subprocess.DEVNULL)  # a pipe would stay open
        if start.returncode:
            sys.exit(f"{log.read_text()}\nPostgreSQL did not start")
        try:
            yield f"postgresql+psycopg://so_ho@/postgres?host={folder}"
        finally:
            run(f"{bin_folder}/pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    if not command:
        sys.exit(__doc__)
    if os.environ.get("TEST_DATABASE_URL"):
        return subprocess.run(command).returncode
    with server() as url:
        return subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": url}).returncode


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
