"""Form fields: what a person typed is kept when it is wrong, and checked before anything is written.

A field that was not sent at all keeps what the record holds; one that was sent empty is emptied.
"""

from .choice import EnumField, LookupField, SelectMultipleCheckboxField
from .text import PhoneField, Required, TextBlock, TextLine, check_text
from .typed import (
    FIRST_YEAR,
    LAST_YEAR,
    ClockTimeField,
    LocalDateField,
    LocalDateTimeField,
    MoneyField,
    PercentField,
    QuantityField,
    SeenAmountField,
    WholeNumberField,
)  # fmt: skip
from .uploads import OneUploadField, SignatureField, UploadField

__all__ = [
    "FIRST_YEAR", "LAST_YEAR", "ClockTimeField", "EnumField", "LocalDateField", "LocalDateTimeField", "LookupField",
    "MoneyField", "OneUploadField", "PercentField", "PhoneField", "QuantityField", "Required", "SeenAmountField",
    "SelectMultipleCheckboxField", "SignatureField",
    "TextBlock", "TextLine", "UploadField", "WholeNumberField", "check_text",
]  # fmt: skip
