"""A PostgreSQL server of the tests' own: on a free port of this machine, and stopped after them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Return the folder of the server's programs, or None where it is not installed."""
    paths = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if paths:
        return paths[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


@contextmanager
def server() -> Iterator[str]:
    """Start a server and yield the address of its database ``postgres``."""
    folder = programs()
    assert folder is not None
    home = Path(tempfile.mkdtemp(prefix="iop_outcomes_postgres_"))
    # The server refuses to run as root.
    other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if other:
        shutil.chown(home, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(home / "data")

    def run(*command: str) -> None:
        subprocess.run([*other, *command], check=True, capture_output=True, cwd=home, timeout=120)

    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    try:
        run(
            f"{folder}/initdb",
            "-D",
            data,
            "-U",
            "tester",
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
        )
        run(f"{folder}/pg_ctl", "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start")
        yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(
            [*other, f"{folder}/pg_ctl", "-D", data, "-m", "immediate", "stop"],
            capture_output=True,
            cwd=home,
            timeout=120,
            check=False,
        )
        shutil.rmtree(home, ignore_errors=True)
