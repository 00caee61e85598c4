"""What a job costs, on plain values: the lines of its fee from labour, travel, visits and parts (W-5.2)."""

from flask_babel import lazy_gettext as _l

from backoffice.core.states import LabelledEnum


class FeeKind(LabelledEnum):
    """What a line of a fee is for (E-10)."""

    LABOUR = "labour", _l("Labour")
    TRAVEL = "travel", _l("Travel")
    VISIT = "visit", _l("Visit under the contract")
    PART = "part", _l("Part")
    OTHER = "other", _l("Other")
    DISCOUNT = "discount", _l("Discount")


class TaxNature(LabelledEnum):
    """What a line is for the tax office; it decides the rate (X-01, X-02)."""

    PARTS = "parts", _l("Parts")
    REPAIR = "repair", _l("Repair")
    MAINTENANCE = "maintenance", _l("Maintenance")
    INSTALLATION = "installation", _l("Installation")
    OTHER = "other", _l("Other service")
