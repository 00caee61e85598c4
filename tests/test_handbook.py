"""The documentation that is drawn from the code equals the code, and every rule that is cited leads somewhere."""

import re

import config
from backoffice import handbook
from backoffice.core import acts
from backoffice.factory import load_features

load_features()


def test_readme_has_the_grants_of_the_code() -> None:
    """P-3: the README's matrix is generated from the grants."""
    text = (config.ROOT / "README.md").read_text(encoding="utf-8")
    assert handbook.readme(text) == text, "run: flask handbook"


def test_states_page_has_the_charts_of_the_code() -> None:
    """docs/STATES.md is drawn from the acts."""
    text = (config.ROOT / "docs" / "STATES.md").read_text(encoding="utf-8")
    assert handbook.states_page() == text, "run: flask handbook"


def test_every_rule_that_an_act_cites_is_explained() -> None:
    """An ID shown to a person leads to docs/RULES.md."""
    rules = (config.ROOT / "docs" / "RULES.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"\*\*([A-Z]{1,2}-[\w.]+)\*\*", rules))
    cited = {act.rule for act in acts.REGISTRY.values()}
    source = "".join(path.read_text(encoding="utf-8") for path in (config.ROOT / "backoffice").rglob("*.py"))
    cited |= set(re.findall(r'rule="([^"]+)"', source))
    cited = {rule for rule in cited if re.fullmatch(r"[A-Z]{1,2}-[\w.]+", rule)}
    assert cited - explained == set()


def test_every_id_that_a_test_or_a_docstring_cites_is_explained() -> None:
    """A newcomer who reads an ID finds it in docs/RULES.md or docs/SECURITY.md."""
    docs = "".join((config.ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("RULES.md", "SECURITY.md"))
    explained = set(re.findall(r"\*\*([A-Z]{1,2}-?[\w.]*\d)\*\*", docs))
    cited: set[str] = set()
    for folder in ("backoffice", "tests"):
        for path in (config.ROOT / folder).rglob("*.py"):
            for text in re.findall(r'"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL):
                cited |= set(re.findall(r"\b((?:TL|[SGEWPXCN])-\d+(?:\.\d+)*)\b", text))
    assert sorted(cited - explained) == []
