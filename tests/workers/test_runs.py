"""Whole runs by real workers in processes of their own: shared, killed, stopped, woken, cancelled."""

from __future__ import annotations

from typing import Any

from workers.service import Case, Service


def test_a_run_from_start_to_finish(service: Service, case: Case, reference: dict[str, Any]) -> None:
    workers = service.workers()
    run_id = case.start()
    assert case.wait_over(run_id).state == "done", [w.log.read_text()[-2000:] for w in workers]
    assert case.report(run_id) == reference
    assert set(case.versions(run_id).values()) == {1}
    numbers = [event.number for event in case.events(run_id)]
    assert numbers == list(range(1, len(numbers) + 1))
