"""What must hold before the program serves anyone; run by commands, scripts/start and the web process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections

from registry.config.binaries import OLDEST_MAJOR
from registry.identity.keyring import Keyring, KeyringError

FONTS = Path("certificates/printing/fonts/SHA256SUMS")


@checks.register(checks.Tags.database)
def postgresql_is_recent(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Older versions lack what our statements use; the failure would come in the middle of an import."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "postgresql":
            found.append(Error("The database must be PostgreSQL.", id="jiangce.E001"))
        elif connection.pg_version < OLDEST_MAJOR * 10000:  # type: ignore[attr-defined]
            found.append(Error(f"PostgreSQL {OLDEST_MAJOR} or later is required.", id="jiangce.E002"))
    return found


@checks.register(checks.Tags.security)
def key_file_is_usable_and_private(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    path: Path = settings.KEYRING_FILE
    found: list[CheckMessage] = []
    if path.stat().st_mode & 0o077:
        hint = f"chmod 600 {path}"
        found.append(Error("Other users can read the key file.", hint=hint, id="jiangce.E003"))
    try:
        Keyring.from_file(path)
    except (KeyringError, OSError) as error:
        found.append(Error(f"The key file cannot be used: {error}", id="jiangce.E004"))
    return found


@checks.register(checks.Tags.files)
def fonts_are_present(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Certificates are drawn with fonts listed in a manifest; pages and imports work without them."""
    manifest: Path = settings.BASE_DIR / FONTS
    if not manifest.exists():
        return []
    names = [line.split(maxsplit=1)[1] for line in manifest.read_text("ascii").splitlines() if line.strip()]
    missing = [name for name in names if not (manifest.parent / name).exists()]
    return [Warning(f"Fonts are missing: {', '.join(missing)}", id="jiangce.W001")] if missing else []


@checks.register(checks.Tags.security, deploy=True)
def nobody_is_superuser(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The flag opens nothing here, but whoever sets it thinks that somebody needs it; roles are given by two."""
    if not settings.PRODUCTION:
        return []
    found = get_user_model().objects.filter(is_superuser=True).count()
    hint = "Take the flag away; roles are granted on the pages of accounts."
    return [Error(f"{found} accounts are superusers.", hint=hint, id="jiangce.E020")] if found else []
