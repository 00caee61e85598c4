"""The page of all registers: each with what it shows, its lists, and their files."""

from typing import Any

from flask import render_template
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from backoffice.core.permissions import Actor
from backoffice.ui import registry
from backoffice.ui.guards import PageView, actor
from backoffice.ui.registers import REGISTERS, Entry, Register
from backoffice.ui.views import NavGroup

from . import declared as _declared  # noqa: F401 - declares the registers


def open_registers(by: Actor) -> list[tuple[Register, list[tuple[Any, Entry]]]]:
    """The registers that the person may open, by rule, each with its lists: (what it is called, the entry)."""
    found = []
    for rule in sorted(REGISTERS):
        register = REGISTERS[rule]
        lists = [(one.label or view.name, one) for one in register.entries if (view := one.opens_for(by)) is not None]
        if lists:
            found.append((register, lists))
    return found


class RegistersView(PageView):
    """All registers in one place."""

    endpoint = "registers"
    url = "/registers"
    name = _l("Registers")
    group = NavGroup.HOME
    order = 60
    icon = "list"

    @staticmethod
    def read(view: Any, by: Actor) -> bool:
        """Whoever may open one of them."""
        return bool(open_registers(by))

    @expose("/")
    def index_view(self) -> Any:
        """The page."""
        by = actor()
        files = registry.view_at("exports")
        return render_template(
            "registers/index.html", view=self, admin_view=self, registers=open_registers(by), by=by,
            files=files if files is not None and files.is_accessible() else None,
        )  # fmt: skip
