"""A registry with millions of certificates of ours, made by statements: every column that is looked up or shown.

Payloads are random bytes of the usual length; nothing here is signed. Indexes are built after the rows, as after a
restore.
"""

from __future__ import annotations

import psycopg

_PERSONS = """
INSERT INTO people_person (id, name, name_key, sex, birth_date, education, region_code, state, created_at)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, name, name, '', DATE '1990-01-01', '', '650000',
       'active', now()
FROM generate_series(1, %(persons)s) n,
     LATERAL (SELECT substr('赵钱孙李周吴郑王冯陈', 1 + n %% 10, 1) || chr(19968 + n %% 8000)
              || chr(20200 + n / 8000 %% 8000) AS name) made
"""

_CERTIFICATES = """
INSERT INTO issuance_certificate (person_id, family, number, name, occupation_text, level_id, institution_id,
    region_code, issued_on, state, basis, structure, created_at)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(1 + (n - 1) %% %(persons)s), 12, '0'))::uuid, 'skill_level',
       'S000065' || lpad((n %% 400)::text, 6, '0') || '254' || lpad((n / 400)::text, 6, '0'),
       '职业技能等级证书', '焊工', 3, %(body)s, '653101', DATE '2025-01-01' + (n %% 330)::int, 'valid', 'issued',
       'kept_rule', now()
FROM generate_series(1, %(certificates)s) n ORDER BY n
"""

_ATTESTATIONS = """
INSERT INTO issuance_attestation (id, source_type, source_id, person_id, institution_id, family, number, space, serial,
    code, name, occupation_code, occupation_name, direction, level_id, region_code, issued_on, printed, sealed, payload,
    status_list_id, status_index, key_id, signature, state, prepared_at, signed_at)
SELECT c.id, 'bench', c.id::text, c.person_id, c.institution_id, c.family, c.number, left(c.number, 16),
       right(c.number, 6)::int,
       (SELECT string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + get_byte(h, i) %% 32, 1), '')
        FROM (SELECT sha256(c.id::text::bytea) h) hashed, generate_series(0, 15) i),
       c.name, '6-18-02-04', c.occupation_text, '', c.level_id, c.region_code, c.issued_on, '{}',
       decode(repeat(md5(c.id::text), 6), 'hex'), decode(repeat(md5(c.number), 11), 'hex'),
       %(list)s + (c.id / 131072)::int, (c.id %% 131072)::int, %(key)s,
       decode(repeat(md5(c.number), 4), 'hex'), 'signed', now(), now()
FROM issuance_certificate c
"""


def fill(connection: psycopg.Connection[object], certificates: int) -> dict[str, int]:
    """So many certificates with their intents, two to a person; returns counts."""
    persons = max(1, certificates // 2)
    tables = ("people_person", "issuance_certificate", "issuance_attestation")
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        body = _one(connection, "SELECT min(id) FROM institutions_institution")
        key = _one(
            connection,
            "INSERT INTO issuance_signingkey (institution_id, issuer, year, suite, kid, public, private, state,"
            f" published_at) VALUES ({body}, 'jc:{body}', 2025, 1, 'benchkey', decode(repeat('00', 32), 'hex'), '',"
            " 'active', now()) RETURNING id",
        )
        lists = certificates // 131_072 + 2
        first = _one(
            connection,
            "WITH made AS (INSERT INTO issuance_statuslist (institution_id, size, taken, seed, current, changes,"
            " published_changes, revocation, suspension)"
            f" SELECT {body}, 131072, 131072, '', false, 0, -1, '', '' FROM generate_series(1, {lists}) RETURNING id)"
            " SELECT min(id) FROM made",
        )
        values = {"persons": persons, "certificates": certificates, "body": body, "key": key, "list": first}
        later = [definition for table in tables for definition in _indexes(connection, table)]
        for drop, _make in later:
            connection.execute(drop)
        for statement in (_PERSONS, _CERTIFICATES, _ATTESTATIONS):
            connection.execute(statement, values)
        for _drop, make in later:
            connection.execute(make)
    for table in tables:
        connection.execute(f"VACUUM ANALYZE {table}")
    return {"persons": persons, "certificates": certificates}


def _indexes(connection: psycopg.Connection[object], table: str) -> list[tuple[str, str]]:
    """(how to drop, how to make again) of the indexes that no constraint needs, and of unique constraints."""
    found = connection.execute(
        """
        SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
               format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE contype = 'u' AND conrelid = %(table)s::regclass
        UNION ALL
        SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
        FROM pg_index i
        WHERE indrelid = %(table)s::regclass AND NOT indisprimary
          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """,
        {"table": table},
    ).fetchall()
    return [(str(drop), str(make)) for drop, make in found]  # type: ignore[misc]


def _one(connection: psycopg.Connection[object], statement: str) -> int:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])  # type: ignore[index]
