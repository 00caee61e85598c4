"""The register of saved filters, and their place above every list."""

from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from backoffice.core.permissions import Actor, Permission
from backoffice.ui import formatters, listing, registry
from backoffice.ui import saved as kit
from backoffice.ui.filters import ChoiceFilter, TextFilter
from backoffice.ui.views import DocumentView, Section

from . import forms as _forms  # noqa: F401 - declares the input pages
from . import queries, rules
from .models import SavedFilter
from .workflow import checks


def shape_of(register: str) -> rules.Shape | None:
    """What the address of the list with this endpoint may hold; None for no list."""
    view = registry.view_at(register)
    if view is None or not hasattr(view, "list_filters"):
        return None
    texts = {one.name for one in view.list_filters if isinstance(one, TextFilter) and one.whole}
    return rules.Shape(
        params=tuple(param for one in view.list_filters for param in one.params),
        sorts=frozenset(view.column_sortable_list),
        searches=bool(view.column_searchable_list),
        personal_search=any(_is_personal(view.model, name) for name in view.column_searchable_list),
        personal=frozenset(texts),
    )


def _is_personal(model: Any, path: str) -> bool:
    head, _, name = path.rpartition(".")
    owner = getattr(model, head).property.mapper.class_ if head else model
    return name.endswith("_digits") or name in formatters.pii_fields(owner)


class Source:
    """What the kit asks for; see `backoffice.ui.saved.Source`."""

    endpoint = "saved_filters"
    select = staticmethod(queries.of_list)
    read = staticmethod(queries.read)
    canonical = staticmethod(rules.canonical)


checks.shape_of = shape_of
kit.source = Source()


def _list_name(register: str) -> Any:
    view = registry.view_at(register)
    return view.name if view is not None else register


def _list_cell(view: Any, context: Any, kept: SavedFilter, name: str) -> Any:
    """The list's name, linked to the list as it is kept where the person may open it."""
    owner = registry.view_at(kept.register)
    if owner is None or not owner.is_accessible():
        return _list_name(kept.register)
    return Markup('<span><a href="{}">{}</a></span>').format(_address(kept), owner.name)


def _address(kept: SavedFilter) -> str:
    return url_for(f"{kept.register}.index_view") + kit.address(rules.pairs_of(kept.address))


def _lists() -> list[tuple[str, Any]]:
    return [(view.endpoint, view.name) for view in registry.views() if hasattr(view, "list_filters")]


def _in_words(view: Any, address: str, by: Actor) -> str:
    """The filters, the search and the order of an address, as the list of `view` shows them."""
    pairs = rules.pairs_of(address)
    asked = listing.read_params(view, MultiDict(pairs or kit.WHOLE))
    words = [chip.words for chip in listing.chips(view, asked, [], by)]
    if asked.search:
        words.append(formatters.labelled(gettext("Search"), asked.search))
    if asked.sort:
        order = f"{view.label(asked.sort)} {'↓' if asked.desc else '↑'}"
        words.append(formatters.labelled(gettext("Sorted by"), order))
    plain = [word.unescape() if isinstance(word, Markup) else word for word in words]
    return formatters.listed(plain) if plain else gettext("Everything")


class SavedFilterView(DocumentView):
    """One's own saved filters and the shared ones; a new one is saved on its list."""

    model = SavedFilter
    endpoint = "saved_filters"
    url = "/saved-filters/"
    name = _l("Saved filters")
    name_one = _l("Saved filter")
    icon = "filter"
    read = Permission.FILTER_SAVE
    create_act = "saved_filter.save"
    list_template = "saved/list.html"
    form_template = "saved/form.html"

    column_list = ("name", "register", "visibility", "owner", "default_role")
    column_labels = {
        "register": _l("List"), "visibility": _l("Seen by"), "owner": _l("Saved by"),
        "default_role": _l("Opens for the role"), "choices": _l("For yourself"), "sets": _l("What it shows"),
    }  # fmt: skip
    column_filters = (
        ChoiceFilter("register", _l("List"), _lists, lambda values, by: SavedFilter.register.in_(values)),
        "visibility",
    )
    column_sortable_list = ("register",)
    column_default_sort = "register"
    column_formatters = {"register": _list_cell}
    column_formatters_detail = {
        "register": _list_cell,
        "choices": lambda view, context, kept, name: view.own_choice(kept),
        "sets": lambda view, context, kept, name: view.in_words(kept),
    }
    list_needs = ("address",)
    sections = (
        Section(_l("Saved filter"), ("name", "register", "sets")),
        Section(_l("Who uses it"), ("owner", "visibility", "branch", "default_role", "choices")),
    )
    empty_text = _l("Set filters in a list, then save the list there under a name.")

    def masks(self, row: SavedFilter, field: str) -> bool:
        """Whoever may see the filter reads its name."""
        return False

    def own_choice(self, kept: SavedFilter) -> str:
        """What the person at the desk has chosen about it."""
        choice = queries.choice_of(kept, self._by())
        words = [_l("above the list") if choice is None or choice.is_pinned else _l("in the menu only")]
        if choice is not None and choice.is_default:
            words.append(_l("your list opens with it"))
        return formatters.listed(words)

    def in_words(self, kept: SavedFilter) -> Any:
        """Its filters as the list shows them; nothing for a list that the person may not open."""
        owner = registry.view_at(kept.register)
        if owner is None or not owner.is_accessible():
            return ""
        return _in_words(owner, kept.address, self._by())

    def preview(self, form: Any) -> str:
        """Which list is about to be saved, in words; "" for none that the person may open."""
        owner = registry.view_at(form.register.data or "")
        if checks.shape_of(form.register.data or "") is None or not owner.is_accessible():
            return ""
        return formatters.labelled(owner.name, _in_words(owner, form.address.data or "", self._by()))

    def after(self, result: Any) -> str:
        """A saved list is shown again, now as the saved one."""
        return _address(result) if isinstance(result, SavedFilter) else super().after(result)

    def _after_act(self, result: Any, doc: SavedFilter) -> str:
        return self.url_of(doc) if doc.is_active else self.list_url()

    def _form_page(self, form: Any, heading: Any, act: Any, *, cancel: str, **more: Any) -> Any:
        if act is not None and act.creates and checks.shape_of(form.register.data or "") is not None:
            owner = registry.view_at(form.register.data)
            cancel = owner.list_url() + kit.address(rules.pairs_of(form.address.data or ""))
        return super()._form_page(form, heading, act, cancel=cancel, **more)

    def may_unmask(self, doc: SavedFilter, by: Actor) -> bool:
        """Nothing of it is masked on its page."""
        return False


VIEWS = [SavedFilterView]
