"""What the registers of their own have in common: a list in the columns of its rule, whose rows open the record."""

from typing import Any

from flask import redirect
from flask import request as asked
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from backoffice.core.acts import Act
from backoffice.core.permissions import Actor
from backoffice.organisation.models import Branch
from backoffice.ui import registry
from backoffice.ui.filters import RelationFilter
from backoffice.ui.views import BaseView


class RegisterView(BaseView):
    """A register: nothing is done in it, and the page of a row is that of its record."""

    #: rule of the register
    rule = ""
    list_template = "registers/list.html"
    icon = "list"

    def acts(self) -> list[Act]:
        """None: they are on the record."""
        return []

    @expose("/details/")
    def details_view(self) -> Any:
        """The record's own page."""
        doc = self.one_or_404(asked.args.get("id"))
        return redirect(registry.link_to(doc, doc.id) or self.list_url())

    def may_unmask(self, doc: Any, by: Actor) -> bool:
        """It is done on the record."""
        return False


def of_branch(model: Any) -> RelationFilter:
    """The filter by branch, for those who see several."""
    return RelationFilter("branch", _l("Branch"), model.branch_id, Branch, "branch")
