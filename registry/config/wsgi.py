"""The web process: pooled connections, and the program's own PostgreSQL when none is named."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from registry.config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
os.environ.setdefault("DJANGO_POOL", "1")
embedded.ensure_unless_named(Path(__file__).resolve().parents[2])

application = get_wsgi_application()
