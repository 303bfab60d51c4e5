"""The boundary to code that others have written: whatever it raises, and however long it takes, its caller goes on. Knows no plugin.

Beside the tops of the program, this is the one place that catches everything: what is behind it is not ours to mend, and must not stop a
cycle. A call runs in a thread of its own, because nothing else in a process can be left behind when it does not end. It is asked to end by
an exception, which ends a loop in Python; what waits in C is left alone, and as long as it does, nothing more is asked of the same plugin.
"""

from __future__ import annotations

import sys
import threading
from traceback import format_exception_only, walk_tb
from typing import TYPE_CHECKING, TypeVar

from feeder.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Boundary"]

T = TypeVar("T")

LONGEST = 300  # characters of what a plugin says of its own failure


class Boundary:
    """Calls what belongs to one plugin, which `name` names; each call has `within` seconds. For one thread at a time.

    With None it has as long as its caller, and runs in the caller's thread: what works with parts of ours can run nowhere else.
    """

    def __init__(self, name: str, *, within: float | None) -> None:
        self._name = name
        self._within = within
        self._left: threading.Thread | None = None

    def call(self, function: Callable[[], T], *passing: type[Exception]) -> T:
        """What `function` returns. Raises PluginError, naming the plugin, for whatever it raises but `passing`, and when it does not end in time."""
        if self._left and self._left.is_alive():
            raise PluginError(f"{self._name} has not come back from an earlier call", busy=True)
        if self._within is None:
            return self._here(function, passing)
        returned, raised = list[T](), list[BaseException]()
        thread = threading.Thread(target=_run, args=(function, returned, raised), name=self._name, daemon=True)
        thread.start()
        thread.join(self._within)
        if returned:
            return returned[0]
        if not raised:
            self._left = thread
            _interrupt(thread)
            raise PluginError(f"{self._name} did not end within {self._within:g} s")
        if isinstance(raised[0], passing):
            raise raised[0]
        raise PluginError(f"{self._name} failed: {_told(raised[0])}") from raised[0]

    def _here(self, function: Callable[[], T], passing: tuple[type[Exception], ...]) -> T:
        try:
            return function()
        except passing:
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # what asyncio cancels, say, is no Exception, and would end the thread of cycles
            raise PluginError(f"{self._name} failed: {_told(error)}") from error


def _run(function: Callable[[], T], returned: list[T], raised: list[BaseException]) -> None:
    try:
        returned.append(function())
    except BaseException as error:  # noqa: BLE001 - the boundary: sys.exit() in a plugin is no end of ours, and an interrupt arrives elsewhere
        raised.append(error)


def _interrupt(thread: threading.Thread) -> None:
    """Have the thread raise SystemExit as soon as it runs Python again."""
    import ctypes  # hardly ever needed

    # Traced, CPython 3.11 stands still at its next call for as long as another thread waits in C with an exception to come.
    if thread.ident is not None and sys.gettrace() is None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))


def _told(error: BaseException) -> str:
    """What was raised and where, in a line."""
    said = " ".join(format_exception_only(error)[-1].split())
    frames = [f"{frame.f_globals.get('__name__', '?')}, line {line}" for frame, line in walk_tb(error.__traceback__)]
    return f"{said[:LONGEST]}{'…' if len(said) > LONGEST else ''} (in {frames[-1]})"
