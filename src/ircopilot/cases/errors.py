"""What can go wrong with the work on an incident."""

from __future__ import annotations

from ircopilot.domain.errors import ProblemError


class IncidentExists(ProblemError):
    """An incident of that key is another one."""

    type = "incident-exists"
    status = 409
    title = "There is an incident of that key"


class IncidentMerged(ProblemError):
    """The incident goes on as another one."""

    type = "incident-merged"
    status = 409
    title = "The incident was merged into another"


class WrongState(ProblemError):
    """The incident, or what belongs to it, is not in a state in which that can be done."""

    type = "wrong-state"
    status = 409
    title = "That cannot be done in this state"


class UnknownMember(ProblemError):
    """A person or key that is named is not known in the organisation."""

    type = "unknown-member"
    status = 422
    title = "There is no such member"


class TimesOutOfOrder(ProblemError):
    """The times of an incident contradict each other."""

    type = "times-out-of-order"
    status = 422
    title = "The incident's times are out of order"


class UnknownComment(ProblemError):
    """No comment of that id on the incident."""

    type = "unknown-comment"
    status = 404
    title = "There is no such comment"


class UnknownAnchor(ProblemError):
    """What a comment is to be anchored to does not belong to the incident."""

    type = "unknown-anchor"
    status = 422
    title = "There is nothing there to comment on"


class UnknownAction(ProblemError):
    """No action of that id on the incident."""

    type = "unknown-action"
    status = 404
    title = "There is no such action"


class UnknownPlaybook(ProblemError):
    """No playbook of that id, or not in that version."""

    type = "unknown-playbook"
    status = 404
    title = "There is no such playbook"


class BuiltInPlaybook(ProblemError):
    """A playbook that comes with the program is not changed."""

    type = "built-in-playbook"
    status = 409
    title = "The playbook is built in"


class UnknownFilter(ProblemError):
    """No saved filter of that id that the caller may see."""

    type = "unknown-filter"
    status = 404
    title = "There is no such saved filter"


class FilterExists(ProblemError):
    """The caller has a saved filter of that name."""

    type = "filter-exists"
    status = 409
    title = "There is a saved filter of that name"
