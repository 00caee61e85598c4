"""Importing customers and their contacts."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, RuleViolated
from backoffice.core.permissions import Permission
from backoffice.core.scope import visible
from backoffice.customers import workflow as customers
from backoffice.customers.models import Contact, Customer, CustomerKind
from backoffice.customers.rules import digits, fold_name
from backoffice.imports.lookups import Areas, Customers, People, make_customers
from backoffice.imports.models import ImportKind
from backoffice.organisation.models import User
from backoffice.ui.importing.plan import Field, Problem

from .base import ImportTarget, Keys

_KINDS = {
    "企业": CustomerKind.COMPANY, "公司": CustomerKind.COMPANY, "单位": CustomerKind.COMPANY,
    "机构": CustomerKind.COMPANY, "个人": CustomerKind.INDIVIDUAL, "居民": CustomerKind.INDIVIDUAL,
    "person": CustomerKind.INDIVIDUAL, "农户": CustomerKind.FARMER,
}  # fmt: skip


class CustomerTarget(ImportTarget):
    """Customers (E-04); a name is enough. One that is there already is refused unless doubles are allowed."""

    kind = ImportKind.CUSTOMERS
    endpoint = "customers"
    permission = Permission.CUSTOMER_WRITE
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

    def __init__(self, by: User, options: frozenset[str] = frozenset(), keys: Keys | None = None) -> None:
        super().__init__(by, options, keys)
        self.lookups = {"area": Areas(by), "default_salesperson": People(by, "default_salesperson")}

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = customers.import_rows(by=self.by, rows=rows)
        return written

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """The old number, and the name unless doubles are allowed."""
        if "allow_doubles" not in self.chosen:
            for key in _keys(facts):
                yield "former_number" if key[0] == "number" else "name", Keys.digest(*key)

    def judge(self, rows: Sequence[tuple[int, dict[str, Any]]], outcomes: list[Any]) -> None:
        """Doubles by name or old number are refused; a phone that somebody else has is only unusual (E-04)."""
        known, former = self._known_keys([facts for _, facts in rows])
        phones = self._known_phones([facts for _, facts in rows])
        figures = [digits(facts.get("phone", "")) for _, facts in rows]
        self.keys.load(Keys.digest("phone", one) for one in figures if one)
        for place, ((number, facts), phone) in enumerate(zip(rows, figures, strict=True)):
            if isinstance(outcomes[place], BackofficeError):
                continue
            if "allow_doubles" not in self.chosen and (double := _double(facts, known)):
                outcomes[place] = double
                continue
            if gone := next((former[key] for key in _keys(facts) if key in former), None):
                same = _l("Customer %(number)s, who is no longer active, is the same.", number=gone)
                self._note(number, "name", same)
            if not phone:
                continue
            digest = Keys.digest("phone", phone)
            if other := phones.get(phone):
                self._note(number, "phone", _l("This phone is that of %(other)s too.", other=other))
            elif (row := self.keys.row_of(digest, number)) is not None:
                self._note(number, "phone", _l("This phone stands in row %(row)s too.", row=row))
            self.keys.take(digest, number)

    def _note(self, number: int, field: str, message: Any) -> None:
        self.unusual.append(Problem(number, field, message))

    def _known_keys(
        self, rows: list[dict[str, Any]]
    ) -> tuple[dict[tuple[str, ...], str], dict[tuple[str, ...], str]]:  # fmt: skip
        """What active customers of the branch have, and what former ones have: key and number."""
        names = {fold_name(facts["name"]) for facts in rows}
        numbers = {facts["former_number"] for facts in rows if facts.get("former_number")}
        query = select(
            Customer.is_active, Customer.number, Customer.former_number, Customer.name_folded, Customer.kind,
            Customer.phone_digits,
        ).where(
            visible(Customer, self.by),
            Customer.branch_id == self.by.branch_id,
            Customer.name_folded.in_(names) | Customer.former_number.in_(numbers),
        )  # fmt: skip
        known: dict[tuple[str, ...], str] = {}
        gone: dict[tuple[str, ...], str] = {}
        for is_active, number, former, name, kind, figures in db.session.execute(query):
            found = known if is_active else gone
            found[_name_key(name, kind, figures)] = number
            if former:
                found["number", former] = number
        return known, gone

    def _known_phones(self, rows: list[dict[str, Any]]) -> dict[str, str]:
        figures = {found for facts in rows if (found := digits(facts.get("phone", "")))}
        query = select(Customer.phone_digits, Customer.number).where(
            visible(Customer, self.by), Customer.is_active, Customer.phone_digits.in_(figures)
        )
        return dict(db.session.execute(query).all()) if figures else {}


def _double(facts: dict[str, Any], known: dict[tuple[str, ...], str]) -> RuleViolated | None:
    for key in _keys(facts):
        if key in known:
            there = _l("There already: customer %(number)s.", number=known[key])
            return RuleViolated(there, rule="E-04", field="former_number" if key[0] == "number" else "name")
    return None


def _keys(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """By what a customer would be a double of another: the old number, the name, for persons with their phone."""
    kind = facts.get("kind", CustomerKind.COMPANY)
    keys = [_name_key(fold_name(facts["name"]), kind, digits(facts.get("phone", "")))]
    return [("number", facts["former_number"]), *keys] if facts.get("former_number") else keys


def _name_key(name_folded: str, kind: CustomerKind, figures: str) -> tuple[str, ...]:
    if kind is CustomerKind.COMPANY:
        return ("company", name_folded)
    return ("person", name_folded, figures)  # many people share a name


class ContactTarget(ImportTarget):
    """Contacts (E-04): the customer, a name and a phone are needed."""

    kind = ImportKind.CONTACTS
    permission = Permission.CUSTOMER_WRITE
    endpoint = "contacts"
    options: ClassVar = {
        "create_customers": _l("Create missing customers, by their name"),
        "allow_doubles": _l("Import contacts again whom the customer has already"),
    }
    fields = (
        Field("customer", _l("Customer"), "ref", required=True, names=(
            "customer number", "customer name", "客户", "客户编号", "客户名称", "单位", "单位名称", "company")),
        Field("name", _l("Full name"), names=("contact", "contact name", "姓名", "联系人", "名称"), required=True),
        Field("phone", _l("Phone"), "code", required=True, names=(
            "telephone", "tel", "mobile", "电话", "联系电话", "手机", "手机号", "联系方式")),
        Field("title", _l("Position"), names=("title", "职务", "职位", "岗位")),
        Field("is_primary", _l("First person to speak to"), "flag", ("primary", "主要联系人", "首要联系人"),
              zero_is_blank=False),
    )  # fmt: skip

    def __init__(self, by: User, options: frozenset[str] = frozenset(), keys: Keys | None = None) -> None:
        super().__init__(by, options, keys)
        self.lookups = {"customer": Customers(by, make_customers(by) if "create_customers" in self.chosen else None)}

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        written: Sequence[Any] = customers.import_contacts(by=self.by, rows=rows)
        return written

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """The customer with name and phone, unless doubles are allowed."""
        if "allow_doubles" not in self.chosen:
            customer = resolved["customer"]
            is_new = any(record is customer for _, record, _ in self.lookups["customer"].made)
            owner = f"new {customer.name_folded}" if is_new else str(customer.id)  # a try gives keys that do not last
            yield "name", Keys.digest("contact", owner, fold_name(facts["name"]), digits(facts["phone"]))

    def judge(self, rows: Sequence[tuple[int, dict[str, Any]]], outcomes: list[Any]) -> None:
        """A contact whom the customer has already is refused (E-04)."""
        if "allow_doubles" in self.chosen:
            return
        owners = {one["customer"].id for one in outcomes if not isinstance(one, BackofficeError)}
        query = select(Contact.customer_id, Contact.name, Contact.phone_digits).where(
            visible(Contact, self.by), Contact.customer_id.in_(owners), Contact.is_active
        )
        known = {(owner, fold_name(name), figures) for owner, name, figures in db.session.execute(query)}
        for place, outcome in enumerate(outcomes):
            if isinstance(outcome, BackofficeError):
                continue
            key = (outcome["customer"].id, fold_name(outcome["name"]), digits(outcome["phone"]))
            if key in known:
                there = _l("The customer has this contact already.")
                outcomes[place] = RuleViolated(there, rule="E-04", field="name")
