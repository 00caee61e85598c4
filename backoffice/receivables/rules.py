"""Rules of dues and payments on plain values."""

from flask_babel import lazy_gettext as _l

from backoffice.core.states import LabelledEnum


class DueSource(LabelledEnum):
    """For what something is due (E-15)."""

    JOB = "job", _l("Job")
    CONTRACT = "contract", _l("Contract period")
    SALE = "sale", _l("Parts sale")


class PaymentMethod(LabelledEnum):
    """How it was paid (E-15)."""

    CASH = "cash", _l("Cash")
    WECHAT = "wechat", _l("WeChat Pay")
    ALIPAY = "alipay", _l("Alipay")
    TRANSFER = "transfer", _l("Bank transfer")
    CHEQUE = "cheque", _l("Cheque")
