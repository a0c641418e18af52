"""Load the plans, fold the roll-ups, prove them from the rows, or make them anew."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from training.targets import handbook, services
from training.targets.verification import verify


class Command(BaseCommand):
    policy = "reference.edit"
    help = "load: plans and numbers. fold: add open lines. verify: recount. rebuild: make anew. doc: print the page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["load", "fold", "verify", "rebuild", "doc"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        began = time.perf_counter()
        if action == "doc":
            self.stdout.write(handbook.page(), ending="")
            return
        getattr(self, f"_{action}")()
        self.stdout.write(f"{action}: {time.perf_counter() - began:.1f} s")

    def _load(self) -> None:
        for what, counts in services.load_plans().items():
            self.stdout.write(f"{what}: {counts.total} rows, {counts.added} added, {counts.changed} changed")

    def _fold(self) -> None:
        self.stdout.write(f"{services.sweep()} open lines folded")

    def _rebuild(self) -> None:
        self.stdout.write(f"roll-ups made anew from the rows: {services.rebuild()} lines")

    def _verify(self) -> None:
        wrong = 0
        for outcome in verify():
            wrong += len(outcome.differences)
            verdict = "agree" if not outcome.differences else f"{len(outcome.differences)} DIFFER"
            self.stdout.write(f"{outcome.name}: {outcome.compared} compared, {verdict}")
            for key, left, right in outcome.differences:
                self.stderr.write(f"  {outcome.name}: {key}: {left} against {right}")
        if wrong:
            raise CommandError(f"{wrong} differences between the rows and the roll-ups")
        self.stdout.write("rows and roll-ups agree")
