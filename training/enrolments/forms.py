"""The filter row of the list of enrolments; other pages link here with it filled in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from registry.lib.fields import DayInput
from training.catalogue.codes import PersonCategory, TrainingType
from training.enrolments.models import Enrolment

_ALL = ("", _("全部"))


class EnrolmentFilter(forms.Form):
    """Every field may be left out; what is wrong is left out as well."""

    state = forms.ChoiceField(label=_("状态"), required=False, choices=[_ALL, *Enrolment.State.choices])
    training_type = forms.ChoiceField(
        label=_("培训类型"), required=False, choices=[_ALL, *TrainingType.choices]
    )
    category = forms.ChoiceField(label=_("人员类别"), required=False, choices=[_ALL, *PersonCategory.choices])
    since = forms.DateField(label=_("结业日期自"), required=False, widget=DayInput())
    until = forms.DateField(label=_("至"), required=False, widget=DayInput())
    klass = forms.IntegerField(required=False, widget=forms.HiddenInput)
    batch = forms.UUIDField(required=False, widget=forms.HiddenInput)
