"""The intake benchmark runs, and everybody in it leaves the same rows behind. Speeds are not asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

SCRIPT = Path(settings.BASE_DIR) / "scripts" / "bench" / "intake"
FIGURES = {
    "rows_per_second",
    "times_import_export",
    "times_bulk_create",
    "times_floor",
    "peak_memory_mb",
    "full_over_empty",
    "rollup_cost",
    "manifest_cost",
    "csv_seconds",
}


@pytest.mark.slow
def test_small_race(database_url: str) -> None:
    copied = connection.settings_dict["TEST"].get("TEMPLATE")
    done = subprocess.run(
        [
            sys.executable,
            str(SCRIPT),
            "--rows",
            "200",
            "--repeat",
            "1",
            "--sample",
            "100",
            "--csv-rows",
            "200",
            "--json",
            *(["--migrated", copied] if copied else []),
        ],
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures.keys() >= FIGURES
    assert figures["rows"] == figures["csv_rows"] == 200
    assert all(figures[name] is not None for name in FIGURES - {"full_over_empty"})
    assert figures["peak_memory_mb"].keys() == {"parent", "child"}
