"""Fill a database to the size of a province: people, classes, enrolments, certificates, payments, roll-ups.

Everything is made by set SQL from one seed, so two fills of the same size are equal. The rows obey every constraint,
`firsts` included; triggers and indexes are put aside while loading, and made again at the end.

    with connection: fill(connection, persons=3_000_000, enrolments=7_500_000)
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PROVINCE = "650000"
CLASS_SIZE = 50
FIRST_DAY = "2021-01-01"
DAYS = 1794  # classes start in 2021-01 .. 2025-11, so that all have ended within the plan

Report = dict[str, float]


def fill(
    connection: Any,
    persons: int,
    enrolments: int,
    *,
    certificates: float = 0.3,
    payments: float = 0.3,
    province: str = PROVINCE,
    seed: float = 0.42,
    say: bool = False,
) -> Report:
    """Fill empty tables. `certificates`, `payments`: the share of finished rows that have one.

    `connection` is Django's or psycopg's, in autocommit, of a database superuser. Divisions and skill levels must
    have been loaded. Returns seconds by step and the numbers of rows made.
    """
    report: Report = {}
    with connection.cursor() as cursor:
        _settle(cursor, province, persons, enrolments, seed)
        for step, run in (
            ("institutions", _institutions),
            ("people", _people),
            ("classes", _classes),
            ("enrolments", _enrolments),
            ("certificates", lambda c: _certificates(c, certificates)),
            ("payments", lambda c: _payments(c, payments)),
            ("rollups", _rollups),
        ):
            started = time.perf_counter()
            run(cursor)
            report[f"{step}_s"] = round(time.perf_counter() - started, 2)
            if say:
                print(f"  {step}: {report[f'{step}_s']} s", flush=True)
        for table in (
            "people_person",
            "classes_trainingclass",
            "enrolments_enrolment",
            "issuance_certificate",
            "claims_payment",
        ):
            cursor.execute(f"SELECT count(*) FROM {table}")
            report[table] = cursor.fetchone()[0]
        cursor.execute("DROP TABLE scale_county")
    return report


def _settle(cursor: Any, province: str, persons: int, enrolments: int, seed: float) -> None:
    """The counties with their share of people and classes; larger ones first."""
    cursor.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET synchronous_commit = off")
    cursor.execute("SET max_parallel_workers_per_gather = 0")  # random() repeats only in one process
    cursor.execute(f"SELECT setseed({seed})")
    cursor.execute("DROP TABLE IF EXISTS scale_county")
    classes = max(1, enrolments // CLASS_SIZE)
    cursor.execute(f"""
        CREATE TABLE scale_county AS
        WITH weighed AS (
            SELECT row_number() OVER (ORDER BY md5(r.code)) AS idx, r.code, count(*) OVER () AS n
            FROM regions_closure c JOIN regions_region r ON r.code = c.descendant_id
            WHERE c.ancestor_id = '{province}' AND r.level = 3 AND r.valid_to IS NULL
        ), shared AS (
            -- the largest county has about three times the classes of the smallest
            SELECT idx, code, n, sum(2.0 - idx::float / n) OVER () AS whole,
                   sum(2.0 - idx::float / n) OVER (ORDER BY idx) AS upto
            FROM weighed
        )
        SELECT idx::int, code, n::int AS counties,
               greatest({CLASS_SIZE}, round({persons} * (2.0 - idx::float / n) / whole))::int AS people,
               round({classes} * upto / whole)::int AS class_to
        FROM shared ORDER BY idx
    """)
    cursor.execute("ALTER TABLE scale_county ADD person_to int, ADD class_from int")
    cursor.execute("""
        UPDATE scale_county s SET person_to = t.person_to, class_from = t.class_from
        FROM (SELECT idx, sum(people) OVER (ORDER BY idx) AS person_to,
                     coalesce(lag(class_to) OVER (ORDER BY idx), 0) AS class_from FROM scale_county) t
        WHERE t.idx = s.idx
    """)
    cursor.execute("ANALYZE scale_county")


def _institutions(cursor: Any) -> None:
    """Eighteen providers in every county; every twentieth also teaches in the next county."""
    cursor.execute("""
        INSERT INTO institutions_institution (name, name_key, kind, region_id, address, licence_no, active, created_at)
        SELECT '规模测试第' || (s.idx * 18 + k) || '职业培训学校', '规模测试第' || (s.idx * 18 + k) || '职业培训学校',
               'school', s.code, '', '', true, now()
        FROM scale_county s, generate_series(0, 17) k ORDER BY s.idx, k
    """)
    cursor.execute("ANALYZE institutions_institution")


#: Ids in the order of making, as the program draws them: the time goes first.
_PERSON_ID = """(lpad(to_hex(1609459200000 + {i}::bigint * 40), 12, '0') || '7' || substr(md5({i}::text), 1, 3)
                 || '8' || substr(md5({i}::text), 4, 15))::uuid"""


def _people(cursor: Any) -> None:
    """People with an identity document each: ciphertext of true length, keyed index of 32 random-looking bytes."""
    with _put_aside(cursor, "people_person"):
        cursor.execute(f"""
            INSERT INTO people_person (id, name, name_key, sex, birth_date, education, region_code, state, created_at)
            SELECT {_PERSON_ID.format(i="i")}, t.name, t.name, CASE WHEN i % 2 = 0 THEN 'F' ELSE 'M' END,
                   DATE '1960-01-01' + (random() * 16000)::int, '', s.code, 'active', now()
            FROM scale_county s
            CROSS JOIN LATERAL generate_series(s.person_to - s.people + 1, s.person_to) i
            CROSS JOIN LATERAL (SELECT substr('张王李赵刘陈杨黄周吴买古艾阿', 1 + i % 14, 1)
                   || chr(19968 + (i * 37) % 6000) || chr(19968 + (i * 101) % 6000) AS name) t
        """)
    with _put_aside(cursor, "people_document"):
        cursor.execute(f"""
            INSERT INTO people_document (id, person_id, kind, sealed, blind_index, mask, is_primary, created_at)
            SELECT (substr({_PERSON_ID.format(i="i")}::text, 1, 24) || substr(md5('d' || i), 1, 12))::uuid,
                   {_PERSON_ID.format(i="i")}, 'id_card',
                   sha256(('s' || i)::bytea) || substr(sha256(('t' || i)::bytea), 1, 20), sha256(('b' || i)::bytea),
                   '65**************' || lpad((i % 100)::text, 2, '0'), true, now()
            FROM generate_series(1, (SELECT max(person_to) FROM scale_county)) i
        """)


def _classes(cursor: Any) -> None:
    """Classes in the order of their days. One kind and funding each, as real classes have."""
    with _put_aside(cursor, "classes_trainingclass"):
        cursor.execute(f"""
            INSERT INTO classes_trainingclass (institution_id, number, training_type, funding, region_id,
                                               starts_on, ends_on, hours, capacity, state, created_at)
            SELECT i.id, 'GM' || lpad(d.k::text, 7, '0'), d.training_type, d.funding, d.code,
                   d.starts_on, d.starts_on + 4 + (d.length * 30)::int, 80, {CLASS_SIZE}, 'finished', now()
            FROM (
                SELECT s.code, s.idx, k, s.counties, random() AS length,
                       DATE '{FIRST_DAY}' + (random() * {DAYS})::int AS starts_on,
                       (ARRAY['employment','employment','employment','upgrade','upgrade','startup',
                              'apprentice','prejob','project','other'])[1 + floor(random() * 10)::int] AS training_type,
                       CASE WHEN random() < 0.62 THEN 'subsidised'
                            WHEN random() < 0.6 THEN 'employer' ELSE 'market' END AS funding,
                       -- provider 0 of the neighbour comes over for one class in twenty
                       CASE WHEN random() < 0.05 THEN (s.idx % s.counties) * 18
                            ELSE (s.idx - 1) * 18 + floor(random() * 18)::int END AS provider
                FROM scale_county s CROSS JOIN LATERAL generate_series(s.class_from + 1, s.class_to) k
            ) d
            JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS serial
                  FROM institutions_institution WHERE name_key LIKE '规模测试%') i ON i.serial = d.provider
            ORDER BY d.starts_on, d.k
        """)


def _enrolments(cursor: Any) -> None:
    """Fifty rows a class. Seat s draws from the s-th part of a county's people, so nobody sits twice in a class;
    one class in twenty is of people of the next county. Marks of 人数 by the program's own rule, enrolments_taken."""
    cursor.execute(f"""
        CREATE UNLOGGED TABLE scale_row AS
        SELECT row_number() OVER (ORDER BY k.starts_on, k.id, seat)::bigint AS id, k.id AS klass_id,
               h.person_to - h.people + 1 + seat * h.people / {CLASS_SIZE}
                 + floor(random() * ((seat + 1) * h.people / {CLASS_SIZE} - seat * h.people / {CLASS_SIZE}))::int
                 AS person,
               k.institution_id, k.region_id AS county, k.starts_on,
               CASE WHEN random() < 0.94 THEN k.ends_on END AS ends_on, k.funding, k.training_type,
               (ARRAY['rural','rural','rural','rural','unemployed','unemployed','employee','employee','poverty',
                      'graduate','school_leaver','hardship','veteran','disabled','laid_off','gig','other'])
                     [1 + floor(random() * 17)::int] AS category,
               50 + (random() * 50)::int AS score
        FROM (SELECT k.*, random() < 0.05 AS visitors FROM classes_trainingclass k WHERE number LIKE 'GM%') k
        JOIN scale_county s ON s.code = k.region_id
        CROSS JOIN generate_series(0, {CLASS_SIZE - 1}) seat
        JOIN scale_county h ON h.idx = CASE WHEN k.visitors THEN s.idx % s.counties + 1 ELSE s.idx END
    """)
    cursor.execute("ANALYZE scale_row")
    cursor.execute("""
        CREATE UNLOGGED TABLE scale_firsts AS
        WITH counted AS (
            SELECT r.id, r.person, r.institution_id, r.county, n.prefecture, n.province,
                   extract(year FROM r.ends_on)::int AS year, r.funding = 'subsidised' AS subsidised
            FROM scale_row r JOIN enrolments_node n ON n.region_code = r.county WHERE r.ends_on IS NOT NULL
        )
        SELECT c.id, CASE WHEN c.subsidised THEN 65535 ELSE 255 END & ~coalesce(bit_or(enrolments_taken(
                   p.year = c.year, (p.year - 1) / 5 = (c.year - 1) / 5, p.institution_id = c.institution_id,
                   p.county = c.county, p.prefecture = c.prefecture, p.province = c.province,
                   p.subsidised AND c.subsidised)), 0) AS firsts
        FROM counted c LEFT JOIN counted p ON p.person = c.person AND p.id < c.id
        GROUP BY c.id, c.subsidised
    """)
    cursor.execute("ANALYZE scale_firsts")
    with _put_aside(cursor, "enrolments_enrolment"):
        cursor.execute(f"""
            INSERT INTO enrolments_enrolment (id, person_id, klass_id, state, category, hours, score, result,
                                              started_on, finished_on, region_code, funding, training_type, firsts,
                                              created_at)
            SELECT r.id, {_PERSON_ID.format(i="r.person")}, r.klass_id,
                   CASE WHEN ends_on IS NULL THEN 'withdrawn' ELSE 'finished' END, category, 80, score,
                   CASE WHEN score >= 60 THEN 'pass' ELSE 'fail' END, starts_on, ends_on, county, funding,
                   training_type, coalesce(f.firsts, 0), now()
            FROM scale_row r LEFT JOIN scale_firsts f USING (id) ORDER BY r.id
        """)
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('enrolments_enrolment', 'id'), max(id)) FROM scale_row"
        )
    cursor.execute("DROP TABLE scale_firsts")


def _certificates(cursor: Any, share: float) -> None:
    """Certificates of people who passed; the first of 高级工 or above carries the mark, one in 500 was revoked."""
    with _put_aside(cursor, "issuance_certificate"):
        cursor.execute(f"""
            INSERT INTO issuance_certificate (person_id, family, number, name, level_id, institution_id, region_code,
                issued_on, state, state_on, basis, structure, first_high, enrolment_id, created_at)
            SELECT {_PERSON_ID.format(i="person")}, family, 'Y' || lpad((id * 977)::text, 21, '0'), '职业技能等级证书',
                   level, institution_id, county, issued_on,
                   CASE WHEN revoked THEN 'revoked' ELSE 'valid' END,
                   CASE WHEN revoked THEN issued_on + 90 END, 'reported', 'ok',
                   high AND row_number() OVER (PARTITION BY person, high ORDER BY issued_on, id) = 1, id, now()
            FROM (
                SELECT *, NOT revoked AND level >= 4 AND family IN ('skill_level', 'qualification') AS high
                FROM (SELECT r.*, r.ends_on + 20 AS issued_on, random() < 0.002 AS revoked,
                             (ARRAY['skill_level','skill_level','skill_level','qualification','special','completion'])
                                   [1 + floor(random() * 6)::int] AS family,
                             (ARRAY[2,2,2,2,3,3,3,4,4,5])[1 + floor(random() * 10)::int] AS level
                      FROM scale_row r WHERE r.ends_on IS NOT NULL AND random() < {share}) drawn
            ) c ORDER BY issued_on, id
        """)


def _payments(cursor: Any, share: float) -> None:
    """Payments for subsidised rows, as ledgers report them: half of them without a day."""
    with _put_aside(cursor, "claims_payment"):
        cursor.execute(f"""
            INSERT INTO claims_payment (enrolment_id, amount_fen, fund, paid_on, basis, region_code, created_at)
            SELECT id, 60000 + (random() * 60000)::int, 'jiuye', CASE WHEN random() < 0.5 THEN ends_on + 40 END,
                   'reported', county, now()
            FROM scale_row WHERE ends_on IS NOT NULL AND funding = 'subsidised' AND random() < {share} ORDER BY id
        """)
    cursor.execute("DROP TABLE scale_row")


def _rollups(cursor: Any) -> None:
    cursor.execute("SELECT targets_rebuild()")
    for table in (
        "targets_delta",
        "targets_dims",
        "targets_class_month",
        "targets_node_month",
        "targets_node_year",
        "targets_cube_class",
        "targets_cube_month",
        "targets_cube_year",
    ):
        cursor.execute(f"VACUUM ANALYZE {table}")
    cursor.execute("SET synchronous_commit = on")


@contextmanager
def _put_aside(cursor: Any, table: str) -> Iterator[None]:
    """Load `table` without its triggers, foreign-key checks and secondary indexes; they come back afterwards."""
    cursor.execute(f"""
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname, pg_get_constraintdef(c.oid)
        FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
        WHERE i.indrelid = '{table}'::regclass AND NOT i.indisprimary
    """)
    indexes = cursor.fetchall()
    for index, _definition, constraint, _rule in indexes:
        cursor.execute(
            f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"' if constraint else f"DROP INDEX {index}"
        )
    cursor.execute("SET session_replication_role = replica")
    try:
        yield
    finally:
        cursor.execute("SET session_replication_role = origin")
        for _index, definition, constraint, rule in indexes:
            cursor.execute(
                f'ALTER TABLE {table} ADD CONSTRAINT "{constraint}" {rule}' if constraint else definition
            )
        cursor.execute(f"VACUUM ANALYZE {table}")
