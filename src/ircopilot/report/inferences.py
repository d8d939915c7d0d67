"""What acts mean taken together: patterns of an intrusion, worded as inferences and never as facts."""

from __future__ import annotations

from dataclasses import dataclass

from ircopilot.domain.findings import Act, Findings
from ircopilot.domain.wording import host_label
from ircopilot.report.phases import core_acts, first

_JAVA = ("tomcat", "java", "jboss", "wildfly", "weblogic", "jetty", "solr", "vmware", "unifi", "elasticsearch")


@dataclass(frozen=True, slots=True)
class Inference:
    """A sentence that goes beyond the records, and the records that suggest it."""

    text: str
    evidence: tuple[str, ...]


def infer(findings: Findings) -> list[Inference]:
    """Inferences whose pattern occurs, in the order of an intrusion."""
    acts = core_acts(findings)
    found = [
        _exploited_server(acts),
        _opened_download(acts),
        _stolen_instance_role(acts),
        _pipe_impersonation(acts),
        _injected_reader(acts),
        _left(acts),
    ]
    return [i for i in found if i is not None]


def _exploited_server(acts: list[Act]) -> Inference | None:
    shell = next((a for a in acts if a.verb == "spawned" and "T1190" in a.techniques), None)
    if shell is None:
        return None
    reached = [
        a for a in acts if a.verb in ("accepted-connection", "connected") and a.subject.lower() == shell.subject.lower()
    ]
    called_out = next((a for a in reached if a.verb == "connected" and a.time <= shell.time), None)
    evidence = tuple(i for a in [*reached[:3], shell] for i in a.evidence[:3])
    java = any(j in f"{shell.subject} {shell.detail.get('parent_path', '')}".lower() for j in _JAVA)
    if java and called_out:
        text = (
            f"{shell.subject} took a request, called back to {called_out.objects[0]} and then started {shell.objects[0]}: this is the "
            "pattern of a JNDI lookup injected into a log message (Log4Shell in Log4j, or a flaw of the same kind)."
        )
        return Inference(text, evidence)
    return Inference(
        f"{shell.subject} starting {shell.objects[0]} suggests that the service was exploited from outside.", evidence
    )


def _opened_download(acts: list[Act]) -> Inference | None:
    fetched, ran = first(acts, "downloaded"), first(acts, "executed")
    if fetched is None or ran is None or fetched.objects[0].lower() != ran.objects[0].lower():
        return None
    text = f"{ran.objects[0]} was most likely opened by hand after the download: it was started from {ran.subject}."
    return Inference(text, (*fetched.evidence[:2], *ran.evidence[:2]))


def _stolen_instance_role(acts: list[Act]) -> Inference | None:
    act = next((a for a in acts if a.verb in ("called-api", "read-object") and a.detail.get("instance")), None)
    if act is None or not act.detail.get("agent"):
        return None
    text = (
        f"The credentials of instance {act.detail['instance']} were probably stolen: they were used from {act.detail.get('ip', 'outside')} with "
        f"{act.detail['agent']}, which is not how the instance itself calls."
    )
    return Inference(text, act.evidence[:3])


def _pipe_impersonation(acts: list[Act]) -> Inference | None:
    service, pipe = first(acts, "installed-service"), first(acts, "created-pipe", "connected-pipe")
    if service is None or pipe is None or pipe.objects[0].strip("\\").lower() not in str(service.detail).lower():
        return None
    text = f"The service {service.objects[0]} and the named pipe {pipe.objects[0]} together suggest named-pipe impersonation to gain SYSTEM rights."
    return Inference(text, (*service.evidence[:2], *pipe.evidence[:2]))


def _injected_reader(acts: list[Act]) -> Inference | None:
    reads = [a for a in acts if a.verb in ("accessed-process", "dumped-memory")]
    if not reads:
        return None
    for access in (a for a in reads if a.objects):
        injected = next(
            (a for a in acts if a.verb == "injected" and a.objects[0].lower() == access.subject.lower()), None
        )
        if injected:
            text = (
                f"{access.subject} most likely read the memory of {access.objects[0]} on behalf of {injected.subject}, "
                "which had injected into it."
            )
            return Inference(text, (*injected.evidence[:2], *access.evidence[:2]))
    text = (
        f"Passwords and tickets of accounts that were logged on to {host_label(reads[0].host)} were probably exposed."
    )
    return Inference(text, reads[0].evidence[:3])


def _left(acts: list[Act]) -> Inference | None:
    read = first(acts, "read-object")
    if read is None or not read.detail.get("resource"):
        return None
    return Inference(f"{read.detail['resource']} has probably left the organisation's control.", read.evidence[:3])
