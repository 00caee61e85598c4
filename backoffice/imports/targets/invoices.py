"""Matching the tax platform's list of issued invoices with the requests (W-5.5)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import BackofficeError, RuleViolated
from backoffice.core.money import parse_amount
from backoffice.core.permissions import Permission
from backoffice.core.texts import fold_code
from backoffice.imports.models import ImportKind
from backoffice.invoices import workflow as invoices
from backoffice.invoices.workflow import PlatformRow
from backoffice.ui.importing.plan import Field, Problem

from .base import ImportTarget, Keys

#: Words of the platform for an invoice that does not count.
_VOID = ("作废", "void")


class InvoiceTarget(ImportTarget):
    """Issued invoices: number, day and amount; a request whose number the remark names, or of that buyer, is issued."""

    kind = ImportKind.INVOICES
    endpoint = "invoices"
    permission = Permission.INVOICE_ISSUE
    fields = (
        Field("invoice_no", _l("Invoice number"), "code", (
            "发票号码", "数电票号码", "数电发票号码", "number", "no"), required=True, zero_is_blank=False),
        Field("invoice_code", _l("Invoice code"), "code", ("发票代码", "code"), zero_is_blank=False),
        Field("issued_on", _l("Day of issue"), "day", ("开票日期", "开票时间", "date"), required=True),
        Field("title", _l("Title"), names=("购买方名称", "购方名称", "购买方", "buyer")),
        Field("tax_id", _l("Tax id"), "code", (
            "购方识别号", "购买方纳税人识别号", "购方税号", "购买方识别号", "统一社会信用代码")),
        Field("gross", _l("Amount with tax"), "code", ("价税合计", "含税金额", "gross", "total"), required=True,
              zero_is_blank=False),
        Field("tax", _l("Tax"), "code", ("税额", "合计税额"), zero_is_blank=False),
        Field("remark", _l("Remark"), names=("备注", "note")),
        Field("status", _l("Status"), names=("发票状态", "状态", "state")),
    )  # fmt: skip

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        """Each row: its invoice, or why it fits none."""
        read = [_read(facts) for facts in rows]
        good = [row for row in read if isinstance(row, PlatformRow)]
        found = iter(invoices.match_issued(by=self.by, rows=good))
        return [next(found) if isinstance(row, PlatformRow) else row for row in read]

    def write(self, rows: Sequence[tuple[int, dict[str, Any]]]) -> list[Any]:
        """As every target; what was recorded before is told."""
        outcomes = super().write(rows)
        for place, (number, _) in enumerate(rows):
            one = outcomes[place]
            if isinstance(one, BackofficeError):
                continue
            if one.is_known:
                words = _l("Known: recorded on %(number)s before.", number=one.invoice.number)
                self.unusual.append(Problem(number, "invoice_no", words))
            outcomes[place] = one.invoice
        return outcomes

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Number and code."""
        yield (
            "invoice_no",
            Keys.digest("invoice", fold_code(facts["invoice_no"])[:60], fold_code(facts.get("invoice_code", ""))[:60]),
        )


def _read(facts: dict[str, Any]) -> PlatformRow | BackofficeError:
    try:
        return PlatformRow(
            invoice_no=facts["invoice_no"], issued_on=facts["issued_on"], gross=_amount(facts["gross"], "gross"),
            invoice_code=facts.get("invoice_code", ""), title=facts.get("title", ""), tax_id=facts.get("tax_id", ""),
            tax=_amount(facts["tax"], "tax") if facts.get("tax") else None, remark=facts.get("remark", ""),
            is_void=any(word in facts.get("status", "").casefold() for word in _VOID),
        )  # fmt: skip
    except BackofficeError as refusal:
        return refusal


def _amount(cell: str, field: str) -> Decimal:
    """An amount in yuan, below 0 for a red invoice; 100.50 as 100.5 as well."""
    text = cell.strip().replace("－", "-").replace("−", "-")
    try:
        amount = parse_amount(text.lstrip("-").strip())
    except RuleViolated as refusal:
        refusal.field = field
        raise
    return -amount if text.startswith("-") else amount
