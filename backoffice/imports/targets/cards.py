"""Importing the repair cards of an older system as history, with their outcome (W-4.11)."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l

from backoffice.calls.rules import FaultCause
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Permission
from backoffice.imports.lookups import Customers, People, Units, make_customers
from backoffice.imports.models import ImportKind
from backoffice.organisation.models import User
from backoffice.repairs import workflow as repairs
from backoffice.repairs.workflow.history import PastEnd
from backoffice.ui.importing.plan import Field, Problem

from .base import ImportTarget, Keys

_ENDS = {
    "已返还": PastEnd.RETURNED, "已归还": PastEnd.RETURNED, "返还": PastEnd.RETURNED, "归还": PastEnd.RETURNED,
    "fixed": PastEnd.RETURNED, "repaired": PastEnd.RETURNED, "已修复": PastEnd.RETURNED, "修复": PastEnd.RETURNED,
    "放弃": PastEnd.RELINQUISHED, "客户放弃": PastEnd.RELINQUISHED, "报废": PastEnd.RELINQUISHED,
    "given up": PastEnd.RELINQUISHED, "scrapped": PastEnd.RELINQUISHED,
}  # fmt: skip
_CAUSES = {
    "质量问题": FaultCause.PRODUCT, "产品质量": FaultCause.PRODUCT, "正常磨损": FaultCause.WEAR,
    "磨损": FaultCause.WEAR,
    "操作不当": FaultCause.MISUSE, "人为损坏": FaultCause.HUMAN_DAMAGE, "安装": FaultCause.INSTALLATION,
    "电源": FaultCause.POWER_SUPPLY, "介质": FaultCause.MEDIUM, "其他": FaultCause.OTHER,
}  # fmt: skip


class CardTarget(ImportTarget):
    """Past repair cards: what was repaired, when it came in and when it was over are needed."""

    kind = ImportKind.CARDS
    endpoint = "repair_cards"
    permission = Permission.REPAIR_IMPORT
    options: ClassVar = {"create_customers": _l("Create missing customers, by their name")}
    fields = (
        Field("old_number", _l("Old number"), "code", (
            "number", "card number", "repair number", "work order", "id", "id_ords", "编号", "卡号", "维修卡号",
            "工单号", "单号"), zero_is_blank=False),
        Field("received_at", _l("Taken in"), "moment", (
            "received at", "event_date", "bscstartdate", "date", "接收日期", "收货日期", "送修日期", "日期"),
            required=True),
        Field("finished_at", _l("Repaired"), "moment", ("finished", "completed", "修复日期", "修复时间", "完成日期")),
        Field("ended_at", _l("Left us"), "moment", (
            "returned", "returned at", "closed", "归还日期", "返还日期", "交还日期"), required=True),
        Field("state", _l("State"), "choice", ("returned or given up", "去向", "状态"), choice=PastEnd, words=_ENDS),
        Field("outcome", _l("Outcome"), names=("result", "repair_status", "结果", "维修结果", "处理结果")),
        Field("customer", _l("Customer"), "ref", (
            "customer number", "customer name", "客户", "客户编号", "客户名称", "单位名称", "用户单位")),
        Field("serial_no", _l("Serial number"), "code", ("serial", "sn", "asset", "出厂编号", "序列号")),
        Field("model_text", _l("Model"), names=("model", "item", "型号", "产品型号", "规格型号")),
        Field("fault_text", _l("Fault"), "lines", (
            "problem", "text", "originalshorttext", "description", "故障描述", "故障", "故障现象", "报修内容")),
        Field("diagnosis", _l("Diagnosis"), "lines", ("fault_type", "诊断", "检查结果")),
        Field("work_done", _l("Work done"), "lines", ("action", "work", "维修内容", "处理内容", "维修情况")),
        Field("fault_cause", _l("Cause"), "choice", ("fault cause", "故障原因", "原因"), choice=FaultCause,
              words=_CAUSES),
        Field("technician", _l("Technician"), "ref", ("维修人员", "维修人", "技术员")),
        Field("inspected_by", _l("Inspected by"), names=("inspector", "检验员", "检验人", "质检员")),
        Field("minutes", _l("Minutes worked"), "whole", ("minutes", "工时（分钟）", "维修分钟")),
    )  # fmt: skip

    def __init__(self, by: User, options: frozenset[str] = frozenset(), keys: Keys | None = None) -> None:
        super().__init__(by, options, keys)
        self.lookups = {
            "customer": Customers(by, make_customers(by) if "create_customers" in self.chosen else None),
            "technician": People(by, "technician", with_former=True),
        }

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = repairs.import_history(by=self.by, rows=rows)
        return written

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """The old number."""
        if "old_number" in facts:
            yield "old_number", Keys.digest("card", facts["old_number"])

    def judge(self, rows: Sequence[tuple[int, dict[str, Any]]], outcomes: list[Any]) -> None:
        """The unit of the serial number where there is one here; else the number stays as it is written."""
        numbered = [
            (number, outcome) for (number, _), outcome in zip(rows, outcomes, strict=True)
            if not isinstance(outcome, BackofficeError) and "serial_no" in outcome
        ]  # fmt: skip
        units = Units(self.by)
        units.load((number, outcome["serial_no"]) for number, outcome in numbered)
        for number, outcome in numbered:
            try:
                outcome["unit"] = units[outcome["serial_no"]]
            except BackofficeError:
                words = _l("There is no unit with this serial number here; the number is kept as it is written.")
                self.unusual.append(Problem(number, "serial_no", words))
