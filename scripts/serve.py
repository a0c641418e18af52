"""What scripts/start does once Python is ready: database, data, worker, web server, notary; and stops them together."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
STOP_SECONDS = 15

sys.path.insert(0, str(ROOT))
from registry.config import embedded  # noqa: E402


def main() -> int:
    options = parse()
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    if is_taken(host, port):
        sys.exit(f"start: {host}:{port} is in use; name another in PORT")
    own_server = not os.environ.get("DATABASE_URL") and not embedded.status(ROOT).running
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        fill(options.rows)
        return serve(host, port)
    except KeyboardInterrupt:
        return 0
    except subprocess.CalledProcessError as error:
        return int(error.returncode) or 1
    finally:
        if own_server:
            embedded.stop(ROOT)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/start", description="Serve the site with demo data.")
    parser.add_argument("--rows", type=int, help="how many rows of demo data to import")
    return parser.parse_args()


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def is_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def manage(*arguments: str) -> None:
    subprocess.run([sys.executable, ROOT / "manage.py", *arguments], cwd=ROOT, check=True)


def fill(rows: int | None) -> None:
    """Bring the database to the present shape, with reference tables and demo data; twice changes nothing."""
    print("start: database", flush=True)
    manage("migrate", "--no-input", "--verbosity", "0")
    manage("roles", "apply")
    manage("reference", "load")
    if os.environ.get("JIANGCE_ENV") == "production":
        manage("collectstatic", "--no-input", "--verbosity", "0")
        return
    print("start: demo data", flush=True)
    manage("demo", "load", *([] if rows is None else ["--rows", str(rows)]))


def serve(host: str, port: int) -> int:
    """Run the workers, the web server and the notary until one of the former ends or we are told to stop.

    Without the notary business goes on, and /health/all says that nothing is signed.
    """
    program = str(ROOT / "manage.py")
    children = [
        start(sys.executable, program, "procrastinate", "worker", role="jiangce_worker"),
        # Codes for sign-in, and revocations on their way to the public, never wait for an import.
        start(
            sys.executable,
            program,
            "procrastinate",
            "worker",
            "--queues",
            "sms,prompt",
            role="jiangce_worker",
        ),
        # Alone has the right to erase details of the record; carries out what two persons agreed to.
        start(
            sys.executable, program, "retention", "apply", "--every", "60", "--json", role="jiangce_retention"
        ),
        start(
            *(str(BIN / "gunicorn"), "registry.config.wsgi", "--bind", f"{host}:{port}"),
            *("--workers", "2", "--threads", "4", "--timeout", "120", "--log-level", "warning"),
            *("--logger-class", "registry.config.logs.Gunicorn"),
            role="jiangce_app",
        ),
    ]
    notary = [start(sys.executable, program, "notary", "run")] if has_notary() else []
    try:
        announce(host, port, children)
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        print("start: a process ended by itself; stopping the others", file=sys.stderr)
        return 1
    finally:
        # The notary last, so that it signs what the others did.
        stop(children)
        stop(notary)


def has_notary() -> bool:
    """With a server named by DATABASE_URL the notary runs here only if it has an address of its own."""
    return not os.environ.get("DATABASE_URL") or bool(os.environ.get("JIANGCE_NOTARY_DATABASE_URL"))


def start(*command: str, role: str = "") -> subprocess.Popen[bytes]:
    """Start a process; on our own server it works as this role of the database, elsewhere as its address says."""
    environment = dict(os.environ)
    if role and not os.environ.get("DATABASE_URL"):
        environment["JIANGCE_DATABASE_ROLE"] = role
    # A session of its own: Ctrl-C reaches us alone, and we stop the others in order.
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)


def stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in reversed(children):
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def announce(host: str, port: int, children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Say where the site is, once it answers."""
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::"} else host
    for _attempt in range(120):
        if any(child.poll() is not None for child in children):
            return
        try:
            urllib.request.urlopen(f"http://{shown}:{port}/accounts/sign-in/", timeout=5).close()
            break
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.25)
    if os.environ.get("JIANGCE_ENV") != "production":
        manage("demo", "sign-ins")
    print(f"\n  http://{shown}:{port}/    (Ctrl-C stops it)\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
