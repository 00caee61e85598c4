"""The registers in the panel, and the files prepared from their lists."""

from .exports import ExportRunView

VIEWS = [ExportRunView]
