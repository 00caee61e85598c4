"""Importing the parts sales of an older system as history, one line a row (E-30)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Permission
from backoffice.core.scope import visible
from backoffice.core.texts import fold_code
from backoffice.imports.lookups import Customers, make_customers
from backoffice.imports.models import ImportKind
from backoffice.organisation.models import User
from backoffice.parts.models import Part
from backoffice.sales import workflow as sales
from backoffice.ui.importing.plan import Field

from .base import ImportTarget, Keys


class SaleTarget(ImportTarget):
    """Past parts sales: old number, customer, day, quantity and unit price are needed, and the part's code or name.

    Rows of one old number are the lines of one sale, wherever in the file they stand. A quantity below 0 is a reversal.
    """

    kind = ImportKind.SALES
    endpoint = "parts_sales"
    permission = Permission.SALE_WRITE
    options: ClassVar = {"create_customers": _l("Create missing customers, by their name")}
    fields = (
        Field("old_number", _l("Old number"), "code", (
            "number", "sale number", "invoice no", "invoiceno", "编号", "单号", "销售单号", "出库单号", "发票号码"),
            required=True, zero_is_blank=False),
        Field("sold_at", _l("Sold"), "moment", (
            "date", "invoice date", "invoicedate", "日期", "销售日期", "出库日期"), required=True),
        Field("customer", _l("Customer"), "ref", (
            "customer number", "customer name", "customerid", "客户", "客户编号", "客户名称", "单位名称")),
        Field("code", _l("Code"), "code", ("part no", "stockcode", "编码", "物料编码", "零件号", "代码"),
              zero_is_blank=False),
        Field("name", _l("Name"), names=("description", "part", "名称", "品名")),
        Field("quantity", _l("Quantity"), "signed", ("qty", "数量"), required=True, zero_is_blank=False),
        Field("unit_price", _l("Unit price"), "money", ("price", "unitprice", "单价", "含税单价", "售价"),
              required=True, zero_is_blank=False),
    )  # fmt: skip

    def __init__(self, by: User, options: frozenset[str] = frozenset(), keys: Keys | None = None) -> None:
        super().__init__(by, options, keys)
        self.lookups = {"customer": Customers(by, make_customers(by) if "create_customers" in self.chosen else None)}
        self._digests: dict[int, str] = {}

    def judge(self, rows: Sequence[tuple[int, dict[str, Any]]], outcomes: list[Any]) -> None:
        """Which sales an earlier chunk of the file has begun, and which of the parts are kept here."""
        good = [outcome for outcome in outcomes if not isinstance(outcome, BackofficeError)]
        known = self._parts({fold_code(one["code"])[:240] for one in good if "code" in one})
        self._digests = {number: Keys.digest("sale", facts["old_number"]) for number, facts in rows}
        self.keys.load(self._digests.values())
        for (number, _), outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, BackofficeError):
                continue
            outcome["continues"] = self._digests[number] in self.keys.known
            outcome["part"] = known.get(fold_code(outcome.get("code", ""))[:240])

    def _parts(self, codes: set[str]) -> dict[str, Part]:
        query = select(Part).where(Part.code_folded.in_(codes), visible(Part, self.by))
        return {part.code_folded: part for part in db.session.scalars(query)} if codes else {}

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = sales.import_history(by=self.by, rows=rows)
        return written

    def settle(self) -> None:
        """The sales of the good rows are begun: later chunks of the file may go on with them."""
        for number in sorted(self._good):
            self.keys.take(self._digests[number], number)
        super().settle()
