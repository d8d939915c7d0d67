"""The nouns of the API, in the order in which the documentation shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tag:
    """A noun, and what it is."""

    name: str
    about: str

    def described(self) -> dict[str, str]:
        """As OpenAPI writes it."""
        return {"name": self.name, "description": self.about}


TAGS: tuple[Tag, ...] = (
    Tag("sign-in", "Accounts, sessions, second factors and single sign-on."),
    Tag("me", "The caller: profile, sessions, passkeys."),
    Tag("organisations", "The caller's organisation, its members, invitations, API keys and service accounts."),
    Tag("roles", "What each role may do in the organisation."),
    Tag("audit", "Who did what, append-only and hash-chained."),
    Tag("incidents", "Incidents: opened, described, restricted, merged, closed."),
    Tag("evidence", "What was handed in: files, alerts, actions; artifacts with their custody and records."),
    Tag("events", "The timeline: search, pages, histograms, value counts, pins and tags."),
    Tag("findings", "What the analysis found: entities, detections, indicators, anomalies, techniques."),
    Tag("reports", "The report's versions and claims, from draft to published."),
    Tag("exports", "Documents made of a report: PDF, Markdown, JSON, CSV."),
    Tag("comments", "Threads anchored to anything, with mentions."),
    Tag("actions", "Tasks with owner, due date, state and order."),
    Tag("playbooks", "Templates of actions, with versions, applied to incidents."),
    Tag("filters", "Saved filters of lists and timelines."),
    Tag("runs", "Runs over an incident's evidence: start, watch, cancel, retry."),
    Tag("outputs", "The files that runs made."),
    Tag("rules", "Sigma rule sets that runs use."),
    Tag("jobs", "Jobs that were given up, and driving them again."),
    Tag("health", "Whether the process lives and can serve; public."),
)
