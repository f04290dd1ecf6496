"""Servers that the test starts, and that end with it whatever happens."""

import contextlib
import os
import signal
import subprocess
import sys

ENDS_WITHIN_SECONDS = 15


@contextlib.contextmanager
def running(command, environment, log, **options):
    """Runs a server in a session of its own, and ends it together with everything that it started."""
    with open(log, "wb") as output:
        options.setdefault("stdout", output)
        process = subprocess.Popen(command, env=environment, stderr=output, start_new_session=True, **options)
    try:
        yield process
    finally:
        _end(process)


def _end(process):
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(ENDS_WITHIN_SECONDS)
    # Whoever is left of the session did not listen.
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def end_when_told():
    """Turns the signals that end a script into an exit, so that what is running is ended first."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))


def run(command, environment, log):
    """A command whose output matters only if it fails. Written behind what the log holds already."""
    with open(log, "ab") as output:
        subprocess.run(command, check=True, env=environment, stdout=output, stderr=subprocess.STDOUT)
