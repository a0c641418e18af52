"""Rules that more than one kind of sheet holds rows to."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from registry.intake.kinds import Check


def age_out_of_range(people: str) -> Check:
    """Age in completed years on the day the class starts (domain §2.1), against the dated limits of the region.

    ``people`` yields row, birth, sex, day, region_code. Needs the temporary table of ``policies.stage_age_limits``.
    """
    return Check(
        code="AGE_OUT_OF_RANGE",
        column="id_number",
        message=_("开班当日年龄不在 %s 周岁之内,不符合参训年龄规定。请核对证件号码和开班日期。"),
        sql=f"""
            SELECT q."row", a.minimum || '—' || a.maximum AS detail
            FROM ({people}) q
            JOIN t_age a ON a.region_code = q.region_code AND a.sex = coalesce(q.sex, '')
                AND q.day BETWEEN a.valid_from AND a.valid_to
            WHERE q.birth IS NOT NULL
              AND extract(year FROM age(q.day, q.birth)) NOT BETWEEN a.minimum AND a.maximum
        """,
        takes_detail=True,
    )


def also_called(person: str, name: str) -> str:
    """A condition: the person has this name too, in a record that was folded into theirs. SQL expressions.

    Written so that it is asked of the few rows that come so far, and never turned into a join with everybody.
    """
    return (
        f"(SELECT 1 FROM people_person a WHERE a.merged_into_id = {person} AND a.name_key = {name} LIMIT 1)"
        " IS NOT NULL"
    )


region_of_number_is_unknown = Check(
    code="REGION_UNKNOWN",
    column="id_number",
    severity="warning",
    message=_("证件号码前六位不在现行和已停用的行政区划代码之内,请留意核对;早年发放的证件可能如此。"),
    sql="""
        SELECT s."row" FROM {s} s
        WHERE s.doc_kind = 'id_card' AND s.bidx IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM regions_region g WHERE g.code = left(s.mask, 6))
    """,
)
