"""The input pages of the acts on saved filters."""

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField

from backoffice.core.permissions import Permission, Role
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, Required, TextLine

from .models import Visibility
from .rules import LONGEST_NAME
from .workflow.checks import reaches_all_branches


def may_show(by: Any) -> list[Visibility]:
    """To whom the person may show a filter; only to himself without the right to share."""
    if not by.can(Permission.FILTER_SHARE):
        return [Visibility.PRIVATE]
    return list(Visibility) if reaches_all_branches(by) else [Visibility.PRIVATE, Visibility.BRANCH]


@form_for("saved_filter.save")
class SaveForm(ActForm):
    """A name for the list at hand; the list itself comes with the form, or with the page's address."""

    name = TextLine(_l("Name"), LONGEST_NAME, [Required()])
    visibility = EnumField(_l("Seen by"), Visibility, default=Visibility.PRIVATE)
    is_default = BooleanField(_l("Open the list with it"))
    replace = BooleanField(_l("Replace my filter of this name"))
    register = HiddenField()
    address = HiddenField()

    def prefill(self, docs: Any, by: Any) -> None:
        """Only those whom the person may show it to; the list out of the page's address."""
        if not by.can(Permission.FILTER_SHARE):
            del self.visibility
        else:
            offered = {one.value for one in may_show(by)}
            self.visibility.choices = [one for one in self.visibility.choices if one.value in offered]
        if request.method == "GET":
            self.register.data = request.args.get("register", "")[:60]
            self.address.data = request.args.get("address", "")


@form_for("saved_filter.rename")
class RenameForm(ActForm):
    """Another name."""

    name = TextLine(_l("Name"), LONGEST_NAME, [Required()])

    def prefill(self, docs: Any, by: Any) -> None:
        """Begin with the name that it has."""
        if request.method == "GET":
            self.name.data = docs[0].name


@form_for("saved_filter.share")
class ShareForm(ActForm):
    """Who shall see it."""

    visibility = EnumField(_l("Seen by"), [Visibility.BRANCH, Visibility.COMPANY])

    def prefill(self, docs: Any, by: Any) -> None:
        """Only those whom the person may show it to."""
        offered = {one.value for one in may_show(by)}
        self.visibility.choices = [one for one in self.visibility.choices if one.value in offered]


@form_for("saved_filter.set_role")
class RoleForm(ActForm):
    """For which role the list opens with it."""

    role = EnumField(_l("Role"), Role)
