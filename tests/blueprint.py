"""The migrated database of a test run: made once, in a process beside the collecting workers, and copied by each.

Migrating takes ten seconds of a processor; a copy takes less than one.
"""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from pathlib import Path

NAME = "jiangce_blueprint"
MADE, FAILED = "blueprint.made", "blueprint.failed"
PATIENCE = 600  # seconds

_makers: list[subprocess.Popen[bytes]] = []


def begin(folder: Path) -> None:
    """Start making it on the server that DATABASE_URL names; `folder` is where its end will be told."""
    _makers.append(subprocess.Popen([sys.executable, "-m", "tests.blueprint", str(folder)], cwd=_root()))


def wait(folder: Path) -> str:
    """The name of the finished database. Raises RuntimeError with what its maker said if it could not be made."""
    until = time.monotonic() + PATIENCE
    while not (folder / MADE).exists():
        if (folder / FAILED).exists():
            raise RuntimeError((folder / FAILED).read_text("utf-8"))
        if time.monotonic() > until:
            raise RuntimeError(f"no migrated database after {PATIENCE} s")
        time.sleep(0.05)
    return NAME


def end() -> None:
    """Leave nobody working on a server that is about to stop."""
    while _makers:
        maker = _makers.pop()
        maker.terminate()
        maker.wait()


def _root() -> Path:
    return Path(__file__).resolve().parents[1]


def _make() -> None:
    import django
    from django.db import connection

    django.setup()
    connection.settings_dict["TEST"]["NAME"] = NAME
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()  # nobody may be connected to what is copied


def _tell(folder: Path, name: str, text: str = "") -> None:
    """All of the text or nothing: whoever waits looks at any moment."""
    draft = folder / f"{name}.part"
    draft.write_text(text, "utf-8")
    draft.rename(folder / name)


if __name__ == "__main__":
    try:
        _make()
    except BaseException:
        _tell(Path(sys.argv[1]), FAILED, traceback.format_exc())
        raise
    _tell(Path(sys.argv[1]), MADE)
