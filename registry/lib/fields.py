"""Parts of forms that every room shares."""

from __future__ import annotations

from django import forms


class DayInput(forms.DateInput):
    """The browser's own field for a day. It shows only days that are written as ISO 8601, whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")
