"""Tables: saved filters, and what a person has chosen about them."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core.db import Document, db, enum_type, pii
from backoffice.core.permissions import Role
from backoffice.core.states import LabelledEnum
from backoffice.organisation.models import Branch, User

from .rules import LONGEST_ADDRESS, LONGEST_NAME


class Visibility(LabelledEnum):
    """Who sees a saved filter."""

    PRIVATE = "private", _l("Only the owner")
    BRANCH = "branch", _l("The branch")
    COMPANY = "company", _l("All branches")


class SavedFilter(Document, db.Model):
    """The address of a list under a name. Its branch is that in which it was saved or shared."""

    __tablename__ = "saved_filter"
    __shown__ = ("name", "visibility")
    __table_args__ = (
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("default_role IS NULL OR visibility <> 'private'", name="role_default_is_shared"),
        CheckConstraint("default_role IS NULL OR is_active", name="role_default_is_active"),
        Index("uq_saved_filter_name", "owner_id", "register", "name", unique=True, sqlite_where=text("is_active"),
              postgresql_where=text("is_active")),
        Index("uq_saved_filter_branch_default", "register", "branch_id", "default_role", unique=True,
              sqlite_where=text("visibility = 'branch' AND default_role IS NOT NULL"),
              postgresql_where=text("visibility = 'branch' AND default_role IS NOT NULL")),
        Index("uq_saved_filter_company_default", "register", "default_role", unique=True,
              sqlite_where=text("visibility = 'company' AND default_role IS NOT NULL"),
              postgresql_where=text("visibility = 'company' AND default_role IS NOT NULL")),
        Index("ix_saved_filter_register", "register", "visibility"),
    )  # fmt: skip

    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"), index=True)
    #: the endpoint of the list's view
    register: Mapped[str] = mapped_column(String(60))
    #: a private name may be a customer's; it is masked where others look
    name: Mapped[str] = mapped_column(String(LONGEST_NAME), info=pii("name"))
    #: the list's parameters as an address holds them; the trail leaves out what was typed
    address: Mapped[str] = mapped_column(String(LONGEST_ADDRESS), default="", info={"derived": True})
    visibility: Mapped[Visibility] = mapped_column(enum_type(Visibility), default=Visibility.PRIVATE)
    default_role: Mapped[Role | None] = mapped_column(enum_type(Role))
    is_active: Mapped[bool] = mapped_column(default=True)

    owner: Mapped[User] = relationship(foreign_keys=owner_id)
    branch: Mapped[Branch] = relationship()
    choices: Mapped[list["SavedFilterChoice"]] = relationship(back_populates="saved_filter")

    def masks(self, field: str) -> bool:
        """A private name is masked in the trail (X-20)."""
        return self.visibility is Visibility.PRIVATE

    @property
    def is_shared(self) -> bool:
        """Whether others see it."""
        return self.visibility is not Visibility.PRIVATE

    def __str__(self) -> str:
        return self.name


class SavedFilterChoice(db.Model):
    """What one person has chosen about a filter: not shown above the list, or the list opens with it."""

    __tablename__ = "saved_filter_choice"
    __audited__ = False  # the act is audited with its filter
    __table_args__ = (
        UniqueConstraint("user_id", "saved_filter_id", name="uq_saved_filter_choice"),
        Index("uq_saved_filter_choice_default", "user_id", "register", unique=True, sqlite_where=text("is_default"),
              postgresql_where=text("is_default")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="RESTRICT"))
    saved_filter_id: Mapped[int] = mapped_column(ForeignKey("saved_filter.id", ondelete="RESTRICT"), index=True)
    #: the filter's register, so that the database keeps one default per person and list
    register: Mapped[str] = mapped_column(String(60))
    is_pinned: Mapped[bool] = mapped_column(default=True)
    is_default: Mapped[bool] = mapped_column(default=False)

    saved_filter: Mapped[SavedFilter] = relationship(back_populates="choices")
