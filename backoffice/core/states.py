"""Enums with labels, and states with a chart that the flush enforces."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Self

from .errors import Text


class LabelledEnum(StrEnum):
    """An enum stored by its readable value and shown by its translatable label: `NAME = "value", _l("Label")`."""

    label: Text

    def __new__(cls, value: str, label: Text = "", *extra: Any) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value
        return member


class StateEnum(LabelledEnum):
    """A document's state: value, label, tone (neutral, info, good, warn, bad), whether it is final."""

    tone: str
    is_final: bool

    def __new__(cls, value: str, label: Text = "", tone: str = "neutral", is_final: bool = False) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value
        member.tone = tone
        member.is_final = is_final
        return member


Move = tuple[type, StateEnum, StateEnum]


def moves(model: type, sources: Iterable[StateEnum], target: StateEnum | None) -> frozenset[Move]:
    """The (model, old, new) triples of an act; a state that stays is no move."""
    return frozenset((model, source, target) for source in sources if target is not None and source is not target)
