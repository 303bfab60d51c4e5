"""`feeder` and `python -m feeder` are the command line, nothing else."""

import signal

__all__ = ["start"]


def start() -> None:
    """Run the command line. A Ctrl-C before it listens to that itself ends the process as the system has it: without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from feeder.cli import main

    main(prog_name="feeder")


if __name__ == "__main__":
    start()
