"""Dated policy values, looked up for a place and a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.backends.utils import CursorWrapper

from registry.lib.dated import in_force
from training.catalogue.models import Threshold

# For every place and sex the nearest rule wins: the place itself before what lies above it, a rule for one sex before
# one for both. Rules of equal rank are told apart by their days.
_AGE = """
CREATE TEMP TABLE t_age ON COMMIT DROP AS
SELECT DISTINCT ON (p.region_code, x.sex, l.valid_from)
       p.region_code, x.sex, l.valid_from, coalesce(l.valid_to, 'infinity'::date) AS valid_to, l.minimum, l.maximum
FROM unnest(%(places)s::text[]) AS p(region_code)
CROSS JOIN (VALUES ('M'), ('F'), ('')) AS x(sex)
JOIN LATERAL (
    SELECT a.*, coalesce(c.depth, 99) AS distance
    FROM catalogue_agelimit a
    LEFT JOIN regions_closure c ON c.descendant_id = p.region_code AND c.ancestor_id = a.region_id
    WHERE (a.region_id IS NULL OR c.ancestor_id IS NOT NULL) AND (a.sex = x.sex OR a.sex = '')
      AND NOT EXISTS (
          SELECT 1 FROM catalogue_agelimit b
          LEFT JOIN regions_closure d ON d.descendant_id = p.region_code AND d.ancestor_id = b.region_id
          WHERE (b.region_id IS NULL OR d.ancestor_id IS NOT NULL) AND (b.sex = x.sex OR b.sex = '')
            AND b.valid_from <= coalesce(a.valid_to, 'infinity'::date)
            AND coalesce(b.valid_to, 'infinity'::date) >= a.valid_from
            AND (coalesce(d.depth, 99), b.sex = '') < (coalesce(c.depth, 99), a.sex = ''))
) l ON true
ORDER BY p.region_code, x.sex, l.valid_from, l.distance, l.sex DESC
"""


def stage_age_limits(cursor: CursorWrapper, places: Sequence[str]) -> None:
    """Make the temporary table ``t_age`` (region_code, sex, valid_from, valid_to, minimum, maximum)."""
    cursor.execute("DROP TABLE IF EXISTS t_age")
    cursor.execute(_AGE, {"places": [place for place in places if place]})
    cursor.execute("ANALYZE t_age")


def threshold(code: str, day: date) -> int | None:
    """The value in force on ``day``; None where policy is silent."""
    return (
        Threshold.objects.filter(in_force(day), code=code)
        .order_by("-valid_from")
        .values_list("value", flat=True)
        .first()
    )
