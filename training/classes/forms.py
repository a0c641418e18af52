"""The filter row of the list of classes."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from training.catalogue.codes import TrainingType
from training.classes.models import TrainingClass


class ClassFilter(forms.Form):
    """Every field may be left out; what is wrong is left out as well."""

    q = forms.CharField(label=_("班级编号、名称或工种"), required=False, max_length=60)
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("全部")), *TrainingClass.State.choices]
    )
    training_type = forms.ChoiceField(
        label=_("培训类型"), required=False, choices=[("", _("全部")), *TrainingType.choices]
    )
    institution = forms.IntegerField(required=False, widget=forms.HiddenInput)
