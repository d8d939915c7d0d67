"""Writes the table of docs/errors/README.md from the pages beside it: `python tools/write_error_index.py`."""

from __future__ import annotations

from pathlib import Path

PAGES = Path(__file__).resolve().parent.parent / "docs" / "errors"
HEAD = "| Name | Title |\n|---|---|\n"


def main() -> None:
    """Keep what stands above the table, make the table anew."""
    index = PAGES / "README.md"
    text = index.read_text(encoding="utf-8")
    before, _, table = text.partition(HEAD)
    _, gap, after = table.partition("\n\n")
    rows = "".join(
        f"| [{page.stem}]({page.name}) | {_title(page)} |\n" for page in sorted(PAGES.glob("*.md")) if page != index
    )
    index.write_text(before + HEAD + rows + (gap[1:] + after if gap else ""), encoding="utf-8")


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


if __name__ == "__main__":
    main()
