"""Somebody who watches a run the whole time, over a line that drops again and again."""

from __future__ import annotations

import threading
import time

import httpx

from ircopilot.client.watching import read_events


class Follower:
    """Reads the run's server-sent events; `seen` holds every one that came, in the order in which it came."""

    def __init__(self, url: str, key: str, run_id: str, line_s: float = 0.6) -> None:
        self.seen: list[tuple[int, str, str]] = []
        self.lines = 0
        self.strange: list[str] = []
        self._url, self._line_s = f"{url}/v1/runs/{run_id}/events", line_s
        self._headers = {"Authorization": f"Bearer {key}"}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def numbers(self, patience_s: float = 15) -> list[int]:
        """The numbers that came, once the server says that there are no more."""
        self._thread.join(patience_s)
        alive = self._thread.is_alive()
        self.stop()
        assert not alive, ("the watch did not end", self.seen[-3:])
        assert not self.strange, self.strange
        return [number for number, _, _ in self.seen]

    def stop(self) -> None:
        self._end.set()
        self._thread.join(15)

    def _follow(self) -> None:
        with httpx.Client(headers=self._headers, timeout=httpx.Timeout(5.0, read=4.0), trust_env=False) as http:
            while not self._end.is_set():
                try:
                    if self._one_line(http):
                        return
                except httpx.TransportError:
                    time.sleep(0.1)

    def _one_line(self, http: httpx.Client) -> bool:
        """One connection, for a while; whether the server says that the run is over."""
        last = str(self.seen[-1][0]) if self.seen else "0"
        with http.stream("GET", self._url, headers={"Last-Event-ID": last}) as answer:
            self.lines += 1
            if answer.status_code == 204:
                return True
            if answer.status_code != 200:
                if answer.status_code < 500:
                    self.strange.append(f"{answer.status_code} {answer.read()!r}")
                    return True
                time.sleep(0.1)
                return False
            until = time.monotonic() + self._line_s
            for event in read_events(answer.iter_raw()):
                self.seen.append((event.number, event.stage, event.state))
                if self._end.is_set() or time.monotonic() > until:
                    break
        return False
