"""What each staged row of a roster means here: which person, and whether the class holds them already."""

from __future__ import annotations

from datetime import date

from registry.intake.kinds import Work
from training.catalogue import policies
from training.classes.models import TrainingClass

# One statement looks for the person both above in this file (``first_row``) and in the class (``enrolment_id``).
_RESOLVED = """
CREATE TEMP TABLE t_resolved ON COMMIT DROP AS
SELECT m.*, CASE WHEN m.enrolment_id IS NULL THEN 'new'
                 WHEN m.facts_agree THEN 'same' ELSE 'differs' END AS mode
FROM (
    SELECT s."row", s.bad, s.bidx, s.doc_kind, s.mask, d.person_id AS known_id, w.name_key AS known_name_key,
           e.id AS enrolment_id,
           first_value(s."row") OVER same_person AS first_row,
           e.category = coalesce(s.category, e.category) AND e.state <> 'withdrawn' AS facts_agree
    FROM {s} s
    LEFT JOIN people_document d ON d.blind_index = s.bidx
    LEFT JOIN people_person w ON w.id = d.person_id
    LEFT JOIN enrolments_enrolment e ON e.person_id = d.person_id AND e.klass_id = %(klass)s
    WINDOW same_person AS (PARTITION BY coalesce(s.bidx, int4send(s."row")) ORDER BY s."row")
) m
"""

# Where each wording of a home is: by code; else by full name or name, in force before abolished, if only one fits.
_HOMES = """
CREATE TEMP TABLE t_home ON COMMIT DROP AS
SELECT w.region, (
    SELECT CASE WHEN count(*) = 1 THEN min(best.code) END
    FROM (SELECT g.code, rank() OVER (ORDER BY CASE WHEN g.code = w.region THEN 0 WHEN g.full_name = w.region THEN 1
                                                    ELSE 2 END, (g.valid_to IS NOT NULL)) AS place
          FROM regions_region g
          WHERE g.code = w.region OR g.full_name = w.region OR g.name = w.region) best
    WHERE best.place = 1) AS code
FROM (SELECT DISTINCT region FROM {s} WHERE region IS NOT NULL) w
"""

_CLASS = """
CREATE TEMP TABLE t_class ON COMMIT DROP AS
SELECT k.*, %(today)s::date AS today,
       -- Nothing is counted below the county.
       coalesce((SELECT c.ancestor_id FROM regions_closure c JOIN regions_region a ON a.code = c.ancestor_id
                 WHERE c.descendant_id = k.region_id AND a.level = 3), k.region_id) AS county,
       coalesce(k.starts_on, %(today)s::date) AS day
FROM (VALUES (1)) one LEFT JOIN classes_trainingclass k ON k.id = %(klass)s
"""


def resolve(work: Work) -> None:
    """Make ``t_resolved``, the one-row ``t_class``, and the age limits of its place anew."""
    cursor = work.cursor
    cursor.execute("DROP TABLE IF EXISTS t_resolved, t_class, t_age, t_home")
    klass = work.context.get("class")
    # Two rosters for one class wait for each other here, so that its seats are not given twice.
    cursor.execute("SELECT 1 FROM classes_trainingclass WHERE id = %s FOR NO KEY UPDATE", [klass])
    work.params["klass"] = klass
    work.run(_CLASS, today=date.today())
    place = TrainingClass.objects.filter(pk=klass or 0).values_list("region_id", flat=True).first()
    policies.stage_age_limits(cursor, [place or NO_PLACE])
    work.params["place"] = place or NO_PLACE
    work.params["phone_limit"] = policies.threshold("phone_shared_people", date.today())
    work.run(_HOMES)
    work.run(_RESOLVED)
    cursor.execute('CREATE UNIQUE INDEX ON t_resolved ("row")')


# Rules without a region hold here too.
NO_PLACE = "000000"
