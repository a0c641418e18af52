"""`manage.py retention apply`: what periods of retention and approvals bring about, as far as this process may."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from registry.rights import applying


class Command(BaseCommand):
    policy = "system.config"
    help = "Erases and restricts what has run out; can be broken off and run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["apply"])
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--every", type=int, metavar="SECONDS", help="again and again, until told to stop"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._once(options)
        while options["every"]:
            connections.close_all()
            time.sleep(options["every"])
            self._once(options)

    def _once(self, options: dict[str, Any]) -> None:
        done = dataclasses.asdict(applying.apply(dry_run=options["dry_run"]))
        if options["json"]:
            self.stdout.write(json.dumps(done))
        else:
            for name, value in done.items():
                self.stdout.write(f"{name}: {value}")
        if not options["dry_run"] and not applying.may_erase():
            self.stderr.write(
                "This role of the database may not erase details of the record: see production.md."
            )
            sys.exit(1)
