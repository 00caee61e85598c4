"""The pages of the ladder, the book of jobs, the outbox and the chat robots."""

from backoffice.watch import forms as _forms  # noqa: F401 - declares the input pages

from .book import JobRunView, JobsView
from .ladder import LadderStepView, WatchMarkView
from .outbox import ChatRobotView, OutboxMessageView

VIEWS = [JobsView, JobRunView, OutboxMessageView, ChatRobotView, LadderStepView, WatchMarkView]
