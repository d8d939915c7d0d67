"""The query language: `host:it01 AND process:*procdump* AND NOT user:SYSTEM`. Described in docs/search.md."""

from ircopilot.analysis.search.compile import compile_search
from ircopilot.analysis.search.marks import Marks, these_events
from ircopilot.analysis.search.parse import parse_search
from ircopilot.analysis.search.problem import InvalidSearch
from ircopilot.analysis.search.suggest import Suggestion, suggest

__all__ = ["InvalidSearch", "Marks", "Suggestion", "compile_search", "parse_search", "suggest", "these_events"]
