"""Repair cards, what is written on them, and the workshop board in the panel."""

from .board import WorkshopView
from .cards import RepairCardView
from .lines import CardPartView, DelayReportView, InspectionView, TimeEntryView

VIEWS = [WorkshopView, RepairCardView, TimeEntryView, CardPartView, InspectionView, DelayReportView]
