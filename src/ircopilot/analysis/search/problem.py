"""What is wrong with a search, and at which character."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError

SHOWN = 60


class InvalidSearch(ProblemError):
    """A search that cannot be read. `at` is the offset in characters (from 0), `expected` what could stand there."""

    type = "invalid-search"
    status = 400
    title = "The search cannot be read"
    exit_code = 2

    def __init__(self, text: str, at: int, found: str, *expected: str) -> None:
        self.at, self.expected = at, expected
        wanted = f"; expected {_listed(expected)}" if expected else ""
        super().__init__(f"at character {at + 1}: {found}{wanted}", "see docs/search.md for the language")
        begin = max(0, at - SHOWN // 2)
        self.pointer = text[begin : begin + SHOWN].replace("\n", " ") + "\n" + " " * (at - begin) + "^"

    def members(self) -> dict[str, object]:
        """`position`: the character, from 0; `expected`: what could stand there; `pointer`: two lines to be shown."""
        return {"position": self.at, "expected": list(self.expected), "pointer": self.pointer}


def _listed(words: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
