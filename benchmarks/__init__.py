"""Speed, measured beside others in one run: `python -m benchmarks`. Not a test, and no part of the program."""
