"""The supervisor's way in: directory, port, password and ready pipe as one JSON object on standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ircopilot.domain.errors import ProblemError
from ircopilot.embedded.eventstore.serve import serve_eventstore


def main() -> None:
    """Serve until SIGTERM."""
    given = json.load(sys.stdin)
    try:
        serve_eventstore(Path(given["directory"]), given["port"], given["password"], ready_fd=given["ready_fd"])
    except ProblemError as error:
        sys.exit(f"{error.title}: {error.detail}")


if __name__ == "__main__":
    main()
