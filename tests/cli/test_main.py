"""How the program ends, whatever happened to the signal on its way."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ircopilot.cli import main
from ircopilot.domain.errors import Stopped


@pytest.fixture(autouse=True)
def _no_stops() -> Iterator[None]:
    yield
    main._stops.clear()
    logging.disable(logging.NOTSET)


def test_a_stop_that_a_library_swallowed_is_a_stop() -> None:
    main.end_if_stopped()
    with pytest.raises(Stopped):
        main._stop(2, None)  # and whoever runs at that moment swallows it
    with pytest.raises(Stopped) as stop:
        main.end_if_stopped()
    assert stop.value.number == 2


def test_what_fails_after_a_stop_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("sqlalchemy.pool").error("before")
    with pytest.raises(Stopped):
        main._stop(15, None)
    logging.getLogger("sqlalchemy.pool").error("Exception during reset or similar")
    assert [record.message for record in caplog.records] == ["before"]
