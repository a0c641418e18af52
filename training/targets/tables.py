"""The roll-up tables. Triggers append to `Delta` in the transaction that changes a row; folding adds them up.

Nobody writes here but the triggers and the fold (sql/). A figure is always folded + open deltas, read in one
statement, so it is exact at every moment and no importing transaction ever waits for another's counter.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Measure(models.IntegerChoices):
    """What a roll-up line counts."""

    STARTED = 1, _("开班人次")
    FINISHED = 2, _("结业人次")
    CERTIFIED = 3, _("取证人次")
    HIGH_NEW = 4, _("新增高技能人才")
    PAID = 5, _("补贴人次")


def code_field(size: int) -> models.CharField[str, str]:
    """A short code compared byte by byte; empty where the measure knows no such thing."""
    return models.CharField(max_length=size, db_collation="C", default="", db_default="")


class Delta(models.Model):
    """One change not yet folded, grouped as finely as any figure is ever asked for.

    `source` is the table that changed: e enrolments, c certificates, p payments. A line of enrolments carries the
    months of both its events; `firsts` is the bit set of the enrolment (see enrolments), the same for all `n` rows.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.CharField(max_length=1, db_collation="C")
    region_code = code_field(9)
    klass_id = models.BigIntegerField(default=0, db_default=0)
    institution_id = models.BigIntegerField(default=0, db_default=0)
    started_month = models.DateField(null=True)
    month = models.DateField(null=True)
    funding = code_field(10)
    training_type = code_field(20)
    category = code_field(20)
    family = code_field(14)
    rank = models.SmallIntegerField(default=0, db_default=0)
    firsts = models.IntegerField(default=0, db_default=0)
    n = models.IntegerField(default=0, db_default=0)
    high = models.IntegerField(default=0, db_default=0)
    amount_fen = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "targets_delta"
        verbose_name = _("未并账的变动")
        verbose_name_plural = _("未并账的变动")
        indexes = [models.Index(fields=["region_code"], name="targets_delta_region")]


class PersonDelta(models.Model):
    """A change, not yet folded, in how often a person counts for an indicator that counts people under a filter.

    Marks on rows know all training and subsidised training; for any other set of rows people are kept by name.
    """

    id = models.BigAutoField(primary_key=True)
    indicator_id = code_field(8)
    region_code = code_field(9)
    person_id = models.UUIDField()
    n = models.IntegerField()

    class Meta:
        db_table = "targets_person_delta"
        verbose_name = _("未并账的人数变动")
        verbose_name_plural = _("未并账的人数变动")


class CountedPerson(models.Model):
    """How many rows of a person in one leaf division count for such an indicator."""

    pk = models.CompositePrimaryKey("indicator_id", "region_code", "person_id")
    indicator_id = code_field(8)
    region_code = code_field(9)
    person_id = models.UUIDField()
    n = models.IntegerField()

    class Meta:
        db_table = "targets_person"
        verbose_name = _("按指标计的人")
        verbose_name_plural = _("按指标计的人")


class Dims(models.Model):
    """A combination of codes that occurs; roll-up lines name it by number, which keeps their keys short."""

    id = models.AutoField(primary_key=True)
    funding = code_field(10)
    training_type = code_field(20)
    category = code_field(20)
    family = code_field(14)
    rank = models.SmallIntegerField(default=0, db_default=0)
    # the combination with funding and family alone, which may be the row itself; 0 only while it is being made
    slim_id = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "targets_dims"
        verbose_name = _("口径组合")
        verbose_name_plural = _("口径组合")
        constraints = [
            models.UniqueConstraint(
                fields=["funding", "training_type", "category", "family", "rank"], name="targets_dims_once"
            )
        ]


class Sums(models.Model):
    """What a line holds. The four 人数 belong to the node of the line and cannot be added across nodes.

    `heads_*`: people by the year, by the five-year plan; the same of subsidised training alone.
    """

    n = models.IntegerField()
    amount_fen = models.BigIntegerField(default=0, db_default=0)
    heads_year = models.IntegerField(default=0, db_default=0)
    heads_plan = models.IntegerField(default=0, db_default=0)
    heads_year_sub = models.IntegerField(default=0, db_default=0)
    heads_plan_sub = models.IntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


class NodeMonth(Sums):
    """One division, one month. `own` holds what is counted in the division itself and in none below it (本级).

    Lines here and in `NodeYear` and `ClassMonth` tell apart funding and family of certificate only, which is all that
    most figures ask for; the `Cube…` tables below hold the same by every code.
    """

    pk = models.CompositePrimaryKey("node", "own", "measure", "month", "dims_id")
    node = code_field(9)
    own = models.BooleanField()
    measure = models.SmallIntegerField(choices=Measure.choices)
    month = models.DateField()
    dims_id = models.IntegerField()

    class Meta:
        db_table = "targets_node_month"
        verbose_name = _("地区月汇总")
        verbose_name_plural = _("地区月汇总")


class NodeYear(Sums):
    """The same by calendar year: what the board and its children are read from."""

    pk = models.CompositePrimaryKey("node", "own", "measure", "year", "dims_id")
    node = code_field(9)
    own = models.BooleanField()
    measure = models.SmallIntegerField(choices=Measure.choices)
    year = models.SmallIntegerField()
    dims_id = models.IntegerField()

    class Meta:
        db_table = "targets_node_year"
        verbose_name = _("地区年汇总")
        verbose_name_plural = _("地区年汇总")


class ClassMonth(Sums):
    """One class (or, for certificates, one provider) in one leaf division and month.

    A class knows its provider, so the line does not repeat it; certificates know no class, so theirs name the
    provider instead. The 人数 here are those of the provider.
    """

    pk = models.CompositePrimaryKey(
        "region_code", "measure", "klass_id", "institution_id", "month", "dims_id"
    )
    region_code = code_field(9)
    measure = models.SmallIntegerField(choices=Measure.choices)
    klass_id = models.BigIntegerField()
    institution_id = models.BigIntegerField()
    month = models.DateField()
    dims_id = models.IntegerField()

    class Meta:
        db_table = "targets_class_month"
        verbose_name = _("班级月汇总")
        verbose_name_plural = _("班级月汇总")
        indexes = [
            models.Index(fields=["klass_id"], name="targets_class_klass", condition=models.Q(klass_id__gt=0)),
            models.Index(
                fields=["institution_id"],
                name="targets_class_institution",
                condition=models.Q(institution_id__gt=0),
            ),
        ]


class CubeMonth(Sums):
    """`NodeMonth` by every code: for indicators about one kind of training or one category of people.

    The key names the combination before the month: such an indicator asks for few combinations of many.
    """

    pk = models.CompositePrimaryKey("node", "own", "measure", "dims_id", "month")
    node = code_field(9)
    own = models.BooleanField()
    measure = models.SmallIntegerField(choices=Measure.choices)
    month = models.DateField()
    dims_id = models.IntegerField()

    class Meta:
        db_table = "targets_cube_month"
        verbose_name = _("地区月汇总（分口径）")
        verbose_name_plural = _("地区月汇总（分口径）")


class CubeYear(Sums):
    """`NodeYear` by every code."""

    pk = models.CompositePrimaryKey("node", "own", "measure", "dims_id", "year")
    node = code_field(9)
    own = models.BooleanField()
    measure = models.SmallIntegerField(choices=Measure.choices)
    year = models.SmallIntegerField()
    dims_id = models.IntegerField()

    class Meta:
        db_table = "targets_cube_year"
        verbose_name = _("地区年汇总（分口径）")
        verbose_name_plural = _("地区年汇总（分口径）")


class CubeClass(Sums):
    """`ClassMonth` by every code; the finest lines there are, from which all others can be added up."""

    pk = models.CompositePrimaryKey(
        "region_code", "measure", "klass_id", "institution_id", "month", "dims_id"
    )
    region_code = code_field(9)
    measure = models.SmallIntegerField(choices=Measure.choices)
    klass_id = models.BigIntegerField()
    institution_id = models.BigIntegerField()
    month = models.DateField()
    dims_id = models.IntegerField()

    class Meta:
        db_table = "targets_cube_class"
        verbose_name = _("班级月汇总（分口径）")
        verbose_name_plural = _("班级月汇总（分口径）")
        indexes = [
            models.Index(fields=["klass_id"], name="targets_cube_klass", condition=models.Q(klass_id__gt=0)),
            models.Index(
                fields=["institution_id"],
                name="targets_cube_institution",
                condition=models.Q(institution_id__gt=0),
            ),
        ]


class ProviderYear(Sums):
    """`ClassMonth` by provider and year: a county's providers, without a line for each of their classes.

    A class is counted under the provider that it belongs to; what names no provider lies under 0. The 人数 are those
    of the provider.
    """

    pk = models.CompositePrimaryKey("region_code", "measure", "dims_id", "institution_id", "year")
    region_code = code_field(9)
    measure = models.SmallIntegerField(choices=Measure.choices)
    dims_id = models.IntegerField()
    institution_id = models.BigIntegerField()
    year = models.SmallIntegerField()

    class Meta:
        db_table = "targets_provider_year"
        verbose_name = _("机构年汇总")
        verbose_name_plural = _("机构年汇总")
        indexes = [models.Index(fields=["institution_id"], name="targets_provider_institution")]


class CubeProvider(Sums):
    """`ProviderYear` by every code."""

    pk = models.CompositePrimaryKey("region_code", "measure", "dims_id", "institution_id", "year")
    region_code = code_field(9)
    measure = models.SmallIntegerField(choices=Measure.choices)
    dims_id = models.IntegerField()
    institution_id = models.BigIntegerField()
    year = models.SmallIntegerField()

    class Meta:
        db_table = "targets_cube_provider"
        verbose_name = _("机构年汇总（分口径）")
        verbose_name_plural = _("机构年汇总（分口径）")
        indexes = [models.Index(fields=["institution_id"], name="targets_cubeprov_institution")]
