"""What the notary keeps for itself, beside the database and out of everybody else's reach: its key and its pledge.

The folder holds three files: `key` (the private key as text), `pledge.json` (the last pledge signed under, and the one
being signed) and `lock`. Whoever restores or clones the database does not bring this folder back to the same moment,
and that is how it shows.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from django.utils.translation import gettext as _t

from registry.audit.notes import Signer

PLEDGE_BYTES = 32


class KeyTrouble(Exception):
    """The key is missing, or not kept as a key is kept; the text says what to do and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Pledge:
    """`held` is what the database has while nothing is under way, `coming` what it has once a signing got through."""

    held: str = ""
    coming: str = ""


class Keeper:
    """The notary's own folder. `lock` before anything else: one notary works out of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locked: int | None = None

    @property
    def key_file(self) -> Path:
        return self.folder / "key"

    def lock(self) -> bool:
        """Whether no other process works out of this folder now. The lock goes with the process."""
        if self._locked is None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._locked = descriptor
        return True

    def unlock(self) -> None:
        if self._locked is not None:
            os.close(self._locked)
            self._locked = None

    def signer(self) -> Signer:
        """The key. Raises KeyTrouble when there is none, when others can read it, or when it is not one."""
        try:
            state = self.key_file.lstat()
        except FileNotFoundError:
            raise KeyTrouble(
                _t("没有签名密钥 %(file)s。请运行 notary key --new 生成。") % {"file": self.key_file}
            ) from None
        if not stat.S_ISREG(state.st_mode) or state.st_mode & 0o077 or state.st_uid != os.geteuid():
            raise KeyTrouble(
                _t("签名密钥 %(file)s 可被他人读取或不属于本进程的账户,拒绝使用。请改为 0400。")
                % {"file": self.key_file}
            )
        try:
            return Signer.parse(self.key_file.read_text("ascii").strip())
        except ValueError:
            raise KeyTrouble(_t("文件 %(file)s 不是签名密钥。") % {"file": self.key_file}) from None

    def new_key(self, name: str) -> Signer:
        """Make a key for a log of this name. A key that is there already is never overwritten: FileExistsError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        signer = Signer.generate(name)
        descriptor = os.open(self.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(signer.secret_text() + "\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self.folder)
        return signer

    def retire_key(self, to: str) -> None:
        """Put the key of an ended log aside."""
        self.key_file.rename(self.folder / f"key.{to}")
        _sync_folder(self.folder)

    def pledge(self) -> Pledge:
        """What was last written down; empty before the first signature."""
        try:
            return Pledge(**json.loads((self.folder / "pledge.json").read_text("ascii")))
        except FileNotFoundError:
            return Pledge()

    def propose(self, held: str) -> str:
        """A fresh pledge, written down before the database learns of it."""
        coming = secrets.token_hex(PLEDGE_BYTES)
        self._write(Pledge(held, coming))
        return coming

    def settle(self, held: str) -> None:
        """The database has this pledge now."""
        self._write(Pledge(held))

    def _write(self, pledge: Pledge) -> None:
        replace_file(self.folder / "pledge.json", json.dumps(asdict(pledge)).encode(), mode=0o600)


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that readers see the old or the new one whole, after a power cut too."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
