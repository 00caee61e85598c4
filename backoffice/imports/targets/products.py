"""Importing product models and installed units."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l

from backoffice.core.permissions import Permission, require
from backoffice.core.texts import fold_code
from backoffice.imports.lookups import Customers, Models, make_customers, make_models
from backoffice.imports.models import ImportKind
from backoffice.organisation.models import User
from backoffice.products import workflow as products
from backoffice.products.models import UnitStatus
from backoffice.ui.importing.plan import Field

from .base import ImportTarget, Keys

_STATUSES = {
    "在用": UnitStatus.IN_USE, "使用中": UnitStatus.IN_USE, "active": UnitStatus.IN_USE,
    "functional": UnitStatus.IN_USE, "退回": UnitStatus.RETURNED, "报废": UnitStatus.SCRAPPED,
    "decommissioned": UnitStatus.SCRAPPED, "abandoned": UnitStatus.SCRAPPED, "removed": UnitStatus.SCRAPPED,
}  # fmt: skip


class ModelTarget(ImportTarget):
    """Product models (E-06); a code is enough."""

    kind = ImportKind.MODELS
    endpoint = "product_models"
    permission = Permission.PRODUCT_WRITE
    fields = (
        Field("code", _l("Code"), "code", ("model", "型号", "产品型号", "代码", "规格型号"), required=True),
        Field("name", _l("Name"), names=("名称", "产品名称", "description")),
        Field("series", _l("Series"), names=("系列",)),
        Field("flow", _l("Flow (m³/h)"), "number", ("flow", "流量")),
        Field("head", _l("Head (m)"), "number", ("head", "扬程")),
        Field("power_kw", _l("Power (kW)"), "number", ("power", "功率", "kw")),
        Field("default_warranty_months", _l("Warranty months"), "whole", ("保修月数", "质保期", "warranty"),
              zero_is_blank=False),
    )  # fmt: skip

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = products.import_models(by=self.by, rows=rows)
        return written

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """The code, whatever its spelling."""
        yield "code", Keys.digest("model", fold_code(facts["code"])[:240])


class UnitTarget(ImportTarget):
    """Installed units (E-06): serial number, model and customer are needed, dates give the warranty."""

    kind = ImportKind.UNITS
    endpoint = "units"
    permission = Permission.CUSTOMER_WRITE
    options: ClassVar = {
        "create_models": _l("Create missing models"),
        "create_customers": _l("Create missing customers, by their name"),
    }
    fields = (
        Field("serial_no", _l("Serial number"), "code", (
            "serial", "serial number", "sn", "id", "facilityid", "出厂编号", "编号", "序列号"), required=True),
        Field("model", _l("Model"), "ref", (
            "model code", "pumpmodel", "型号", "产品型号", "规格型号"), required=True),
        Field("customer", _l("Customer"), "ref", (
            "customer number", "customer name", "客户", "客户编号", "客户名称", "用户单位"), required=True),
        Field("place", _l("Where it stands"), names=("place", "location", "安装地点", "安装位置", "地址")),
        Field("order_no", _l("Order number"), "code", ("order", "订单号", "合同号")),
        Field("delivered_on", _l("Delivered on"), "day", ("delivery date", "交货日期", "发货日期", "交运日期")),
        Field("invoice_on", _l("Invoice of"), "day", ("invoice date", "开票日期", "发票日期")),
        Field("commissioned_on", _l("Commissioned on"), "day", (
            "commissioning date", "install date", "installdate", "construction year", "验收日期", "调试日期",
            "安装日期", "投运日期")),
        Field("warranty_months", _l("Warranty months"), "whole", ("保修月数", "质保期"), zero_is_blank=False),
        Field("status", _l("Status"), "choice", ("状态",), choice=UnitStatus, words=_STATUSES),
        Field("remark", _l("Remark"), names=("备注", "comments", "notes")),
    )  # fmt: skip

    def __init__(self, by: User, options: frozenset[str] = frozenset(), keys: Keys | None = None) -> None:
        super().__init__(by, options, keys)
        self.lookups = {
            "model": Models(by, make_models(by) if "create_models" in self.chosen else None),
            "customer": Customers(by, make_customers(by) if "create_customers" in self.chosen else None),
        }
        if "create_models" in self.chosen:
            require(by, Permission.PRODUCT_WRITE)

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = products.import_rows(by=self.by, rows=rows)
        return written

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """The serial number, whatever its spelling."""
        yield "serial_no", Keys.digest("unit", fold_code(facts["serial_no"])[:240])
