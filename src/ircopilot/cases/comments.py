"""Comments: threads on anything of an incident. Their text is Markdown as it was written; nothing here renders it."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import Forbidden
from ircopilot.cases.errors import UnknownAnchor, UnknownComment, UnknownMember, WrongState
from ircopilot.cases.fields import check_version
from ircopilot.cases.find import open_incident
from ircopilot.cases.members import members_named
from ircopilot.domain.incident import Case
from ircopilot.domain.work import AnchorType, Comment
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import comments as rows
from ircopilot.stores.postgres.actions import find_action
from ircopilot.stores.postgres.feed import tell_feed

# An address, or an id: what merely begins with an at sign (a decorator, a handle) is no mention.
_MENTION = re.compile(
    r"(?<![\w@.+-])@([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
    r"|[0-9a-f]{16}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])"
)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


def mentions_in(body: str) -> list[tuple[str, int]]:
    """Who is mentioned (`@` and an e-mail address or an id), and where each begins. What stands in code is no mention."""
    plain = _CODE.sub(lambda found: " " * len(found[0]), body)
    return [(found[1].rstrip("."), found.start()) for found in _MENTION.finditer(plain)]


def add_comment(
    tx: Tx, caller: Caller, key: str, body: str, anchor: tuple[AnchorType, str | None], reply_to: str | None
) -> Comment:
    """Say something of an anchor (type, id), or in the thread of another comment.

    Raises `UnknownAnchor`, `UnknownComment`, `UnknownMember` for a mention.
    """
    case = open_incident(tx, caller, key)
    mentions = _known_mentions(tx, body)
    comment_id = str(uuid.uuid4())
    if reply_to is None:
        thread_id, (type_, id_) = comment_id, (anchor[0], _checked_anchor(tx, case, *anchor))
    else:
        answered = seen_comment(tx, case, reply_to)
        thread_id, type_, id_ = answered.thread_id, answered.anchor_type, answered.anchor_id
    values = {
        "comment_id": comment_id, "incident_id": case.incident_id, "thread_id": thread_id, "anchor_type": type_,
        "anchor_id": id_, "body": body, "mentions": mentions, "author": caller.principal_id,
        "author_name": caller.name, "created_at": datetime.now(UTC),
    }  # fmt: skip
    made = rows.add_comment(tx, values)
    _tell(tx, caller, case, made, "comment.added")
    record_act(tx, caller, "comment.add", f"comment/{comment_id}", None, {"incident": key, "anchor": [type_, id_]})
    return made


def edit_comment(tx: Tx, caller: Caller, key: str, comment_id: str, seen: int, body: str) -> Comment:
    """Write one's own comment anew. Raises `Forbidden` for another's, `PreconditionFailed`, `UnknownComment`,
    `UnknownMember`.
    """
    case, comment = _own(tx, caller, key, comment_id)
    check_version(comment.version, seen)
    changed = {"body": body, "mentions": _known_mentions(tx, body), "edited_at": datetime.now(UTC)}
    after = rows.change_comment(tx, comment_id, changed)
    _tell(tx, caller, case, after, "comment.changed")
    record_act(tx, caller, "comment.edit", f"comment/{comment_id}", {"body": comment.body}, {"body": body})
    return after


def delete_comment(tx: Tx, caller: Caller, key: str, comment_id: str) -> None:
    """Take back one's own comment; its place in the thread stays. Raises `Forbidden` for another's, `UnknownComment`."""
    case, comment = _own(tx, caller, key, comment_id)
    gone = {"body": "", "mentions": [], "deleted_at": datetime.now(UTC)}
    after = rows.change_comment(tx, comment_id, gone)
    _tell(tx, caller, case, after, "comment.changed")
    record_act(tx, caller, "comment.delete", f"comment/{comment_id}", {"author": comment.author}, None)


def resolve_thread(tx: Tx, caller: Caller, key: str, comment_id: str, resolved: bool) -> Comment:
    """Say that a thread (by the id of its first comment) is settled, or not after all. Raises `UnknownComment`, and
    `WrongState` for a comment that begins no thread. Saying it again changes nothing.
    """
    case = open_incident(tx, caller, key)
    comment = seen_comment(tx, case, comment_id, lock=True, deleted=True)
    if comment.thread_id != comment_id:
        raise WrongState(f"{comment_id} is an answer", f"resolve its thread: {comment.thread_id}")
    if (comment.resolved_at is not None) == resolved:
        return comment
    by = caller.principal_id if resolved else None
    changed = {"resolved_at": datetime.now(UTC) if resolved else None, "resolved_by": by}
    after = rows.change_comment(tx, comment_id, changed)
    _tell(tx, caller, case, after, "comment.changed")
    act = "comment.resolve" if resolved else "comment.reopen"
    record_act(tx, caller, act, f"comment/{comment_id}", {"resolved": not resolved}, {"resolved": resolved})
    return after


def seen_comment(tx: Tx, case: Case, comment_id: str, *, lock: bool = False, deleted: bool = False) -> Comment:
    """The incident's comment; a deleted one only if asked for. Raises `UnknownComment`."""
    found = rows.find_comment(tx, case.incident_id, comment_id, lock=lock)
    if found is None or (found.deleted_at is not None and not deleted):
        raise UnknownComment(
            f"{case.key} has no comment {comment_id[:100]}", f"list them: GET /v1/incidents/{case.key}/comments"
        )
    return found


def _own(tx: Tx, caller: Caller, key: str, comment_id: str) -> tuple[Case, Comment]:
    case = open_incident(tx, caller, key)
    comment = seen_comment(tx, case, comment_id, lock=True)
    if comment.author != caller.principal_id:
        raise Forbidden(f"{comment_id} is {comment.author_name}'s", "answer it instead")
    return case, comment


def _known_mentions(tx: Tx, body: str) -> list[str]:
    """Ids of who is mentioned, each once. Raises `UnknownMember`, which says where."""
    named = mentions_in(body)
    if not named:
        return []
    found = members_named(tx, [name for name, _ in named])
    for name, at in named:
        if name not in found:
            raise UnknownMember(
                f"at character {at + 1}, @{name[:100]} is no member",
                "mention members by e-mail address or id, or put it between backquotes",
            )
    return list(dict.fromkeys(found[name] for name, _ in named))


def _checked_anchor(tx: Tx, case: Case, type_: AnchorType, id_: str | None) -> str:
    """The anchor's id. Events, claims, entities and reports are looked for by the caller, who knows where they are."""
    if type_ == "incident":
        if id_ not in (None, case.key, case.incident_id):
            raise UnknownAnchor(f"{id_} is not {case.key}", "leave the id out")
        return case.incident_id
    if id_ is None:
        raise UnknownAnchor(f"which {type_}?", "give the anchor an id")
    if not _is_there(tx, case, type_, id_):
        raise UnknownAnchor(f"{case.key} has no {type_} {id_[:100]}", "take the id as the API gives it")
    return id_


def _is_there(tx: Tx, case: Case, type_: AnchorType, id_: str) -> bool:
    if type_ == "action":
        return find_action(tx, case.incident_id, id_) is not None
    return type_ != "artifact" or rows.has_artifact(tx, case.incident_id, id_)


def _tell(tx: Tx, caller: Caller, case: Case, comment: Comment, kind: str) -> None:
    told = {
        "by": caller.principal_id, "by_name": caller.name, "comment": comment.comment_id, "thread": comment.thread_id,
        "anchor": {"type": comment.anchor_type, "id": comment.anchor_id}, "mentions": list(comment.mentions),
    }  # fmt: skip
    tell_feed(tx, case.incident_id, kind, told)
