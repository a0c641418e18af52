"""The program's own PostgreSQL: with DATABASE_URL unset, a server in `.pgdata` beside manage.py.

It listens on a Unix socket only, in a folder that nobody else can enter. It works for an ordinary user and for root;
PostgreSQL refuses to run as root, so then it runs under an unprivileged account that exists already (`postgres`, else
`nobody`). No folder outside the project changes its permissions: where that account cannot reach the project, programs
and data live in a folder of their own that it can reach, and `.pgdata/location` names it.

For development, demonstration and tests. Production names its own server in DATABASE_URL.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from registry.config import binaries as programs
from registry.config import tuning
from registry.config.binaries import Binaries, EmbeddedError

NAME = USER = "jiangce"
PORT = 5432  # only part of the socket's name: the server has no TCP port
START_SECONDS = 120  # recovery after a crash may take a while on a slow disk
INITDB = ("-U", USER, "-A", "trust", "-E", "UTF8", "--no-instructions", "--no-sync")
_LONGEST_SOCKET_FOLDER = 85  # the kernel allows about 104 bytes with the socket's own name

__all__ = [
    "Database",
    "EmbeddedError",
    "ensure_for_command",
    "ensure_running",
    "ensure_unless_named",
    "locate",
    "status",
    "stop",
]

# Commands that never look at the database, and must not wait for one.
WITHOUT_DATABASE = frozenset(
    {"help", "embedded", "check", "collectstatic", "findstatic", "makemessages", "compilemessages", "version"}
)


@dataclass(frozen=True)
class Database:
    """How to reach a running server; `host` is the folder of its socket."""

    host: str
    port: int
    name: str
    user: str
    password: str = ""

    @property
    def url(self) -> str:
        host = quote(self.host, safe="")
        return f"postgres://{quote(self.user)}@/{quote(self.name)}?host={host}&port={self.port}"


@dataclass(frozen=True)
class Account:
    """Whom the server runs as; ids are None when it is simply the present user."""

    uid: int | None
    gid: int | None
    name: str

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, in a neutral folder and language, and hand back what it said."""
        become: dict[str, Any] = {}
        if self.uid is not None:
            become = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            command,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            umask=0o077,
            **become,
        )

    def can(self, test: str, path: Path) -> bool:
        """Whether this account passes `test -r|-x path`, every folder above it included."""
        return self.run(["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]).returncode == 0

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Cluster:
    """One server's folders. `home` is `.pgdata` itself, or the folder that `.pgdata/location` names."""

    home: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log" / "server.log"

    @property
    def sockets(self) -> Path:
        """Short enough for a socket's address; a deep project keeps its socket under /tmp."""
        inside = self.home / "run"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
            return inside
        return Path("/tmp") / f"jiangce-run-{_digest(self.home)}"

    @property
    def database(self) -> Database:
        return Database(host=str(self.sockets), port=PORT, name=NAME, user=USER)

    @property
    def major(self) -> int | None:
        """The version that wrote the data, or None before there is any."""
        try:
            return int((self.data / "PG_VERSION").read_text("ascii"))
        except FileNotFoundError:
            return None

    def is_ready(self) -> bool:
        """Whether this cluster (and not one it was copied from) answers."""
        try:
            with psycopg.connect(
                host=str(self.sockets), port=PORT, user=USER, dbname="postgres", connect_timeout=5
            ) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(row[0]) == self.data


@dataclass(frozen=True)
class Status:
    running: bool
    home: Path
    major: int | None
    database: Database


# --- what others call ------------------------------------------------------------------------------


def locate(project_dir: Path) -> Database:
    """Where the project's server answers once it runs; starts nothing and touches nothing."""
    return _cluster(project_dir).database


def ensure_running(project_dir: Path, *, durable: bool = True) -> Database:
    """Start the project's server unless it runs already, making its data on first use.

    Safe to call from many processes at once. `durable=False` trades safety after a power cut for speed.
    Raises EmbeddedError with the remedy in its message.
    """
    cluster = _cluster(project_dir)
    if cluster.is_ready():
        return cluster.database
    with _locked(project_dir):
        cluster, account = _settle(project_dir)
        if not cluster.is_ready():
            _start(cluster, account, durable=durable)
    return cluster.database


def ensure_for_command(argv: Sequence[str], project_dir: Path) -> None:
    """Start the server for a manage.py command that needs one, if DATABASE_URL names no other."""
    command = argv[1] if len(argv) > 1 else "help"
    asks_for_help = "--help" in argv or "-h" in argv
    if command in WITHOUT_DATABASE or command.startswith("-") or asks_for_help:
        return
    ensure_unless_named(project_dir)


def ensure_unless_named(project_dir: Path) -> None:
    """Start the server unless DATABASE_URL names another, or we are in production and it should have."""
    if not os.environ.get("DATABASE_URL", "").strip() and os.environ.get("JIANGCE_ENV") != "production":
        ensure_running(project_dir)


def stop(project_dir: Path) -> bool:
    """Stop the project's server after letting its transactions roll back; False when it did not run."""
    cluster = _cluster(project_dir)
    if not cluster.data.exists():
        return False
    with _locked(project_dir):
        account = _account_for(cluster)
        if not _is_alive(cluster):
            return False
        tools = _tools(cluster, account)
        said = account.run([*_control(tools, cluster, "stop"), "-m", "fast"])
        if said.returncode != 0:
            raise EmbeddedError(f"PostgreSQL did not stop: {said.stdout.strip()}")
    return True


def status(project_dir: Path) -> Status:
    cluster = _cluster(project_dir)
    return Status(cluster.is_ready(), cluster.home, cluster.major, cluster.database)


# --- where the data lies and who owns it -----------------------------------------------------------


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _anchor(project_dir: Path) -> Path:
    return project_dir.resolve() / ".pgdata"


def _cluster(project_dir: Path) -> Cluster:
    anchor = _anchor(project_dir)
    try:
        return Cluster(Path((anchor / "location").read_text("utf-8").strip()))
    except FileNotFoundError:
        return Cluster(anchor)


@contextmanager
def _locked(project_dir: Path) -> Iterator[None]:
    """One starter or stopper at a time; the lock goes with the process, so a crash leaves none behind."""
    anchor = _anchor(project_dir)
    try:
        anchor.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, exist_ok=True)
        descriptor = os.open(anchor / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise EmbeddedError(f"{anchor} belongs to another user, who must start the database first.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _present_user() -> Account:
    return Account(None, None, str(os.geteuid()))


def _unprivileged() -> Account:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, name)
    raise EmbeddedError("PostgreSQL does not run as root, and there is no account postgres or nobody.")


def _account_for(cluster: Cluster) -> Account:
    """Whoever owns the data already; for new data the present user, or for root an unprivileged account."""
    owner = cluster.data.stat() if cluster.data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise EmbeddedError(f"{cluster.data} belongs to another user, who must start the database.")
        return _present_user()
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, str(owner.st_uid))
    return _unprivileged()


def _settle(project_dir: Path) -> tuple[Cluster, Account]:
    """Decide where the data lies and under whom, and write it down when that is not `.pgdata`."""
    cluster = _cluster(project_dir)
    account = _account_for(cluster)
    if cluster.data.exists() or account.uid is None:
        return cluster, account
    anchor = _anchor(project_dir)
    if cluster.home == anchor and not _can_keep_data(account, anchor):
        cluster = Cluster(_folder_elsewhere(anchor))
        draft = anchor / f".location.{os.getpid()}"
        draft.write_text(f"{cluster.home}\n", encoding="utf-8")
        draft.rename(anchor / "location")
    return cluster, account


def _can_keep_data(account: Account, folder: Path) -> bool:
    """Whether the account can get here and own a folder here (some mounted disks have no owners)."""
    probe = folder / f".probe.{os.getpid()}"
    probe.mkdir(mode=0o700)
    try:
        account.own(probe)
        return account.can("-w", probe)
    except OSError:
        return False
    finally:
        probe.rmdir()


def _folder_elsewhere(anchor: Path) -> Path:
    """A folder of the project's own under /var/tmp: everyone may look in, only root may write."""
    parent = Path("/var/tmp") if Path("/var/tmp").is_dir() else Path("/tmp")
    home = parent / f"jiangce-{_digest(anchor)}"
    home.mkdir(mode=0o755, exist_ok=True)
    found = home.lstat()
    if home.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise EmbeddedError(f"{home} was made by somebody else; remove it, or set DATABASE_URL.")
    return home


def _tools(cluster: Cluster, account: Account) -> Binaries:
    """Programs that fit the data and that the account can run, copied to it if need be."""
    tools = programs.find(cluster.major)
    if account.can("-x", tools.folder / "postgres") and account.can("-r", tools.folder):
        return tools
    return tools.copied_to(cluster.home)


def _private_folder(path: Path, account: Account) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    owner = os.geteuid() if account.uid is None else account.uid
    if path.is_symlink() or path.lstat().st_uid not in {os.geteuid(), owner}:
        raise EmbeddedError(f"{path} was made by somebody else; remove it, or set DATABASE_URL.")
    account.own(path)
    path.chmod(0o700)


# --- starting --------------------------------------------------------------------------------------


def _start(cluster: Cluster, account: Account, *, durable: bool) -> None:
    tools = _tools(cluster, account)
    for folder in (cluster.log.parent, cluster.sockets):
        _private_folder(folder, account)
    if cluster.major is None:
        _make_data(cluster, account, tools)
    _forget_dead_server(cluster)
    _configure(cluster, account, durable=durable)
    said = account.run([*_control(tools, cluster, "start"), "-l", str(cluster.log)])
    if said.returncode != 0:
        raise EmbeddedError(f"PostgreSQL did not start: {said.stdout.strip()}\n{_end_of(cluster.log)}")
    _make_database(cluster)


def _control(tools: Binaries, cluster: Cluster, verb: str) -> list[str]:
    return [tools["pg_ctl"], verb, "-D", str(cluster.data), "-w", "-t", str(START_SECONDS)]


def _make_data(cluster: Cluster, account: Account, tools: Binaries) -> None:
    """Run initdb into a draft folder, so that an interrupted first start leaves nothing half made."""
    draft = cluster.home / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    for locale in ("C.UTF-8", "C"):  # not every C library knows C.UTF-8; both sort by code point
        _private_folder(draft, account)
        said = account.run([tools["initdb"], "-D", str(draft), *INITDB, f"--locale={locale}"])
        if said.returncode == 0:
            break
        shutil.rmtree(draft, ignore_errors=True)
    else:
        raise EmbeddedError(f"PostgreSQL could not make its data folder: {said.stdout.strip()}")
    draft.rename(cluster.data)


def _configure(cluster: Cluster, account: Account, *, durable: bool) -> None:
    """Write our settings to a file that postgresql.conf includes; rewritten at each start."""
    settings = tuning.settings(cluster.sockets, PORT, durable=durable)
    main, ours = cluster.data / "postgresql.conf", cluster.data / "jiangce.conf"
    ours.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()), encoding="utf-8")
    account.own(ours)
    include = "include = 'jiangce.conf'\n"
    text = main.read_text(encoding="utf-8")
    if include not in text:
        main.write_text(f"{text}\n{include}", encoding="utf-8")


def _make_database(cluster: Cluster) -> None:
    address = {"host": str(cluster.sockets), "port": PORT, "user": USER}
    with psycopg.connect(**address, dbname="postgres", autocommit=True) as connection:  # type: ignore[arg-type]
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{NAME}"')


def _is_alive(cluster: Cluster) -> bool:
    """Whether any process of this server is left: they all work in the data folder.

    The number in postmaster.pid alone proves nothing after a kill -9: it may be in use again, or be that of a
    dead process which nobody buried, and both are common in containers.
    """
    if Path("/proc/self/cwd").exists():
        return any(_works_in(process, cluster.data) for process in Path("/proc").glob("[0-9]*"))
    try:
        os.kill(int((cluster.data / "postmaster.pid").read_text("ascii").split("\n", 1)[0]), 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:  # it ended meanwhile, or is somebody else's
        return False


def _forget_dead_server(cluster: Cluster) -> None:
    """Remove the lock files of a server that is gone; PostgreSQL itself believes the number in them."""
    if not _is_alive(cluster):
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)
        (cluster.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _end_of(log: Path, lines: int = 20) -> str:
    try:
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""
