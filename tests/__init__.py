"""The tests are the specification; `python -m tests` checks everything."""
