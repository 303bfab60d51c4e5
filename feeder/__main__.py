"""`python -m feeder` is the command line, nothing else."""

from feeder.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main(prog_name="feeder")
