"""The child process that typesets: JSON on standard input, PDF on standard output. Nothing else of ours runs in it."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Compile `typst/report.typ`. The one argument is the document's date, in seconds since the epoch."""
    import typst

    pdf = typst.compile(
        str(HERE / "typst" / "report.typ"),
        root=str(HERE / "typst"),
        font_paths=[str(HERE / "fonts")],
        ignore_system_fonts=True,
        format="pdf",
        # Data, never source: the template reads it as JSON, so no text of the evidence is ever parsed as typst.
        sys_inputs={"data": sys.stdin.buffer.read().decode()},
        pdf_standards="a-2b",
        timestamp=int(sys.argv[1]),
    )
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
