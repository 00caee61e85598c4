"""Rules of products on plain values: the warranty and the fault symptoms."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, RuleViolated, Text
from backoffice.core.states import LabelledEnum

DEFAULT_MONTHS = 24
FIRST_DAY = date(1900, 1, 1)


class WarrantyState(LabelledEnum):
    """Whether a unit is under warranty on a day."""

    COVERED = "covered", _l("In warranty")
    EXPIRED = "expired", _l("Out of warranty")
    UNKNOWN = "unknown", _l("Warranty unknown")


class Evidence(LabelledEnum):
    """The date from which the warranty runs, by its column, in the order in which they count (A-5)."""

    COMMISSIONED = "commissioned_on", _l("Commissioning acceptance")
    DELIVERED = "delivered_on", _l("Delivery")
    INVOICED = "invoice_on", _l("Sale invoice")


class SymptomFamily(LabelledEnum):
    """Symptoms that count as the same fault coming back (C-11)."""

    HYDRAULIC = "hydraulic", _l("Hydraulic")
    SEALING = "sealing", _l("Sealing")
    MECHANICAL = "mechanical", _l("Mechanical")
    ELECTRICAL = "electrical", _l("Electrical")
    CONTROL = "control", _l("Control")
    OTHER = "other", _l("Other")


@dataclass(frozen=True)
class Symptom:
    """A fault symptom as the office starts with it."""

    code: str
    name: str
    name_zh: str
    family: SymptomFamily


#: G-08; the list may be edited in the panel.
SYMPTOMS = (
    Symptom("no_water", "Delivers no water", "不出水", SymptomFamily.HYDRAULIC),
    Symptom("low_output", "Too little flow or head", "流量/扬程不足", SymptomFamily.HYDRAULIC),
    Symptom("seal_leak", "Mechanical seal leaks", "机械密封泄漏", SymptomFamily.SEALING),
    Symptom("bearing", "Bearing noisy or hot", "轴承异响/发热", SymptomFamily.MECHANICAL),
    Symptom("vibration", "Vibrates strongly", "振动大", SymptomFamily.MECHANICAL),
    Symptom("motor", "Motor overloaded or burnt out", "电机过载/烧毁", SymptomFamily.ELECTRICAL),
    Symptom("insulation", "Low insulation", "绝缘低", SymptomFamily.ELECTRICAL),
    Symptom("impeller", "Impeller clogged or worn", "叶轮堵塞/磨损", SymptomFamily.HYDRAULIC),
    Symptom("control_cabinet", "Control cabinet faulty", "控制柜故障", SymptomFamily.CONTROL),
    Symptom("other", "Other symptom", "其他", SymptomFamily.OTHER),
)


@dataclass(frozen=True)
class WarrantyVerdict:
    """Whether a unit is covered on a day, and why: from when to when (inclusive), by which date, by which rule."""

    state: WarrantyState
    on: date
    starts_on: date | None
    ends_on: date | None
    evidence: Evidence | None
    rule: Text

    @property
    def explanation(self) -> Text:
        """The reason in one sentence."""
        if self.evidence is None:
            return _l("Neither commissioning, delivery nor invoice date is known: the supervisor decides per call.")
        return _l(
            "%(evidence)s on %(start)s, covered up to and including %(end)s",
            evidence=self.evidence.label, start=self.starts_on, end=self.ends_on,
        )  # fmt: skip


def add_months(day: date, months: int) -> date:
    """The day `months` later; where that month has no such day, the first day of the month after it.

    So a period that began on the 31st ends with the last day of a shorter month (Civil Code, article 202), and one
    that began on 29 February ends on 28 February.
    """
    months += day.year * 12 + day.month - 1
    try:
        return date(months // 12, months % 12 + 1, day.day)
    except ValueError:
        return date((months + 1) // 12, (months + 1) % 12 + 1, 1)


def warranty(
    commissioned_on: date | None,
    delivered_on: date | None,
    invoice_on: date | None,
    months: int,
    extension_days: int,
    on: date,
) -> WarrantyVerdict:
    """The verdict on the day `on` (E-06, A-5, S-1.1).

    The warranty runs from the first known of commissioning, delivery and invoice, for `months` less a day, and
    `extension_days` more; its last day still counts. A unit that fails before that start is covered too.
    """
    rule = _l("%(months)s months from commissioning, else delivery, else invoice (E-06)", months=months)
    if extension_days:
        rule = _l(
            "%(months)s months and %(days)s days from commissioning, else delivery, else invoice (E-06)",
            months=months, days=extension_days,
        )  # fmt: skip
    known = zip(Evidence, (commissioned_on, delivered_on, invoice_on), strict=True)
    for evidence, starts_on in known:
        if starts_on is not None:
            ends_on = add_months(starts_on, months) + timedelta(days=extension_days - 1)
            state = WarrantyState.COVERED if on <= ends_on else WarrantyState.EXPIRED
            return WarrantyVerdict(state, on, starts_on, ends_on, evidence, rule)
    return WarrantyVerdict(WarrantyState.UNKNOWN, on, None, None, None, rule)


def check_past_day(day: date | None, today: date, field: str) -> date | None:
    """`day` itself, or None; raises MissingInput before 1900, RuleViolated in the future (G-04)."""
    if day is None:
        return None
    if day < FIRST_DAY:
        raise MissingInput(_l("Enter a date after the year 1900."), rule="G-04", field=field)
    if day > today:
        raise RuleViolated(_l("The date lies in the future."), rule="G-04", field=field)
    return day


def check_months(months: int) -> int:
    """Months of a warranty; raises MissingInput unless they lie between 0 and 240."""
    if not 0 <= months <= 240:
        raise MissingInput(_l("A warranty has 0 to 240 months."), rule="E-06", field="warranty_months")
    return months
