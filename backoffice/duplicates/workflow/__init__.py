"""The acts on customers that may be the same."""

from . import watch as _watch  # noqa: F401 - watches every flush
from .apart import tell_apart
from .merging import approve, decline
from .preview import Preview, preview
from .proposing import propose

__all__ = ["Preview", "approve", "decline", "preview", "propose", "tell_apart"]
