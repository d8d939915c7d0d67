"""Each kind of error has its page under docs/errors, and each page is of an error that exists."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import ircopilot
from ircopilot.domain.errors import ProblemError

PAGES = Path(__file__).parents[2] / "docs" / "errors"


def _all_errors() -> dict[str, type[ProblemError]]:
    for module in pkgutil.walk_packages(ircopilot.__path__, "ircopilot."):
        if ".migrations." not in module.name:  # those are run by Alembic, not imported
            importlib.import_module(module.name)
    kinds, left = {}, [ProblemError]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if kind.__module__.startswith("ircopilot."):
            kinds[kind.type] = kind
    return kinds


ERRORS = _all_errors()


def test_every_error_has_its_page_and_every_page_its_error() -> None:
    assert {p.stem for p in PAGES.glob("*.md")} - {"README"} == set(ERRORS)


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_a_page_says_title_status_reason_and_remedy(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {ERRORS[name].title}\n")
    assert f"`{name}`, status {ERRORS[name].status}" in page
    assert all(f"**{part}.** " in page for part in ("Why", "What to do"))
    assert f"[{name}]({name}.md) | {ERRORS[name].title} |" in (PAGES / "README.md").read_text(encoding="utf-8")


def test_links_between_pages_of_the_documentation_lead_somewhere() -> None:
    root = PAGES.parents[1]
    broken = [
        f"{page.relative_to(root)}: {link}"
        for page in (*root.glob("*.md"), *(root / "docs").rglob("*.md"))
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []
