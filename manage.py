#!/usr/bin/env python
"""Entry point of every command; starts the program's own PostgreSQL when none is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
    from registry.config import embedded

    try:
        embedded.ensure_for_command(sys.argv, Path(__file__).resolve().parent)
    except embedded.EmbeddedError as error:
        sys.exit(f"manage.py: {error}")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
