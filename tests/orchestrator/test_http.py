"""The HTTP side: health, readiness, metrics, dead letters behind the token, errors as Problem+JSON."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.orchestrator.conftest import SETTINGS, House, house, tell, until
from tests.orchestrator.work import begin_run, queue_jobs, worker

from ircopilot.domain.errors import UnusableArgument
from ircopilot.orchestrator.errors import AddressTaken, NoTokenSet, TokenRefused
from ircopilot.orchestrator.gatekeeper import Gatekeeper
from ircopilot.settings import StackUrls, split_address
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import jobs

TOKEN = SETTINGS.model_copy(update={"service_token": "secret"})


def client(at: House, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{at.made.http_port}", headers=headers, trust_env=False)


def test_health_readiness_and_metrics(stack: StackUrls, stores: StoreSet, org: str) -> None:
    async def story() -> None:
        async with house(stack, TOKEN) as at, client(at) as http, worker(stack, stores) as taken:
            assert (await http.get("/healthz")).json() == {"status": "ok"}
            await until(lambda: at.made.relay.bus)
            ready = await http.get("/readyz")
            assert ready.status_code == 200
            assert ready.json() == {"ready": True, "parts": {"postgres": True, "nats": True, "redis": True}}
            queue_jobs(stores, org, 3)
            begin_run(stores, org)
            await until(lambda: len(taken.of(org)) == 3)

            async def swept() -> str:
                text = (await http.get("/metrics")).text
                return text if 'ircopilot_orchestrator_open_runs{state="running"}' in text else ""

            text = await until(swept)
            sent = 'ircopilot_orchestrator_relayed_messages_total{subject="export.make"}'
            (line,) = [line for line in text.splitlines() if line.startswith(sent)]
            assert float(line.split()[-1]) >= 3
            assert org not in text

    tell(story)


def test_a_part_that_is_away_makes_it_unready(stack: StackUrls) -> None:
    async def story() -> None:
        away = stack.model_copy(update={"nats_url": "nats://127.0.0.1:1", "redis_url": "redis://127.0.0.1:1"})
        async with house(away, TOKEN) as at, client(at) as http:
            ready = await http.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["parts"] == {"postgres": True, "nats": False, "redis": False}
            assert (await http.get("/healthz")).status_code == 200

    tell(story)


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    return document


def test_dead_letters_need_the_token(stack: StackUrls, stores: StoreSet, org: str) -> None:
    (job,) = queue_jobs(stores, org, 1)
    with stores.database.tenant(org) as tx:
        lease = jobs.lease_job(tx, job, 1, "w")
        assert lease is not None
        jobs.fail_job(tx, lease, "no use", retry=False)

    async def story() -> None:
        async with house(stack, TOKEN) as at:
            path = f"/admin/dead-letters?org_id={org}"
            for shown in ({}, {"authorization": "Bearer wrong"}, {"authorization": "secret"}):
                async with client(at, **shown) as http:
                    assert problem_of(await http.get(path))["type"] == "service-token-refused"
                    refused = await http.post(f"/admin/dead-letters/{job}/redrive?org_id={org}")
                    assert refused.status_code == 401
            async with client(at, authorization="Bearer secret") as http:
                (letter,) = (await http.get(path)).json()["dead_letters"]
                assert (letter["job_id"], letter["reason"]) == (job, "no use")
                assert problem_of(await http.get("/admin/dead-letters"))["type"] == "unusable-argument"
                gone = await http.post(f"/admin/dead-letters/none/redrive?org_id={org}")
                assert problem_of(gone)["type"] == "unknown-job"
                assert problem_of(await http.get("/nowhere"))["status"] == 404
                again = await http.post(f"/admin/dead-letters/{job}/redrive?org_id={org}")
                assert again.status_code == 200
                assert (await http.get(path)).json()["dead_letters"] == []

    tell(story)


@pytest.mark.parametrize("forged", [{"host": "evil.example"}, {"origin": "https://evil.example"}])
def test_without_a_token_a_web_page_cannot_call(stack: StackUrls, org: str, forged: dict[str, str]) -> None:
    async def story() -> None:
        async with house(stack) as at:
            async with client(at, **forged) as http:
                answer = await http.get(f"/admin/dead-letters?org_id={org}")
                assert problem_of(answer)["type"] == "service-token-refused"
            async with client(at) as http:
                assert (await http.get(f"/admin/dead-letters?org_id={org}")).status_code == 200

    tell(story)


def test_an_address_that_others_reach_needs_a_token(stack: StackUrls) -> None:
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.org:0"):
        with pytest.raises(NoTokenSet):
            Gatekeeper("").check_address(address)
        Gatekeeper("secret").check_address(address)
    for address in ("127.0.0.1:0", "[::1]:0", "localhost:0"):
        Gatekeeper("").check_address(address)

    async def story() -> None:
        with pytest.raises(NoTokenSet):
            async with house(stack, SETTINGS.model_copy(update={"orchestrator_http": "0.0.0.0:0"})):
                pass

    tell(story)


def test_an_address_in_use_is_said_to_be(stack: StackUrls) -> None:
    async def story() -> None:
        async with house(stack) as at:
            for field, port in (("orchestrator_http", at.made.http_port), ("orchestrator_address", at.made.rpc_port)):
                taken = SETTINGS.model_copy(update={field: f"127.0.0.1:{port}"})
                with pytest.raises(AddressTaken):
                    async with house(stack, taken):
                        pass

    tell(story)


@pytest.mark.parametrize("wrong", ["", "7465", ":7465", "host:", "host:http", "host:70000", "host:-1", "host:٣"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(UnusableArgument):
        split_address(wrong)


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer ", "Bearer secret2", "Bearer \udcff", "Basic secret"])
def test_tokens_that_are_refused(shown: str | None) -> None:
    with pytest.raises(TokenRefused):
        Gatekeeper("secret").admit(shown)
    Gatekeeper("secret").admit("bearer secret")
    Gatekeeper("").admit(shown)
