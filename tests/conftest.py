"""What every test may ask for by name, and what holds for all of them."""

import signal

from tests.browser import browser

__all__ = ["browser"]

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell starts what is to run in the background so, and every program that a test starts would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
