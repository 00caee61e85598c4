"""The acts on what a job costs; what the features above join in on."""

from .settling import CHARGED

__all__ = ["CHARGED"]
