"""The web process: pooled connections, and the program's own PostgreSQL when none is named."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
os.environ.setdefault("DJANGO_POOL", "1")

application = get_wsgi_application()
