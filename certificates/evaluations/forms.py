"""What the pages of evaluations ask."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.evaluations import conditions, queries
from certificates.evaluations.models import Assessor, Avoidance, Candidate, Duty, Exam
from certificates.evaluations.services import Marks, Plan
from registry.identity import id_numbers
from registry.institutions.models import Filing, FilingPurpose
from registry.lib.fields import DayInput
from registry.lib.scope import Scope
from registry.occupations.models import SkillLevel

PARTS = ("theory", "practice", "total")


class ExamFilter(forms.Form):
    """The filter row of the list; what is wrong is left out."""

    q = forms.CharField(label=_("批次编号、职业或机构"), required=False, max_length=60)
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[("", _("全部")), *Exam.State.choices])
    route = forms.ChoiceField(
        label=_("评价方式"), required=False, choices=[("", _("全部")), *Exam.Route.choices]
    )


class ExamForm(forms.Form):
    """A new batch: where, what, when. Only what the reader's own bodies are filed for is offered."""

    site = forms.ChoiceField(label=_("考点"))
    occupation = forms.ChoiceField(label=_("职业"))
    direction = forms.CharField(
        label=_("工种或方向"), required=False, max_length=60, help_text=_("没有工种的留空，证书上印“--”")
    )
    level = forms.ChoiceField(label=_("等级"))
    exam_on = forms.DateField(label=_("考试日期"), widget=DayInput(), help_text=_("评聘填写评审日期"))
    number = forms.CharField(
        label=_("批次编号"), required=False, max_length=40, help_text=_("留空则按日期自动编号")
    )
    route = forms.ChoiceField(label=_("评价方式"), choices=Exam.Route.choices)
    document_no = forms.CharField(
        label=_("聘任文号"), required=False, max_length=80, help_text=_("评聘时必填")
    )
    committee = forms.CharField(
        label=_("评审组织"), required=False, max_length=100, help_text=_("评聘时必填")
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bodies: dict[str, int] = {}
        sites = []
        for site in queries.sites(scope):
            self._bodies[str(site.pk)] = site.body_id
            sites.append((str(site.pk), f"{site.body.filed_name} · {site.name}"))
        filed = Filing.objects.filter(
            institution__in=queries.bodies(scope).values("institution"), purpose=FilingPurpose.ASSESS
        ).values_list("occupation_id", "occupation__name", "occupation__code")
        self._choices("site", sites)
        self._choices("occupation", [(str(pk), f"{name} {code}") for pk, name, code in sorted(set(filed))])
        self._choices("level", [(str(one.pk), one.name) for one in SkillLevel.objects.filter(rank__gte=2)])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def plan(self) -> Plan:
        """Of a valid form."""
        said = self.cleaned_data
        return Plan(
            body_id=self._bodies[said["site"]],
            site_id=int(said["site"]),
            occupation_id=int(said["occupation"]),
            level=int(said["level"]),
            exam_on=said["exam_on"],
            direction=said["direction"].strip(),
            number=said["number"].strip(),
            route=said["route"],
            document_no=said["document_no"].strip(),
            committee=said["committee"].strip(),
        )


class DutyForm(forms.Form):
    """Put somebody to work in a batch."""

    assessor = forms.ModelChoiceField(label=_("考务人员"), queryset=Assessor.objects.none())
    role = forms.ChoiceField(label=_("职责"), choices=Duty.Role.choices)
    declared_free = forms.BooleanField(label=_("本人已声明与本批考生没有须回避的关系"), required=False)

    def __init__(self, *args: Any, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assessor"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = offered
        field.empty_label = _("请选择")
        field.label_from_instance = lambda one: f"{one.name} {one.card_no}".strip()  # type: ignore[assignment,method-assign]


class AssessorForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new examiner or invigilator. The number is kept as a keyed index only."""

    id_number = forms.CharField(
        label=_("身份证号"), max_length=30, help_text=_("只用于核对是否为考生，不保存原号码")
    )

    class Meta:
        model = Assessor
        fields = ("name", "may_examine", "card_no", "occupation", "employer", "valid_from", "valid_to")
        widgets = {"valid_from": DayInput(), "valid_to": DayInput()}

    field_order = ("name", "id_number")

    def clean_id_number(self) -> str:
        said = id_numbers.normalise(self.cleaned_data["id_number"]).value
        verdict = id_numbers.check(said)
        if verdict.code:
            raise forms.ValidationError(_t("身份证号不正确，请核对。"))
        return str(verdict.value)


class AvoidanceForm(forms.Form):
    """A person whom an assessor must avoid, by number."""

    id_number = forms.CharField(label=_("对方身份证号"), max_length=30)
    relation = forms.ChoiceField(label=_("关系"), choices=Avoidance.Relation.choices)


def _marks(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(100),
        decimal_places=1,
        max_digits=4,
    )


class ChangeForm(forms.Form):
    """What a locked score should be, and why."""

    theory = _marks(_("理论成绩"))
    practice = _marks(_("实操成绩"))
    total = _marks(_("综合成绩"))
    reason = forms.CharField(label=_("更改理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["total"].help_text = _("留空则按权重重新计算")


class ScoresForm(forms.Form):
    """Scores of the candidates on one page, each part a field of its own; 缺考 is a box to tick."""

    def __init__(self, *args: Any, candidates: list[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows: list[dict[str, Any]] = []
        for one in candidates:
            score = getattr(one, "score", None)
            for part, label in (
                ("theory", _("理论成绩")),
                ("practice", _("实操成绩")),
                ("total", _("综合成绩")),
            ):
                field = _marks(label)
                # A part kept from an earlier sitting was not sat for here, and typing nothing keeps it.
                kept = getattr(score, f"kept_{part}_id", None)
                field.initial = None if kept else getattr(score, part, None)
                field.widget.attrs |= {
                    "aria-label": f"{one.person.called} {label}",
                    "class": "form-control marks",
                }
                self.fields[f"{part}-{one.pk}"] = field
            absent = forms.BooleanField(label=_("缺考"), required=False)
            absent.initial = score is not None and score.result == "absent"
            absent.widget.attrs["aria-label"] = f"{one.person.called} {_t('缺考')}"
            self.fields[f"absent-{one.pk}"] = absent
        for one in candidates:
            self.rows.append(
                {"candidate": one, **{part: self[f"{part}-{one.pk}"] for part in (*PARTS, "absent")}}
            )

    @property
    def marks(self) -> list[Marks]:
        """Of everybody whose row was changed: the others stay with whoever entered them.

        A total that was computed follows the parts; one that is typed stands.
        """
        changed = set(self.changed_data)
        found: list[Marks] = []
        for row in self.rows:
            pk = row["candidate"].pk
            said = self.cleaned_data
            if not changed & {f"{part}-{pk}" for part in (*PARTS, "absent")}:
                continue
            if f"total-{pk}" not in changed:
                said = {**said, f"total-{pk}": None}
            parts = (said.get(f"theory-{pk}"), said.get(f"practice-{pk}"), said.get(f"total-{pk}"))
            if said.get(f"absent-{pk}"):
                found.append((pk, None, None, None))
            elif any(part is not None for part in parts):
                found.append((pk, *parts))
        return found


class EvidenceForm(forms.Form):
    """Papers that were looked at."""

    evidence = forms.MultipleChoiceField(
        label=_("已核对的申报材料"),
        required=False,
        choices=list(conditions.EVIDENCE.items()),
        widget=forms.CheckboxSelectMultiple,
    )


class PhotoForm(forms.Form):
    """A portrait to be printed."""

    photo = forms.FileField(
        label=_("证件照"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg"}),
        help_text=_("一寸白底彩色照片，JPG 格式"),
    )


def first_day() -> dict[str, Any]:
    """What a new batch begins with."""
    return {"exam_on": timezone.localdate() + timedelta(days=14), "route": Exam.Route.EXAM}
