"""Reasons and limits of reading in the back office."""

from __future__ import annotations

from django.contrib import admin

from registry.audit.tables import AuditedAdmin
from registry.exports.models import ReadingLimit, ReadingReason


@admin.register(ReadingReason)
class ReadingReasonAdmin(AuditedAdmin):
    list_display = ("code", "label", "for_reveal", "for_export", "valid_from", "valid_to")


@admin.register(ReadingLimit)
class ReadingLimitAdmin(AuditedAdmin):
    list_display = ("code", "value", "valid_from", "valid_to", "document_no")
