"""Importing the calls of an older system as history (W-1.14)."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l

from backoffice.calls import workflow as calls
from backoffice.calls.models import Channel
from backoffice.calls.rules import ServiceType
from backoffice.core.permissions import Permission
from backoffice.imports.lookups import Areas, Customers, Models, People, Symptoms, Units, make_customers
from backoffice.imports.models import ImportKind
from backoffice.organisation.models import User
from backoffice.ui.importing.plan import Field

from .base import ImportTarget, Keys

_CHANNELS = {
    "电话": Channel.PHONE, "telephone": Channel.PHONE, "来信": Channel.LETTER, "信函": Channel.LETTER,
    "微信": Channel.WECHAT, "邮件": Channel.EMAIL, "email": Channel.EMAIL, "上门": Channel.WALK_IN,
    "来访": Channel.WALK_IN, "业务员": Channel.SALESPERSON,
}  # fmt: skip
_TYPES = {
    "有费": ServiceType.PAID, "paid": ServiceType.PAID, "合同": ServiceType.CONTRACT,
    "contract": ServiceType.CONTRACT, "免费": ServiceType.FREE, "保修": ServiceType.FREE, "free": ServiceType.FREE,
    "warranty": ServiceType.FREE,
}  # fmt: skip


class CallTarget(ImportTarget):
    """Past calls: the customer, when it came in and was over, the symptom and the area are needed."""

    kind = ImportKind.CALLS
    endpoint = "service_calls"
    permission = Permission.CALL_IMPORT
    options: ClassVar = {"create_customers": _l("Create missing customers, by their name")}
    fields = (
        Field("old_number", _l("Old number"), "code", (
            "number", "call number", "case_enquiry_id", "unique key", "编号", "叫修编号", "登记号", "单号"),
            zero_is_blank=False),
        Field("received_at", _l("Received"), "moment", (
            "open_dt", "created date", "received at", "接报时间", "叫修时间", "登记时间", "日期"), required=True),
        Field("closed_at", _l("Closed"), "moment", (
            "closed_dt", "closed date", "closed at", "written off", "注销时间", "完成时间", "结案时间"),
            required=True),
        Field("customer", _l("Customer"), "ref", (
            "customer number", "customer name", "客户", "客户编号", "客户名称", "单位名称", "用户单位")),
        Field("unit", _l("Unit"), "ref", ("serial", "serial number", "sn", "出厂编号", "序列号")),
        Field("model", _l("Product model"), "ref", ("model code", "型号代码")),
        Field("model_text", _l("Model, as it was written"), names=("model", "型号", "产品型号", "规格型号")),
        Field("fault_symptom", _l("Symptom"), "ref", ("fault", "symptom", "故障现象", "故障类别"), required=True),
        Field("fault_text", _l("What the customer reports"), "lines", (
            "description", "problem", "text", "故障描述", "报修内容", "内容")),
        Field("area", _l("Service area"), "ref", ("区域", "服务区域", "region code")),
        Field("contact_name", _l("Who is calling"), names=("contact", "联系人", "报修人")),
        Field("phone", _l("Phone"), "code", ("telephone", "tel", "电话", "联系电话")),
        Field("address", _l("Address"), names=("location", "地址", "详细地址", "安装地点")),
        Field("channel", _l("Channel"), "choice", ("source", "渠道", "来源"), choice=Channel, words=_CHANNELS),
        Field("service_type", _l("Service type"), "choice", ("服务类别", "服务类型"), choice=ServiceType,
              words=_TYPES),
        Field("technician", _l("Technician"), "ref", ("维修人员", "技术员", "服务人员")),
        Field("dispatched_at", _l("Dispatched"), "moment", ("派工时间",)),
        Field("first_arrived_at", _l("Arrived"), "moment", ("到场时间", "到达时间")),
        Field("completed_at", _l("Completed"), "moment", ("修复时间",)),
        Field("remark", _l("Remark"), names=("备注", "comments", "notes")),
    )  # fmt: skip

    def __init__(self, by: User, options: frozenset[str] = frozenset(), keys: Keys | None = None) -> None:
        super().__init__(by, options, keys)
        self.lookups = {
            "customer": Customers(by, make_customers(by) if "create_customers" in self.chosen else None),
            "unit": Units(by), "model": Models(by), "area": Areas(by), "fault_symptom": Symptoms(by),
            "technician": People(by, "technician", with_former=True),
        }  # fmt: skip
        self.lookups["model"].unknown = _l("There is no model with this code.")

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = calls.import_history(by=self.by, rows=rows)
        return written

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """The old number."""
        if "old_number" in facts:
            yield "old_number", Keys.digest("call", facts["old_number"])
