"""The training app: what was taught, who pays, how far we got."""
from __future__ import annotations

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "培训"
    default_auto_field = "django.db.models.BigAutoField"
