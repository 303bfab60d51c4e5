"""Moves the wall clock of a child process while it runs, and leaves its monotonic clock alone. Needs a C compiler."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

__all__ = ["Shift"]

# Each look at the wall clock adds the seconds that stand as text in the file: to write there is to set the clock.
_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int file = -1;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("TEST_CLOCK_SHIFT");
    if (path) file = open(path, O_RDONLY | O_CLOEXEC);
}

static long long shift(void) {
    char text[32] = "";
    return file < 0 || pread(file, text, sizeof text - 1, 0) <= 0 ? 0 : atoll(text);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now) *now = exact.tv_sec;
    return exact.tv_sec;
}
"""


@functools.cache
def _library() -> Path:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to build the moving clock with")
    folder = Path(tempfile.mkdtemp(prefix="clockshift-"))
    source, library = folder / "clockshift.c", folder / "clockshift.so"
    source.write_text(_SOURCE)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return library


class Shift:
    """A wall clock that can be set, for any process started with `environ`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "shift"
        self._file.write_text("0")
        self.environ = {"LD_PRELOAD": str(_library()), "TEST_CLOCK_SHIFT": str(self._file)}

    def set(self, seconds: int) -> None:
        """Let the wall clock be off by so many seconds from now on."""
        with self._file.open("r+") as file:
            file.write(f"{seconds:<20d}")
