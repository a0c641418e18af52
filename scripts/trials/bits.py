"""Turn over every single bit of signed certificates: scripts/trials/bits [--n 1000] [--processes 2] [--json]

Makes invented certificates (names of one to thirty characters, also rare ones, every family, with and without a last
day), signs them with keys of their own, and then turns over, one at a time, every bit of the envelope, and every bit of
the text behind the # of the code's link. Each must be refused by the program's reader and the signature together.
Of `--alone` of them the stand-alone script must refuse every bit of the envelope too, being other code by other means.
Exit 1 unless all are refused and all that were left alone are believed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from certificates.issuance import cose, payload

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("张*丰", "阿*江", "𠮷*", "古丽·*江", "L* Smith", "王*", "欧*" * 10, "㛃*𪚥")
BODIES = ("喀什红柳职业技能评价中心", "某某集团有限责任公司职工培训与技能评价中心（第二分中心）", "X")


class Made(NamedTuple):
    """An envelope, and the key that it is believed with."""

    envelope: bytes
    public: bytes


def make(seed: int) -> Made:
    """One signed certificate, the same for the same seed."""
    turn = random.Random(seed)
    key = Ed25519PrivateKey.from_private_bytes(turn.randbytes(32))
    kid = "".join(turn.choices("ABCDEFGHIJabcdefghij0123456789-_", k=8))
    issued = date(2019, 1, 1) + timedelta(turn.randrange(4000))
    salt = turn.randbytes(8)
    raw = payload.build(
        payload.Claims(
            issuer=turn.choice(("91650100MA7ABCDE12", f"jc:{turn.randrange(10**6)}")),
            number=f"S{turn.randrange(10**21):021d}",
            name=turn.choice(NAMES),
            check=payload.check_of("某", f"{turn.randrange(10**4):04d}", salt),
            occupation_code=f"6-{turn.randrange(100):02d}-{turn.randrange(100):02d}-{turn.randrange(100):02d}",
            occupation_name=turn.choice(("焊工", "中式烹调师", "工业机器人系统操作员")),
            level=turn.randrange(9),
            issued_on=issued,
            body=turn.choice(BODIES),
            kid=kid,
            status_list=turn.randrange(10**4),
            status_index=turn.randrange(131_072),
            salt=salt,
            family=turn.choice(list(payload.FAMILIES)),
            expires_on=issued + timedelta(turn.randrange(4000)) if turn.random() < 0.5 else None,
        )
    )
    signature = key.sign(cose.to_be_signed(raw, kid))
    public = key.public_key().public_bytes_raw()
    return Made(cose.envelope(raw, kid, cose.ED25519, signature), public)


def believed(text: str, public: Ed25519PublicKey) -> bool:
    """By the program: read as we write, signed, and of the key that it names."""
    try:
        opened = cose.open_envelope(cose.of_fragment(text))
        public.verify(opened.signature, opened.signed)
        return payload.read(opened.payload).kid == opened.kid
    except (cose.BadEnvelope, payload.BadPayload, InvalidSignature):
        return False


def turned(raw: bytes, bit: int) -> bytes:
    """The same with one bit turned over."""
    found = bytearray(raw)
    found[bit >> 3] ^= 1 << (bit & 7)
    return bytes(found)


def try_one(seed: int) -> tuple[int, int, int]:
    """(bits turned over, of these believed, 1 if the whole one is not believed)."""
    one = make(seed)
    public = Ed25519PublicKey.from_public_bytes(one.public)
    text = cose.fragment(one.envelope)
    tried = passed = 0
    for bit in range(len(one.envelope) * 8):
        tried += 1
        passed += believed(cose.fragment(turned(one.envelope, bit)), public)
    letters = text.encode()
    for bit in range(len(letters) * 8):
        tried += 1
        passed += believed(turned(letters, bit).decode("latin-1"), public)
    return tried, passed, int(not believed(text, public))


def try_alone(seed: int) -> tuple[int, int, int]:
    """The same with the stand-alone script, of the envelope."""
    one = make(seed)
    alone = _alone()
    keys = {cose.open_envelope(one.envelope).kid: {"x": cose.fragment(one.public)}}
    refusals = (alone.Bad, ValueError, LookupError, TypeError, AttributeError)

    def takes(raw: bytes) -> bool:
        try:
            alone.check("#" + cose.fragment(raw), keys)
        except refusals:
            return False
        return True

    bits = range(len(one.envelope) * 8)
    return len(bits), sum(takes(turned(one.envelope, bit)) for bit in bits), int(not takes(one.envelope))


def _alone() -> Any:
    spec = importlib.util.spec_from_file_location("alone", ROOT / "scripts" / "verify_certificate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=1000, help="certificates")
    parser.add_argument("--alone", type=int, default=2, help="of these also with the stand-alone script")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true", help="the last line is one object")
    options = parser.parse_args()
    began = time.perf_counter()
    seeds = range(options.seed, options.seed + options.n)
    with ProcessPoolExecutor(options.processes) as pool:
        ours = [sum(each) for each in zip(*pool.map(try_one, seeds, chunksize=5), strict=True)]
        alone = [sum(each) for each in zip(*pool.map(try_alone, seeds[: options.alone]), strict=True)] or [
            0,
            0,
            0,
        ]
    result = {
        "certificates": options.n,
        "turned": ours[0],
        "believed": ours[1],
        "alone_turned": alone[0],
        "alone_believed": alone[1],
        "whole_refused": ours[2] + alone[2],
        "seconds": round(time.perf_counter() - began, 1),
    }
    print(
        f"{result['certificates']} certificates, {result['turned']} bits turned over, {result['believed']} believed;"
        f" stand-alone: {result['alone_turned']}, {result['alone_believed']} believed;"
        f" {result['whole_refused']} whole ones refused; {result['seconds']} s"
    )
    if options.json:
        print(json.dumps(result))
    return 1 if result["believed"] or result["alone_believed"] or result["whole_refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
