"""What the project carries from others: one manifest, third_party.toml, checked and shown as a page.

An entry of the manifest:

    [[entry]]
    name = "…"            # what it is called
    version = "…"
    licence = "MIT"       # SPDX identifier
    licence_files = […]   # texts kept in the project, relative to its root
    source = "…"          # the package and its address
    retrieved = 2026-11-01
    use = "…"             # what for, and what was changed
    [entry.files]         # path = SHA-256 of the file as it lies here
    "registry/…" = "…"
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = "third_party.toml"
PAGE = "THIRD_PARTY.md"


@dataclass(frozen=True, slots=True)
class Entry:
    """One carried work; `files` maps a path from the project's root to its SHA-256 in hex."""

    name: str
    version: str
    licence: str
    licence_files: list[str]
    source: str
    retrieved: date
    use: str
    files: dict[str, str]


def entries(root: Path = ROOT) -> list[Entry]:
    """The manifest's entries in its own order. Raises FileNotFoundError, and TypeError for a wrong key."""
    with (root / MANIFEST).open("rb") as file:
        return [Entry(**entry) for entry in tomllib.load(file)["entry"]]


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def faults(root: Path = ROOT) -> list[str]:
    """Files that are missing or not the ones that were taken over; empty when all is well."""
    found = []
    for entry in entries(root):
        found += [f"{name}: missing" for name in entry.licence_files if not (root / name).is_file()]
        for name, expected in entry.files.items():
            path = root / name
            if not path.is_file():
                found.append(f"{name}: missing")
            elif sha256(path) != expected:
                found.append(f"{name}: SHA-256 differs from {MANIFEST}")
    return found


def page(root: Path = ROOT) -> str:
    """The text of THIRD_PARTY.md."""
    lines = [
        "# Works of others in this repository",
        "",
        f"Written by `scripts/third_party --write` from `{MANIFEST}`; change that file, not this one.",
        "Libraries that are installed and not carried here are listed in `requirements.lock`.",
        "",
    ]
    for entry in entries(root):
        texts = ", ".join(f"[{Path(name).name}]({name})" for name in entry.licence_files)
        lines += [
            f"## {entry.name} {entry.version}",
            "",
            f"- Licence: {entry.licence} ({texts})",
            f"- Source: {entry.source}",
            f"- Retrieved: {entry.retrieved.isoformat()}",
            f"- Use: {entry.use}",
            "",
            "| file | SHA-256 |",
            "|---|---|",
            *(f"| `{name}` | `{digest}` |" for name, digest in entry.files.items()),
            "",
        ]
    return "\n".join(lines)
