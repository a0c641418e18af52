"""`manage.py audit verify [--table T] [--json]`: prove the register's rows from its history."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from registry.audit.verify import Report, verify
from registry.lib.scope import Scope


class Command(BaseCommand):
    policy = "audit.verify"
    help = "Compares rows with what history says of them; names each that differs and then exits with 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["verify"])
        parser.add_argument("--table", help="one table only, e.g. enrolments_enrolment")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
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
    verdict = "as recorded" if report.ok else f"{len(lines)} differ"
    lines.append(f"{report.manifests} manifests, {report.rows} rows, {report.details} details: {verdict}")
    return "\n".join(lines)
