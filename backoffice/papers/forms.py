"""Input pages of the acts on paper, and the look-ups of holders and blocks."""

from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from wtforms import BooleanField

from backoffice.core.permissions import Actor, Permission, Role
from backoffice.organisation.models import User
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, LookupField, TextBlock, TextLine
from backoffice.ui.lookups import like, lookup

from . import queries
from .models import PaperBlock, PaperKind, SheetState

#: As typed, with blanks and dashes.
_TYPED = 60


@lookup("paper_holders", model=User, permission=Permission.PAPER_HAND_OUT)
def paper_holders(term: str, by: Actor) -> Select[Any]:
    """Active people of the branch, by name or user name."""
    words = like(term)
    named = or_(User.real_name.ilike(words, escape="\\"), User.username.ilike(words, escape="\\"))
    here = select(User).where(User.is_active, User.branch_id == by.branch_id, User.role != Role.ADMIN)
    return here.where(named).order_by(User.real_name, User.id)


@lookup("paper_blocks", model=PaperBlock, permission=(Permission.PAPER_READ, Permission.PAPER_READ_OWN))
def paper_blocks(term: str, by: Actor) -> Select[Any]:
    """Blocks by the beginning of their first number, the latest first."""
    found = PaperBlock.number.ilike(like(term), escape="\\")
    return select(PaperBlock).where(found).order_by(PaperBlock.handed_out_at.desc(), PaperBlock.id.desc())


@form_for("paper.hand_out")
class HandOutForm(ActForm):
    """What is printed on the pad, and who gets it."""

    event_time = True

    kind = EnumField(_l("Paper"), PaperKind, empty_label="")
    first = TextLine(_l("First number"), _TYPED, description=_l("As printed on the first sheet of the pad"))
    last = TextLine(_l("Last number"), _TYPED, description=_l("As printed on the last sheet; at most 500 sheets"))
    holder = LookupField(_l("Handed to"), lookup="paper_holders")


@form_for("paper.hand_over")
class HandOverForm(ActForm):
    """Who gets the blank sheets."""

    event_time = True

    holder = LookupField(_l("Handed to"), lookup="paper_holders")


@form_for("paper.take_back")
class TakeBackForm(ActForm):
    """Which blank sheets are there."""

    event_time = True

    present_from = TextLine(_l("First blank sheet that is there"), _TYPED)
    none_there = BooleanField(_l("No blank sheet is there"))

    def prefill(self, docs: list[PaperBlock], by: Actor) -> None:
        """Say which one it should be; it is to be looked up on the pad."""
        if len(docs) == 1 and (number := queries.first_in_state(docs[0], SheetState.BLANK)):
            self.present_from.description = gettext(
                "By the records it is %(number)s. Blank sheets before the one entered count as missing.", number=number
            )


class _SheetsForm(ActForm):
    event_time = True

    first = TextLine(_l("Number of the sheet"), _TYPED)
    last = TextLine(_l("Up to number"), _TYPED, description=_l("Only for several sheets in a row"))


@form_for("paper.spoil")
class SpoilForm(_SheetsForm):
    """Which sheets, and how they were spoiled."""

    reason = TextBlock(_l("How it was spoiled"), max=300)


@form_for("paper.declare_lost")
class DeclareLostForm(_SheetsForm):
    """Which sheets, and what is known."""

    reason = TextBlock(_l("What is known about the loss"), max=300)

    def prefill(self, docs: list[PaperBlock], by: Actor) -> None:
        """Begin with the first missing sheet."""
        if request.method == "GET" and len(docs) == 1 and docs[0].missing:
            self.first.data = queries.first_in_state(docs[0], SheetState.MISSING)
