"""An export of a log made without a database, and what the offline verifier says of a folder."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.audit import merkle
from registry.audit.notes import Checkpoint, Signer, sign

SCRIPT = Path(__file__).parents[1] / "scripts" / "verify_registry.py"
ORIGIN = "jiangce.example/log/2026"
PYENV = Path.home() / ".pyenv" / "versions"
#: The oldest and newest interpreter at hand that the verifier promises to run on.
PYTHONS = sorted(
    {
        str(found)
        for found in (PYENV / "3.8.18/bin/python3.8", PYENV / "3.13.0/bin/python3.13", Path(sys.executable))
        if found.exists()
    }
)


@dataclass
class Logbook:
    """Entries as they would be exported; `publish` signs what is there and `write` lays the folder."""

    signer: Signer = field(default_factory=lambda: Signer.generate(ORIGIN))
    bodies: list[str] = field(default_factory=list)
    details: dict[int, dict[str, Any]] = field(default_factory=dict)
    manifests: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def vkey(self) -> str:
        return str(self.signer.verifier)

    def act(self, number: int, reason: str = "测试") -> None:
        self.bodies.append(
            f"action_v1|{number}|1790000000000000|7:jiangce|2:系统|~|||650000|test.act|thing|0:|1|{reason}"
        )

    def detail(self, number: int, text: str) -> None:
        salt = hashlib.sha256(b"salt %d" % number).digest()
        commitment = hashlib.sha256(salt + text.encode()).hexdigest()
        self.details[len(self.bodies)] = {"salt": salt.hex(), "detail": text}
        self.bodies.append(f"detail_v1|{number}|{number}|~|{commitment}")

    def manifest(self, number: int, rows: dict[Any, str]) -> None:
        hashes = b"".join(hashlib.sha256(text.encode()).digest() for text in rows.values())
        ids = hashlib.sha256(",".join(map(str, rows)).encode()).hexdigest()
        head = merkle.rows_root(hashes).hex()
        self.manifests[len(self.bodies)] = {"ids": list(rows), "hashes": base64.b64encode(hashes).decode()}
        self.bodies.append(f"manifest_v1|{number}|{number}|things|thing_v1|{len(rows)}|{ids}|{head}")

    def checkpoint(self, size: int | None = None) -> str:
        leaves = [merkle.leaf_hash(body.encode()) for body in self.bodies[:size]]
        return sign(Checkpoint(ORIGIN, len(leaves), merkle.root(leaves)).text(), self.signer)

    def write(self, folder: Path, note: str | None = None) -> Path:
        folder.mkdir(exist_ok=True)
        (folder / "checkpoint").write_text(note or self.checkpoint(), "utf-8")
        lines(folder / "entries.jsonl", [{"i": at, "body": body} for at, body in enumerate(self.bodies)])
        lines(folder / "details.jsonl", [{"i": at, **row} for at, row in self.details.items()])
        lines(folder / "manifests.jsonl", [{"i": at, **row} for at, row in self.manifests.items()])
        return folder


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """One JSON object a line, as `audit export` writes them."""
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    path.write_bytes(text.encode())


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]


@dataclass(frozen=True)
class Verdict:
    """What the verifier said: its exit code and the problems it named."""

    code: int
    problems: list[str]
    told: str

    @property
    def ok(self) -> bool:
        return self.code == 0


def verify(*arguments: object, python: str = sys.executable) -> Verdict:
    """Run the verifier as an auditor would, apart from every installed package."""
    run = subprocess.run(
        [python, "-I", "-S", str(SCRIPT), "--json", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert not run.stderr, run.stderr
    said = json.loads(run.stdout)
    assert said["ok"] == (run.returncode == 0)
    return Verdict(run.returncode, said["problems"], said["told"])
