"""The program's own PostgreSQL, for development and tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Database:
    """How to reach a running server."""

    host: str
    port: int
    name: str
    user: str
    password: str = ""

    @property
    def url(self) -> str:
        return f"postgres://{quote(self.user)}@/{quote(self.name)}?host={quote(self.host, safe='')}&port={self.port}"


def locate(project_dir: Path) -> Database:
    return Database(host=str(project_dir / ".pgdata"), port=5432, name="jiangce", user="jiangce")
