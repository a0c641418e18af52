"""The filter row of the record."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from registry.lib.fields import DayInput


class ActFilter(forms.Form):
    """Every field may be left out; what is wrong is left out as well."""

    actor = forms.CharField(label=_("操作人"), required=False, max_length=100)
    code = forms.CharField(label=_("事项"), required=False, max_length=64)
    subject = forms.CharField(label=_("对象编号"), required=False, max_length=64)
    since = forms.DateField(label=_("日期自"), required=False, widget=DayInput())
    until = forms.DateField(label=_("至"), required=False, widget=DayInput())
