"""Our own detectors for servers: a shell under a program that answers requests, and requests that carry an attack.

Sigma says the first for records that name the parent's program; the audit log names the parent by its id alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ircopilot.analysis.query import Query, Row, rows
from ircopilot.analysis.story import names
from ircopilot.analysis.story.processes import ProcessTable, serves
from ircopilot.domain.findings import Detection

_WEB = "source IN ('web.access', 'zeek.http')"
_TEXT = "lower(concat(message, ' ', url_full, ' ', user_agent_original))"
# Linear patterns over the request as it was logged, lower case, percent signs as they came.
_REQUESTS = (
    ("ircopilot-web-jndi", "Lookup of a remote name put into a request (JNDI)", "high", ("T1190",),
     r"(\$|%24)(\{|%7b)(jndi|(\$|%24)(\{|%7b)(lower|upper|env|sys|date|::-|:))"),
    ("ircopilot-web-command", "Command handed to a script on a web server", "medium", ("T1505.003",),
     r"\.(php\d?|phtml|jsp|jspx|asp|aspx|cfm|cgi)\?(cmd|command|exec|execute|shell|c|x|run)="),
    ("ircopilot-web-injection", "Shell command put into a request", "medium", ("T1190",),
     r"(;|\||`|%3b|%7c|%60|\$\()\s*(%20|\+)*(/bin/(ba)?sh|wget|curl|nc|bash)(%20|\+|\s)"),
    ("ircopilot-web-traversal", "Path out of the web root asked for", "medium", ("T1190",),
     r"(\.\./|\.\.%2f|%2e%2e%2f|%2e%2e/){2,}"),
)  # fmt: skip


@dataclass(slots=True)
class OwnFindings:
    """Detections of ours, with all events that each matched and their rows."""

    detections: list[Detection] = field(default_factory=list)
    matched: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, rule: str, title: str, level: str, techniques: tuple[str, ...], found: list[Row]) -> None:
        """Enter a detection with the rows it rests on; without rows there is none."""
        if not found:
            return
        ids = [r["event_id"] for r in found]
        document = {"rule_id": rule, "title": title, "level": level, "techniques": techniques, "evidence": ids[:8], "count": len(ids),
                    "source": "detector"}  # fmt: skip
        self.detections.append(Detection.model_validate(document))
        self.matched[rule] = ids
        self.rows |= {r["event_id"]: r for r in found}


def detect_served(query: Query, table: ProcessTable) -> OwnFindings:
    """Both kinds of detection over all events."""
    own = OwnFindings()
    techniques = ("T1190", "T1059.004")
    own.add("ircopilot-served-shell", "Web or application server started a shell", "high", techniques, _shells(table))
    for rule, title, level, shown, pattern in _REQUESTS:
        found = rows(query, f"{_WEB} AND match({_TEXT}, {{pattern:String}})", {"pattern": pattern}, 2000)
        own.add(rule, title, level, shown, found)
    return own


def _shells(table: ProcessTable) -> list[Row]:
    found = []
    for process in table.by_key.values():
        parent = table.parent_of(process)
        if parent is None or process.parent_executable or process.name not in names.SHELLS:
            continue
        if serves(parent) and not names.ROUTINE_SERVED.search(process.command_line):
            found += [r for r in process.start_rows if r["source"] == "linux.auditd"][:1]
    return sorted(found, key=lambda r: (r["time"], r["event_id"]))


def merged(matched: Mapping[str, list[str]], own: OwnFindings) -> dict[str, list[str]]:
    """Matches of rules and of our detectors together."""
    return {**matched, **own.matched}
