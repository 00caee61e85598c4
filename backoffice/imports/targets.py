"""The three kinds of records that can be imported: their fields, and how a chunk of rows is written."""

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, RuleViolated, Text
from backoffice.core.permissions import Permission, require
from backoffice.core.scope import visible
from backoffice.customers import workflow as customers
from backoffice.customers.models import Customer, CustomerKind
from backoffice.customers.rules import digits, fold_name
from backoffice.organisation.models import User
from backoffice.products import workflow as products
from backoffice.products.models import UnitStatus
from backoffice.ui.importing.plan import Field, Problem

from .lookups import Areas, Customers, Lookup, Models, People, make_customers, make_models

_KINDS = {
    "企业": CustomerKind.COMPANY, "公司": CustomerKind.COMPANY, "单位": CustomerKind.COMPANY,
    "机构": CustomerKind.COMPANY, "个人": CustomerKind.INDIVIDUAL, "居民": CustomerKind.INDIVIDUAL,
    "person": CustomerKind.INDIVIDUAL, "农户": CustomerKind.FARMER,
}  # fmt: skip
_STATUSES = {
    "在用": UnitStatus.IN_USE, "使用中": UnitStatus.IN_USE, "active": UnitStatus.IN_USE,
    "functional": UnitStatus.IN_USE, "退回": UnitStatus.RETURNED, "报废": UnitStatus.SCRAPPED,
    "decommissioned": UnitStatus.SCRAPPED, "abandoned": UnitStatus.SCRAPPED, "removed": UnitStatus.SCRAPPED,
}  # fmt: skip


class ImportTarget:
    """What the three have in common: look-ups by field, and the counting of what was made on the way."""

    name: ClassVar[str]
    label: ClassVar[Text]
    permission: ClassVar[Permission] = Permission.DATA_IMPORT
    fields: ClassVar[tuple[Field, ...]]
    #: the switches that make sense here: name and label
    options: ClassVar[dict[str, Text]] = {}

    def __init__(self, by: User, options: frozenset[str] = frozenset()) -> None:
        require(by, Permission.DATA_IMPORT)
        require(by, self.permission)
        self.by = by
        self.chosen = options & set(self.options)
        self.lookups: dict[str, Lookup] = {}
        self.unusual: list[Problem] = []

    def write(self, rows: Sequence[tuple[int, dict[str, Any]]]) -> list[Any]:
        """Write the rows (number, facts); answers each: the record, or the BackofficeError that says why not."""
        for field, lookup in self.lookups.items():
            lookup.load(facts[field] for _, facts in rows if field in facts)
        outcomes: list[Any] = [self._resolved(facts) for _, facts in rows]
        unusual = self.judge(rows, outcomes)
        ready = [place for place, outcome in enumerate(outcomes) if not isinstance(outcome, BackofficeError)]
        for place, written in zip(ready, self.act([outcomes[place] for place in ready]), strict=True):
            outcomes[place] = written
        self.unusual += unusual
        return outcomes

    def _resolved(self, facts: dict[str, Any]) -> dict[str, Any] | BackofficeError:
        try:
            return {**facts, **{f: lookup[facts[f]] for f, lookup in self.lookups.items() if f in facts}}
        except BackofficeError as refusal:
            return refusal

    def judge(self, rows: Sequence[tuple[int, dict[str, Any]]], outcomes: list[Any]) -> list[Problem]:
        """Replace those of `outcomes` that may not be written by the reason; answers what is merely unusual."""
        return []

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        """The act that writes the resolved rows."""
        raise NotImplementedError

    def forget(self) -> None:
        """Drop what was looked up or made: the last chunk has been taken back."""
        for lookup in self.lookups.values():
            lookup.forget()

    def made(self) -> dict[Text, int]:
        """What was made on the way: label and number."""
        return {}

    def warnings(self) -> list[Problem]:
        """What is unusual and was imported all the same."""
        return self.unusual


class CustomerTarget(ImportTarget):
    """Customers (E-04); a name is enough. One that is there already is refused unless doubles are allowed."""

    name = "customers"
    label = _l("Customers")
    options: ClassVar = {"allow_doubles": _l("Import customers again whose name is there already")}
    fields = (
        Field("name", _l("Name"), required=True, names=(
            "customer", "customer name", "客户", "客户名称", "名称", "单位名称", "用户名称", "姓名", "company")),
        Field("kind", _l("Kind"), "choice", ("类型", "客户类型", "type"), choice=CustomerKind, words=_KINDS),
        Field("phone", _l("Phone"), "code", (
            "telephone", "tel", "mobile", "电话", "联系电话", "手机", "手机号", "联系方式")),
        Field("address", _l("Address"), names=("地址", "详细地址", "所在地", "联系地址", "location")),
        Field("area", _l("Service area"), "ref", ("区域", "服务区域", "region code")),
        Field("former_number", _l("Old number"), "code", (
            "code", "number", "customer id", "customerid", "编号", "客户编号", "机构代码", "代码")),
        Field("credit_code", _l("Credit code"), names=("统一社会信用代码", "信用代码", "税号", "tax id")),
        Field("invoice_title", _l("Invoice title"), names=("抬头", "发票抬头")),
        Field("bank_name", _l("Bank"), names=("开户行", "开户银行")),
        Field("bank_account", _l("Bank account"), "code", ("账号", "银行账号")),
        Field("invoice_email", _l("E-mail for invoices"), names=("email", "e-mail", "邮箱", "电子邮箱")),
        Field("default_salesperson", _l("Salesperson"), "ref", ("业务员", "销售", "sales")),
        Field("is_overseas", _l("Overseas"), "flag", ("海外", "境外"), zero_is_blank=False),
        Field("remark", _l("Remark"), names=("备注", "说明", "comments", "notes")),
    )  # fmt: skip

    def __init__(self, by: User, options: frozenset[str] = frozenset()) -> None:
        super().__init__(by, options)
        self.lookups = {"area": Areas(by), "default_salesperson": People(by)}
        self._seen: dict[tuple[str, ...], int] = {}
        self._phones: dict[str, int] = {}

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = customers.import_rows(by=self.by, rows=rows)
        return written

    def judge(self, rows: Sequence[tuple[int, dict[str, Any]]], outcomes: list[Any]) -> list[Problem]:
        """Doubles by name or old number are refused; a phone that somebody else has is only unusual (E-04)."""
        known = self._known_keys([facts for _, facts in rows])
        phones = self._known_phones([facts for _, facts in rows])
        unusual = []
        for place, (number, facts) in enumerate(rows):
            if isinstance(outcomes[place], BackofficeError):
                continue
            if "allow_doubles" not in self.chosen and (double := self._double(number, facts, known)):
                outcomes[place] = double
                continue
            for key in _keys(facts):
                self._seen.setdefault(key, number)
            if (figures := digits(facts.get("phone", ""))) and (other := phones.get(figures)):
                unusual.append(Problem(number, "phone", _l("This phone is that of %(other)s too.", other=other)))
            elif self._phones.get(figures, number) != number:
                same = _l("This phone stands in row %(row)s too.", row=self._phones[figures])
                unusual.append(Problem(number, "phone", same))
            if figures:
                self._phones.setdefault(figures, number)
        return unusual

    def _double(self, number: int, facts: dict[str, Any], known: dict[tuple[str, ...], str]) -> RuleViolated | None:
        for key in _keys(facts):
            field = "former_number" if key[0] == "number" else "name"
            if key in known:
                there = _l("There already: customer %(number)s.", number=known[key])
                return RuleViolated(there, rule="E-04", field=field)
            if self._seen.get(key, number) != number:
                return RuleViolated(_l("The same as row %(row)s.", row=self._seen[key]), rule="E-04", field=field)
        return None

    def _known_keys(self, rows: list[dict[str, Any]]) -> dict[tuple[str, ...], str]:
        names = {fold_name(facts["name"]) for facts in rows}
        numbers = {facts["former_number"] for facts in rows if facts.get("former_number")}
        query = select(
            Customer.number, Customer.former_number, Customer.name_folded, Customer.kind, Customer.phone_digits
        ).where(
            visible(Customer, self.by),
            Customer.branch_id == self.by.branch_id,
            Customer.name_folded.in_(names) | Customer.former_number.in_(numbers),
        )
        known: dict[tuple[str, ...], str] = {}
        for number, former, name, kind, figures in db.session.execute(query):
            known[_name_key(name, kind, figures)] = number
            known["number", former] = number
        return known

    def _known_phones(self, rows: list[dict[str, Any]]) -> dict[str, str]:
        figures = {found for facts in rows if (found := digits(facts.get("phone", "")))}
        query = select(Customer.phone_digits, Customer.number).where(
            visible(Customer, self.by), Customer.phone_digits.in_(figures)
        )
        return dict(db.session.execute(query).all()) if figures else {}


def _keys(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """By what a customer would be a double of another: the old number, the name, for persons with their phone."""
    kind = facts.get("kind", CustomerKind.COMPANY)
    keys = [_name_key(fold_name(facts["name"]), kind, digits(facts.get("phone", "")))]
    return [("number", facts["former_number"]), *keys] if facts.get("former_number") else keys


def _name_key(name_folded: str, kind: CustomerKind, figures: str) -> tuple[str, ...]:
    if kind is CustomerKind.COMPANY:
        return ("company", name_folded)
    return ("person", name_folded, figures)  # many people share a name


class ModelTarget(ImportTarget):
    """Product models (E-06); a code is enough."""

    name = "models"
    label = _l("Product models")
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


class UnitTarget(ImportTarget):
    """Installed units (E-06): serial number, model and customer are needed, dates give the warranty."""

    name = "units"
    label = _l("Installed units")
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

    def __init__(self, by: User, options: frozenset[str] = frozenset()) -> None:
        super().__init__(by, options)
        self.lookups = {
            "model": Models(by, make_models(by) if "create_models" in self.chosen else None),
            "customer": Customers(by, make_customers(by) if "create_customers" in self.chosen else None),
        }
        if "create_models" in self.chosen:
            require(by, Permission.PRODUCT_WRITE)

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = products.import_rows(by=self.by, rows=rows)
        return written

    def made(self) -> dict[Text, int]:
        """Models and customers that the file named and nobody had."""
        return {ModelTarget.label: self.lookups["model"].made, CustomerTarget.label: self.lookups["customer"].made}


TARGETS: dict[str, type[ImportTarget]] = {one.name: one for one in (CustomerTarget, ModelTarget, UnitTarget)}
