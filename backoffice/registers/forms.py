"""The input page on which a prepared file is asked for."""

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, Required

from .models import FileFormat


@form_for("export_run.ask")
class AskForm(ActForm):
    """The kind of file; the list itself comes with the page's address, or with the form."""

    format = EnumField(_l("Format"), FileFormat, validators=[Required()])
    register = HiddenField()
    address = HiddenField()

    def prefill(self, docs: Any, by: Any) -> None:
        """The list out of the page's address."""
        if request.method == "GET":
            self.register.data = request.args.get("register", "")[:60]
            self.address.data = request.args.get("address", "")
            self.format.process_data(request.args.get("format") or FileFormat.CSV)
