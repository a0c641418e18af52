"""The web process: connections that stay, the program's own PostgreSQL when none is named, and checks first."""

from __future__ import annotations

import gc
import os
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections

from registry.config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
os.environ.setdefault("JIANGCE_CONNECTION_SECONDS", "600")  # each thread has one of its own
embedded.ensure_unless_named(Path(__file__).resolve().parents[2])

application = get_wsgi_application()
# Serving with a wrong database or unusable keys would only fail later, in the middle of somebody's work.
call_command("check", databases=["default"], stdout=StringIO())
connections.close_all()  # this thread asks no more
# What is loaded by now stays for good: the collector need not go through it, which takes tens of milliseconds.
gc.collect()
gc.freeze()
