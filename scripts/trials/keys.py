#!/usr/bin/env python3
"""Certificates signed anew and sealed anew while whoever does it is killed.

scripts/trials/keys [--count 20000] [--kills 12] [--json]

A body's certificates are signed anew twice, each time after its key was compromised: once left alone, which is timed,
and once with a process that is shot (kill -9) at a moment drawn at random and followed by the next one. Then the
sealing key is changed and everything is sealed anew by processes that are shot likewise. Nothing may be lost, doubled
or unreadable: every envelope handed out is by the key in use, holds, and says what it said but for the key's id; every
holder opens with the new key alone. The last line of --json is one object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _server import own_server

CHUNK = 500


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000, help="certificates of the body")
    parser.add_argument("--kills", type=int, default=12, help="of each kind")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with own_server(), tempfile.TemporaryDirectory() as folder:
        figures = trial(options, Path(folder))
    for name, value in figures.items():
        print(f"{name}: {value}")
    if options.json:
        print(json.dumps(figures))
    return 1 if figures["faults"] else 0


def trial(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from django.conf import settings

    from certificates.issuance import resigning, sealing
    from certificates.issuance.models import Attestation, SigningKey
    from registry.people import rotation
    from tests import certified, key_files

    files = key_files.made(folder)
    settings.KEYRING_FILE = files["old"]
    chance = random.Random(options.seed)
    stage = certified.build(options.count, level=4)
    before = claims(stage.body.pk)

    def anew() -> Any:
        from certificates.issuance import keys

        key = SigningKey.objects.get(institution=stage.body, state="active")
        keys.mark_compromised(key.pk, actor=None, reason="trial")
        keys.publish(stage.body.pk, key.year, actor=None)
        key.refresh_from_db()
        return resigning.begin(key, user=stage.signer).pk

    first = anew()
    began = time.perf_counter()
    shot(lambda: resigning.carry_out(first), [], chance)
    seconds = time.perf_counter() - began
    second = anew()
    signing_kills = shot(
        lambda: resigning.carry_out(second), [2 * seconds / options.kills] * options.kills, chance
    )
    after = claims(stage.body.pk)
    kid = SigningKey.objects.get(institution=stage.body, state="active").kid
    faults = (
        sum(after.get(pk) != one._replace(kid=kid) for pk, one in before.items()) + len(after) - len(before)
    )

    holders = {
        pk: sealing.opened(pk, bytes(sealed))
        for pk, sealed in Attestation.objects.values_list("pk", "sealed")
    }
    settings.KEYRING_FILE = files["both"]
    began = time.perf_counter()
    sealing_kills = shot(
        lambda: rotation.rotate("certificate", chunk_rows=CHUNK),
        [seconds / options.kills] * options.kills,
        chance,
    )
    shot(lambda: rotation.rotate("signing"), [], chance)
    sealing_seconds = time.perf_counter() - began
    settings.KEYRING_FILE = files["new"]
    sealed = Attestation.objects.values_list("pk", "sealed")
    faults += sum(sealing.opened(pk, bytes(one)) != holders[pk] for pk, one in sealed)
    return {
        "certificates": options.count,
        "signed_anew_seconds": round(seconds, 2),
        "signed_anew_per_second": round(options.count / seconds),
        "killed_while_signing": signing_kills,
        "killed_while_sealing": sealing_kills,
        "sealed_anew_seconds_with_kills": round(sealing_seconds, 2),
        "faults": faults,
    }


def claims(institution_id: int) -> dict[int, Any]:
    """What each envelope says that is handed out now; those whose signature does not hold are missing."""
    from certificates.issuance import cose, payload
    from certificates.issuance.envelopes import current
    from certificates.issuance.models import Attestation, SigningKey
    from certificates.verification.envelopes import _holds

    public = {key.kid: bytes(key.public) for key in SigningKey.objects.filter(institution_id=institution_id)}
    ids = list(Attestation.objects.filter(institution_id=institution_id).values_list("pk", flat=True))
    found = {}
    for pk, envelope in current(ids).items():
        opened = cose.open_envelope(envelope.raw)
        if _holds(public[opened.kid], opened):
            found[pk] = payload.read(opened.payload)
    return found


def shot(deed: Callable[[], object], moments: list[float], chance: random.Random) -> int:
    """Do it in processes that are killed within so many seconds, and at last in one that is left alone."""
    killed = 0
    for most in [*moments, None]:
        child = start(deed)
        if most is not None:
            time.sleep(chance.uniform(0, most))
            os.kill(child, signal.SIGKILL)
        _pid, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        if most is None and status:
            raise SystemExit("the last process failed")
    return killed


def start(deed: Callable[[], object]) -> int:
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        deed()
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
