"""`manage.py roles apply|check`: the database's own roles, and whether they have more than they need."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from registry.config import roles


class Command(BaseCommand):
    policy = "system.config"
    help = "Gives the database's roles what they need and nothing else; run it after migrate, as the tables' owner."

    policy = "system.config"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["apply", "check"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "apply" and not roles.apply():
            self.stderr.write(
                "Changes of the structure are not recorded: that takes a superuser, see production.md."
            )
        found = roles.faults()
        for fault in found:
            self.stderr.write(fault)
        if found:
            sys.exit(1)
