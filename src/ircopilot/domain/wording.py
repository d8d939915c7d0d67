"""Acts in words: one sentence per act, every value spelled as in the record. Used by timeline and drafter alike."""

from __future__ import annotations

import html
from collections.abc import Callable

from ircopilot.domain.findings import Act

_Wording = Callable[[Act], str]
# Who acted where a record names the account acted upon and nobody else (useradd, gpasswd).
UNNAMED_TOOL = "an account tool"
# Who acted where a record names nobody.
UNNAMED = "somebody"
UNSEEN_PARENT = "an unseen process"


def sentence(act: Act) -> str:
    """One sentence about an act, without its time. Unknown verbs raise KeyError: a verb without words is a bug."""
    text = _WORDS[act.verb](act)
    return f"{text}." if not text.endswith((".", "…", ".”", "…”")) else text


def _pid(act: Act, name: str = "pid") -> str:
    return f" (pid {act.detail[name]})" if act.detail.get(name) else ""


def _on(act: Act) -> str:
    return f" on {host_label(act.host)}" if act.host else ""


def host_label(host: str) -> str:
    """A host as a sentence names it: without its DNS domain; an address stays whole."""
    return host if host.replace(".", "").isdigit() or ":" in host else host.split(".", 1)[0]


def _quoted_command(act: Act) -> str:
    """The command line in quotation marks, unless it is no more than the program's own path."""
    command = act.detail.get("command", "")
    bare = command.strip().strip('"').strip()
    if not bare or bare.lower() == act.detail.get("path", "").lower():
        return ""
    does = f", which {act.detail['features']}" if act.detail.get("features") else ""
    return f": “{command}”{does}"


def _as(act: Act, name: str = "account") -> str:
    return f" as {act.detail[name]}" if act.detail.get(name) else ""


def _hash(act: Act) -> str:
    for name, label in (("sha256", "SHA-256"), ("sha1", "SHA-1"), ("md5", "MD5")):
        if act.detail.get(name):
            return f", {label} {act.detail[name]}"
    return ""


def _port(act: Act) -> str:
    return f":{act.detail['port']}" if act.detail.get("port", "0") != "0" else ""


def _spawned(act: Act) -> str:
    what = f"{act.objects[0]}{_pid(act)}"
    unseen = act.subject == UNSEEN_PARENT
    start = f"{what} was started" if unseen else f"{act.subject}{_pid(act, 'parent_pid')} started {what}"
    text = f"{start}{_on(act)}{_as(act)}"
    return text + (_encoded(act) if act.detail.get("encoded") else _quoted_command(act))


def _encoded(act: Act) -> str:
    """What an encoded command says once decoded: what it does, whom it names, and its words where they are few."""
    said = [f"it {act.detail['features']}"] if act.detail.get("features") else []
    said += [f"it names {act.detail['urls']}"] if act.detail.get("urls") else []
    said += [f"it asks for {act.detail['server_paths']}"] if act.detail.get("server_paths") else []
    if act.detail.get("decoded") and "…" not in act.detail["decoded"]:
        said.append(f"it reads “{act.detail['decoded']}”")
    return " with an encoded command" + (f"; decoded, {', '.join(said)}" if said else "")


def _executed(act: Act) -> str:
    by = act.detail.get("account") or "A user"
    text = (
        f"{by} executed {act.objects[0]}{_pid(act)}{_on(act)}, started from {act.subject}: {act.detail.get('path', '')}"
    )
    return text + _hash(act)


def _connected(act: Act) -> str:
    return f"{act.subject}{_pid(act)}{_on(act)} connected to {act.objects[0]}{_port(act)}"


def _accepted(act: Act) -> str:
    port = f" on port {act.detail['port']}" if act.detail.get("port") else ""
    return f"{act.subject}{_pid(act)}{_on(act)} accepted a connection from {act.objects[0]}{port}"


def _flow(act: Act) -> str:
    return f"A network sensor saw {act.subject} connect to {act.objects[0]}{_port(act)}"


def _fetched(act: Act) -> str:
    what = act.detail.get("mime", "") or "content"
    size = f" ({act.detail['bytes']} bytes)" if act.detail.get("bytes") else ""
    source = f" from {act.objects[0]}{_port(act)}"
    url = f", {act.detail['url']}" if act.detail.get("url") else ""
    if act.detail.get("method") in ("PUT", "POST"):
        return f"A network sensor saw {act.subject} send content by {act.detail['method']} to {act.objects[0]}{_port(act)}{url}"
    return f"A network sensor saw {act.subject} fetch {what}{size} over HTTP{source}{url}"


def _certificate(act: Act) -> str:
    issuer = act.detail.get("issuer", "")
    own = "a self-signed certificate" if issuer == act.objects[0] else "the certificate"
    return f"{act.subject}{_port(act)} presented {own} “{act.objects[0]}”"


def _downloaded(act: Act) -> str:
    origin = f" from {act.detail['url']}" if act.detail.get("url") else ""
    return f"{act.subject}{_on(act)} downloaded {act.objects[0]}{origin} to {act.detail['file']}{_as(act)}{_hash(act)}"


def _wrote(act: Act) -> str:
    return f"{act.subject}{_pid(act)}{_on(act)} wrote {act.detail['file']}{_hash(act)}"


def _deleted(act: Act) -> str:
    return f"{act.subject}{_pid(act)}{_on(act)} deleted {act.detail['file']}{_hash(act)}"


def _dumped(act: Act) -> str:
    return f"{act.subject}{_pid(act)}{_on(act)} wrote the memory dump {act.detail['file']}"


def _loaded(act: Act) -> str:
    return f"{act.subject}{_pid(act)}{_on(act)} loaded {act.detail['file']}{_hash(act)}"


def _injected(act: Act) -> str:
    # Sysmon's words where a process ended too soon to be named; some shippers write them as HTML does.
    target = "a process" if html.unescape(act.objects[0]) == "<unknown process>" else act.objects[0]
    return f"{act.subject}{_pid(act)}{_on(act)} injected into {target}{_pid(act, 'target_pid')} by a remote thread (CreateRemoteThread)"


def _accessed(act: Act) -> str:
    return (
        f"{act.subject}{_pid(act)}{_on(act)} opened the memory of {act.objects[0]} with access {act.detail['access']}"
    )


def _pipe(act: Act) -> str:
    verb = "created" if act.verb == "created-pipe" else "connected to"
    return f"{act.subject}{_pid(act)}{_on(act)} {verb} the named pipe {act.detail['pipe']}"


def _service(act: Act) -> str:
    return f"The service {act.objects[0]} was installed{_on(act)}{_by(act)} to run “{act.detail.get('image', '')}”"


def _by(act: Act) -> str:
    return f" by {act.detail['account']}" if act.detail.get("account") else ""


def _script(act: Act) -> str:
    text = f"PowerShell script block logging{_on(act)} recorded"
    if act.detail.get("functions"):
        text += f" the PowerSploit function {act.detail['functions']}"
        return f"{text}; it {act.detail['features']}" if act.detail.get("features") else text
    text += f": “{act.detail['text']}”"
    return f"{text}; it {act.detail['features']}" if act.detail.get("features") else text


def _hosted(act: Act) -> str:
    return f"PowerShell ran inside {act.subject}{_pid(act)}{_on(act)}: the process wrote {act.objects[0]}"


def _registry(act: Act) -> str:
    data = f" to {act.detail['data']}" if act.detail.get("data") else ""
    return f"{act.subject}{_pid(act)}{_on(act)} set {act.objects[0]}{data}"


def _exited(act: Act) -> str:
    return f"{act.subject}{_pid(act)}{_on(act)} exited"


def _resolved(act: Act) -> str:
    return f"{act.subject}{_pid(act)}{_on(act)} looked up {act.objects[0]}"


def _called(act: Act) -> str:
    act_on = f" on {act.detail['resource']}" if act.detail.get("resource") else ""
    key = f" with access key {act.detail['key']}" if act.detail.get("key") else ""
    source = f" from {act.detail['ip']}" if act.detail.get("ip") else ""
    agent = f" using {act.detail['agent']}" if act.detail.get("agent") else ""
    account = f" in account {act.detail['account']}" if act.detail.get("account") else ""
    refused = f"; refused: {act.detail['error']}" if act.detail.get("error") else ""
    said = f" ({act.detail['said']})" if act.detail.get("said") else ""
    called = "signed in to the console, calling" if act.objects[0] == "ConsoleLogin" and not refused else "called"
    return f"{act.subject}{key} {called} {act.objects[0]}{act_on}{said}{account}{source}{agent}{refused}"


def _read_object(act: Act) -> str:
    return _called(act).replace(" called GetObject on ", " downloaded by GetObject ", 1)


def _issued(act: Act) -> str:
    role = f" of role {act.detail['role']}" if act.detail.get("role") else ""
    return f"{act.subject} called {act.objects[0]} and was issued credentials{role} for session {act.detail['session']}"


def _failed_logon(act: Act) -> str:
    return f"Logins to {act.objects[0]} from {act.subject} failed again and again"


def _logged_on(act: Act) -> str:
    how = act.detail.get("type", "")
    kind = (f" (logon type {how})" if how.isdigit() else f" over SSH ({how})") if how else ""
    return f"{act.subject} logged on to {act.objects[0]} from {act.detail['ip']}{kind}"


def _sudo(act: Act) -> str:
    target = f" as {act.detail['as']}" if act.detail.get("as") else ""
    return f"{act.subject}{_on(act)} ran{target}: “{act.detail['command']}”"


def _matched(act: Act) -> str:
    what = f": “{act.detail['what']}”" if act.detail.get("what") else ""
    where = "" if act.subject == act.host else _on(act)  # a record that names nobody else
    return f"{act.subject}{where} matched the rule “{act.detail['rule']}”{what}"


def _task(act: Act) -> str:
    image = f" to run “{act.detail['image']}”" if act.detail.get("image") else ""
    return f"{act.subject}{_on(act)} registered the scheduled task {act.objects[0]}{image}"


def _subscription(act: Act) -> str:
    image = f" to run “{act.detail['image']}”" if act.detail.get("image") else ""
    return f"{act.subject}{_on(act)} made the WMI event subscription {act.objects[0]}{image}"


def _new_account(act: Act) -> str:
    if act.subject == UNNAMED_TOOL:
        return f"The account {act.objects[0]} was created{_on(act)}"
    return f"{act.subject}{_on(act)} created the account {act.objects[0]}"


def _group(act: Act) -> str:
    if act.subject == UNNAMED_TOOL:
        return f"The account {act.objects[0]} was added to the group {act.detail['group']}{_on(act)}"
    return f"{act.subject}{_on(act)} added a member to the group {act.objects[0]}"


def _cleared(act: Act) -> str:
    channel = f"the {act.detail['channel']} event log" if act.detail.get("channel") else "an event log"
    if act.subject == UNNAMED:
        return f"{channel[0].upper()}{channel[1:]}{_on(act)} was cleared"
    return f"{act.subject}{_on(act)} cleared {channel}"


def _alerted(act: Act) -> str:
    about = (
        f": {act.detail['message']}" if act.detail.get("message") and act.detail["message"] != act.objects[0] else ""
    )
    return f"Alert{_on(act)}: {act.objects[0]}{about}"


def _said(act: Act) -> str:
    return f"{act.subject} wrote: “{act.detail['text']}”"


def _did(act: Act) -> str:
    return f"{act.subject} recorded the action: “{act.detail['text']}”"


def _requested(act: Act) -> str:
    method = f" by {act.detail['method']}" if act.detail.get("method") else ""
    agent = f", agent {act.detail['agent']}" if act.detail.get("agent") else ""
    return f"{act.subject} requested{method} {act.objects[0]}{_on(act)}{agent}"


_WORDS: dict[str, _Wording] = {
    "spawned": _spawned,
    "executed": _executed,
    "connected": _connected,
    "accepted-connection": _accepted,
    "flow": _flow,
    "fetched": _fetched,
    "requested": _requested,
    "presented-certificate": _certificate,
    "downloaded": _downloaded,
    "wrote-file": _wrote,
    "deleted-file": _deleted,
    "dumped-memory": _dumped,
    "loaded-image": _loaded,
    "injected": _injected,
    "accessed-process": _accessed,
    "created-pipe": _pipe,
    "connected-pipe": _pipe,
    "installed-service": _service,
    "ran-script": _script,
    "hosted-powershell": _hosted,
    "set-registry": _registry,
    "exited": _exited,
    "resolved": _resolved,
    "called-api": _called,
    "read-object": _read_object,
    "issued-credentials": _issued,
    "failed-logon": _failed_logon,
    "logged-on": _logged_on,
    "ran-sudo": _sudo,
    "matched": _matched,
    "created-task": _task,
    "subscribed-events": _subscription,
    "created-account": _new_account,
    "changed-group": _group,
    "cleared-log": _cleared,
    "alerted": _alerted,
    "said": _said,
    "did": _did,
}
VERBS = frozenset(_WORDS)
