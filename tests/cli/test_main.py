"""How the program ends, whatever happened to the signal on its way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ircopilot.cli import main
from ircopilot.domain.errors import Stopped


@pytest.fixture(autouse=True)
def _no_stops() -> Iterator[None]:
    yield
    main._stops.clear()


def ends(code: int, stopped: bool) -> None:
    if stopped:
        with pytest.raises(Stopped):
            main._stop(2, None)  # and whoever runs at that moment swallows it
    raise SystemExit(code)


def test_a_stop_that_a_library_swallowed_is_a_stop() -> None:
    with pytest.raises(Stopped):
        main._run(lambda: ends(0, stopped=True))


@pytest.mark.parametrize(("code", "stopped"), [(0, False), (2, False), (2, True)])
def test_every_other_end_is_left_as_it_is(code: int, stopped: bool) -> None:
    with pytest.raises(SystemExit) as end:
        main._run(lambda: ends(code, stopped))
    assert end.value.code == code
