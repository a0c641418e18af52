"""How the program's own PostgreSQL is set up: private, sized to the machine, silent about people."""

from __future__ import annotations

import os
from pathlib import Path

_MIB = 2**20
_SMALLEST, _LARGEST = 128, 4096  # MiB of shared buffers: an old county PC, a server


def settings(sockets: Path, port: int, *, durable: bool) -> dict[str, str]:
    """Lines of postgresql.conf. ``durable`` False: a test's server, which need not survive a power cut."""
    on = "on" if durable else "off"
    return {
        "listen_addresses": "''",
        "port": str(port),
        "unix_socket_directories": f"'{sockets}'".replace("\\", "\\\\"),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{_shared_megabytes() if durable else _SMALLEST}MB",
        "work_mem": "32MB",
        # A span of an import, while it is worked on; used by whoever imports, and by nobody else.
        "temp_buffers": "64MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "4GB",
        "jit": "off",
        "fsync": on,
        "full_page_writes": on,
        "synchronous_commit": on,
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        # A failing statement carries its values, and values are people's: the log names the error alone.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }


def _shared_megabytes() -> int:
    """An eighth of the machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(_SMALLEST, min(memory // 8 // _MIB, _LARGEST))
