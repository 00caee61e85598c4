"""The figures in the panel: the page, the failure rates, and the filters behind each figure."""

from .page import FiguresView

VIEWS = [FiguresView]
