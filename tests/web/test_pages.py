"""The web application: its own unit tests, and its pages in a real browser against the whole service on the sample.

Needs npm, `make web` and a Chromium; without one of them it says which, and is skipped. One file of the browser's tests
alone: `pytest tests/web -k accounts`. With `IRCOPILOT_SCREENS=FOLDER` what it calls a picture is written there.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from web.conftest import ask, browser_files


def test_logic(npm: str) -> None:
    ask(npm, "test", more={})


@pytest.mark.parametrize("name", browser_files())
def test_pages(name: str, npm: str, served: Callable[[str], dict[str, str]]) -> None:
    ask(npm, "e2e", f"e2e/{name}.e2e.ts", more=served(name))
