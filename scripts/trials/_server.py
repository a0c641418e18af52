"""A PostgreSQL of the trial's own in a temporary folder, with reference data and the invented schools."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
os.environ.setdefault("JIANGCE_LOG_LEVEL", "CRITICAL")


@contextmanager
def own_server(*, reference: bool = True) -> Iterator[None]:
    from registry.config import embedded

    folder = Path(tempfile.mkdtemp(prefix="jiangce-trials-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        os.environ["JIANGCE_TRIAL_SERVER"] = str(folder)
        os.environ["DATABASE_URL"] = embedded.ensure_running(folder).url
        _prepare(reference)
        yield
    finally:
        home = Path(embedded.locate(folder).host).parent
        embedded.stop(folder)
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(reference: bool) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from registry.institutions import demo

    call_command("migrate", verbosity=0)
    if reference:
        call_command("reference", "load", stdout=io.StringIO())
        demo.load()
