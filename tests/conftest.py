"""What every test may ask for by name."""

from tests.browser import browser

__all__ = ["browser"]
