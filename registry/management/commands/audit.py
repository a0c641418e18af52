"""`manage.py audit verify [--table T] [--json]` proves the register's rows from its history; `audit export DIR` lays
the log into files that scripts/verify_registry.py checks without us."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.audit import export
from registry.audit.verify import Report, verify
from registry.lib.scope import Scope


class Command(BaseCommand):
    policy = "audit.verify"
    help = "verify names every row that is not what history says, and then exits with 1; export writes the log out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["verify", "export"])
        parser.add_argument("folder", nargs="?", type=Path, help="export: a folder that does not exist yet")
        parser.add_argument("--details", action="store_true", help="export: personal details too")
        parser.add_argument("--table", help="one table only, e.g. enrolments_enrolment")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "export":
            self.export(options["folder"], with_details=options["details"])
        else:
            self.verify(options)

    def export(self, folder: Path | None, *, with_details: bool) -> None:
        """Write the folder and say how many lines each file has."""
        if folder is None:
            raise CommandError("name a folder")
        try:
            written = export.write(Scope.all(), folder, with_details=with_details)
        except (FileExistsError, export.NothingToExport) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(f"{name}: {count}" for name, count in written.items()))

    def verify(self, options: dict[str, Any]) -> None:
        """Print the report; exit with 1 when something differs."""
        report = verify(Scope.all(), options["table"])
        self.stdout.write(as_json(report) if options["json"] else as_text(report))
        if not report.ok:
            sys.exit(1)


def as_json(report: Report) -> str:
    """The report as one line."""
    return json.dumps({"ok": report.ok, **asdict(report)}, default=str)


def as_text(report: Report) -> str:
    """A line for each difference, and one that sums up."""
    lines = [
        f"{d.table_name} {d.row_id}: {d.fault}" + (f" (manifest {d.manifest_id})" if d.manifest_id else "")
        for d in report.differences
    ]
    lines += [f"audit_detail {pk}: does not fit its commitment" for pk in report.broken_details]
    lines += [f"{each.table_name} {each.row_id}: {each.fault}" for each in report.log]
    verdict = "as recorded" if report.ok else f"{len(lines)} differ"
    lines.append(f"{report.manifests} manifests, {report.rows} rows, {report.details} details: {verdict}")
    return "\n".join(lines)
