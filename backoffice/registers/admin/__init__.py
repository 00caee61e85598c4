"""The registers in the panel, and the files prepared from their lists."""

from . import filters as _filters  # noqa: F401 - adds them to the lists below
from .exports import ExportRunView
from .money import FeeRegisterView
from .page import RegistersView
from .people import StaffView
from .sums import SupervisorDaysView, TechnicianWorkView
from .work import CallRegisterView, UnservedView, VouchersOutView

VIEWS = [
    RegistersView, CallRegisterView, UnservedView, VouchersOutView, FeeRegisterView, TechnicianWorkView,
    SupervisorDaysView, StaffView, ExportRunView,
]  # fmt: skip
