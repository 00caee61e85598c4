"""Input pages of the acts on receipts, register lines and legs."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select

from backoffice.core import searching
from backoffice.core.permissions import Actor, Permission
from backoffice.ui import remarks
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import OneUploadField, TextBlock, TextLine
from backoffice.ui.lookups import lookup

from .models import GoodsEntry, GoodsReceipt


@lookup("goods_receipts", model=GoodsReceipt, permission=Permission.GOODS_READ)
def find_receipts(term: str, by: Actor) -> Select[Any]:
    """Receipts by number, serial number, model or customer, the newest first."""
    query = select(GoodsReceipt).order_by(GoodsReceipt.id.desc())
    return query.where(searching.matches(GoodsReceipt, term, by)) if term else query


@lookup("goods_entries", model=GoodsEntry, permission=Permission.GOODS_READ)
def find_entries(term: str, by: Actor) -> Select[Any]:
    """Lines of the goods register, likewise."""
    query = select(GoodsEntry).order_by(GoodsEntry.id.desc())
    return query.where(searching.matches(GoodsEntry, term, by)) if term else query


@form_for("receipt.declare_lost")
class DeclareLostForm(ActForm):
    """What the customer says, and his signed statement."""

    event_time = True

    reason = TextBlock(_l("How it was lost"), max=300)
    statement = OneUploadField(_l("The customer's signed statement"), description=_l("Photo or scan"))


@form_for("leg.correct")
class CorrectLegForm(ActForm):
    """Who carries it."""

    carrier = TextLine(_l("Carrier"), max=60)
    tracking_no = TextLine(_l("Tracking number"), max=60)


remarks.forms_for("receipt")
remarks.forms_for("goods")
