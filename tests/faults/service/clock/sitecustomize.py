"""Loaded by Python before anything else in a process of which the wall clock is to jump: an hour ahead, an hour back, every 0.7 s.

`time.monotonic` stays as it is, as it does when an operator or NTP sets a clock.
"""

import ctypes
import datetime
import gc
import time

_REAL_TIME = time.time
JUMP_S, EVERY_S = 3600.0, 0.7


def _jumping() -> float:
    return _REAL_TIME() + (JUMP_S if int(time.monotonic() / EVERY_S) % 2 else -JUMP_S)


def _now(cls, tz=None):
    return cls.fromtimestamp(time.time(), tz)


time.time = _jumping
time.time_ns = lambda: int(time.time() * 1e9)
# The class itself, which libraries in C know by its address, and not one that looks like it.
(_methods,) = (d for d in gc.get_referents(datetime.datetime.__dict__) if isinstance(d, dict))
_methods["now"] = classmethod(_now)
ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))
