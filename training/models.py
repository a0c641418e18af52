"""Doorway: the models of every room of the training app."""

from training.catalogue.models import AgeLimit, Project, Threshold
from training.claims.models import Payment
from training.classes.models import Session, TrainingClass
from training.enrolments.models import Enrolment
from training.targets.models import *  # noqa: F403

__all__ = ["AgeLimit", "Enrolment", "Payment", "Project", "Session", "Threshold", "TrainingClass"]
