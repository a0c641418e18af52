"""``manage.py permissions``: write the page of the matrix, or say whether it is current."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry.accounts import handbook

PAGE = Path(settings.BASE_DIR) / "docs" / "permissions.md"


class Command(BaseCommand):
    policy = "system.config"
    help = "Writes docs/permissions.md from the matrix; with --check only compares, and exits with 1 if it differs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, write nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not check:
            PAGE.write_text(handbook.page(), "utf-8")
        elif PAGE.read_text("utf-8") != handbook.page():
            raise CommandError(
                "docs/permissions.md is not what the matrix says: manage.py permissions writes it"
            )
