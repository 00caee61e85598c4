"""The parts of the documentation that are drawn from the code: state charts, acts, role matrix.

`flask handbook` writes them into README.md and docs/STATES.md; a test fails while they differ.
"""

from collections.abc import Iterable
from pathlib import Path

import config
from backoffice.core import acts
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.core.states import StateEnum

MATRIX = ("<!-- role matrix -->", "<!-- end of role matrix -->")
#: Short heads of the matrix: the roles by their abbreviations in the rules.
SHORT = {
    Role.ASSISTANT: "AA", Role.FINANCE: "FA", Role.TECHNICIAN: "TE", Role.SUPERVISOR: "SS", Role.MANAGER: "GM",
    Role.SALES: "SA", Role.ADMIN: "AD",
}  # fmt: skip


def role_matrix() -> str:
    """The grants as a Markdown table: one line per permission, one column per role."""
    lines = ["| Right | " + " | ".join(SHORT[role] for role in Role) + " |", "|---|" + ":-:|" * len(Role)]
    for permission in Permission:
        marks = ["●" if permission in GRANTS[role] else "" for role in Role]
        lines.append(f"| {permission.label} | " + " | ".join(marks) + " |")
    return "\n".join(lines)


def charted() -> list[type]:
    """The tables with a state chart, by their names: the order of imports is not always the same."""
    found = {model for act in acts.REGISTRY.values() for model, _old, _new in act.moves}
    return sorted(found, key=lambda model: model.__name__)


def _in_order() -> list[acts.Act]:
    """All acts as their buttons stand, those of one place by their keys: the order of imports differs."""
    return sorted(acts.REGISTRY.values(), key=lambda act: (act.order, act.key))


def chart(model: type) -> str:
    """The state chart of a table as a Mermaid diagram, drawn from the declarations of the acts."""
    lines = ["```mermaid", "stateDiagram-v2"]
    edges: dict[tuple[StateEnum, StateEnum], list[str]] = {}
    for act in _in_order():
        for owner, old, new in sorted(act.moves, key=lambda move: (move[1], move[2])):
            if owner is model:
                edges.setdefault((old, new), []).append(str(act.label))
    makers = [act for act in _in_order() if act.creates and act.model is model]
    lines += [f"    [*] --> {_initial(model).value}: {act.label}" for act in makers]
    lines += [f"    {old.value} --> {new.value}: {', '.join(labels)}" for (old, new), labels in edges.items()]
    lines += [f"    {state.value} --> [*]" for state in _states(model) if state.is_final]
    return "\n".join([*lines, "```"])


def _states(model: type) -> Iterable[StateEnum]:
    return model.__table__.c.state.type.enum_class  # type: ignore[attr-defined]


def _initial(model: type) -> StateEnum:
    return next(iter(_states(model)))


def act_table(model: type) -> str:
    """The acts on a table: label, rule, from which states, to which, by whom."""
    lines = ["| Act | Key | Rule | From | To | Who |", "|---|---|---|---|---|---|"]
    for act in _in_order():
        if act.model is not model:
            continue
        sources = ", ".join(str(state.label) for state in act.sources) or ("–" if act.creates else "any")
        target = str(act.target.label) if act.target is not None else "stays"
        who = ", ".join(SHORT[role] for role in Role if any(p in GRANTS[role] for p in act.permissions))
        lines.append(f"| {act.label} | `{act.key}` | {act.rule} | {sources} | {target} | {who} |")
    return "\n".join(lines)


def states_page() -> str:
    """The whole of docs/STATES.md."""
    parts = [
        "# States and acts",
        "Drawn from the declarations in the code by `flask handbook`; do not edit by hand. Roles: "
        + ", ".join(f"{short} {role.label}" for role, short in SHORT.items())
        + ". A deputy has the rights of the person he stands in for (P-6).",
    ]
    charts = charted()
    for model in charts:
        parts += [f"## {model.__name__}", chart(model), act_table(model)]
    parts.append("## Further acts")
    others = sorted({act.model for act in acts.REGISTRY.values()} - set(charts), key=lambda model: model.__name__)
    for model in others:
        parts += [f"### {model.__name__}", act_table(model)]
    return "\n\n".join(parts) + "\n"


def readme(text: str) -> str:
    """The README with the role matrix between its marks brought up to date."""
    before, _, rest = text.partition(MATRIX[0])
    _, _, after = rest.partition(MATRIX[1])
    return f"{before}{MATRIX[0]}\n{role_matrix()}\n{MATRIX[1]}{after}"


def write(root: Path = config.ROOT) -> None:
    """Bring README.md and docs/STATES.md up to date."""
    page = root / "README.md"
    page.write_text(readme(page.read_text(encoding="utf-8")), encoding="utf-8")
    (root / "docs" / "STATES.md").write_text(states_page(), encoding="utf-8")
