"""Load or verify the reference data that ships with the program: divisions, occupations, levels."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from registry.lib import third_party
from registry.lib.reference import Loader, loaders


class Command(BaseCommand):
    policy = "reference.edit"
    help = "Load or verify divisions, occupations and levels; loading again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["load", "verify"])
        parser.add_argument("--demo", action="store_true", help="also the invented example rows")

    def handle(self, *args: Any, action: str, demo: bool, **options: Any) -> None:
        chosen = [loader for loader in loaders() if demo or not loader.demo]
        if action == "load":
            self._load(chosen)
        else:
            self._verify(chosen)

    def _load(self, chosen: list[Loader]) -> None:
        began = time.perf_counter()
        with transaction.atomic():
            for loader in chosen:
                for what, counts in loader.load().items():
                    self.stdout.write(
                        f"{what}: {counts.total} rows, {counts.added} added, {counts.changed} changed,"
                        f" {counts.unchanged} unchanged"
                    )
        self.stdout.write(f"reference data loaded in {time.perf_counter() - began:.1f} s")

    def _verify(self, chosen: list[Loader]) -> None:
        faults = third_party.faults() if (third_party.ROOT / third_party.MANIFEST).is_file() else []
        for loader in chosen:
            wrong = loader.differences()
            self.stdout.write(f"{loader.room}: {len(wrong)} differences")
            if wrong:
                faults.append(f"{loader.room}: {', '.join(wrong[:10])}{' …' if len(wrong) > 10 else ''}")
        if faults:
            raise CommandError("\n".join(faults))
        self.stdout.write("reference data and files agree")
