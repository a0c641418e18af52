"""`manage.py embedded start|stop|status|url`: the program's own PostgreSQL, by hand."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.config import embedded


class Command(BaseCommand):
    policy = "system.config"
    help = "Starts, stops or describes the program's own PostgreSQL (used while DATABASE_URL is unset)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["start", "stop", "status", "url"])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["verb"])()
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from error

    def start(self) -> None:
        self.stdout.write(embedded.ensure_running(settings.BASE_DIR).url)

    def stop(self) -> None:
        self.stdout.write("stopped" if embedded.stop(settings.BASE_DIR) else "was not running")

    def status(self) -> None:
        found = embedded.status(settings.BASE_DIR)
        version = f"PostgreSQL {found.major}" if found.major else "no data yet"
        self.stdout.write(f"{'running' if found.running else 'stopped'}, {version}, {found.home}")

    def url(self) -> None:
        self.stdout.write(embedded.locate(settings.BASE_DIR).url)
