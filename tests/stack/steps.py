"""What the script prints: one line a step, with how long it took."""

import contextlib
import sys
import time


class Failed(Exception):
    """A check that did not hold; its text is what the reader needs."""


def check(holds, text):
    if not holds:
        raise Failed(text)


def equal(found, expected, what):
    check(found == expected, f"{what}: found {found!r}, expected {expected!r}")


@contextlib.contextmanager
def step(name):
    """Prints how a step went. The caller gets a function that adds what it found to the line."""
    start = time.monotonic()
    notes = []
    outcome = "FAILED"
    try:
        yield notes.append
        outcome = "ok"
    finally:
        found = f" ({', '.join(notes)})" if notes else ""
        print(f"{outcome:>6} {time.monotonic() - start:7.1f} s  {name}{found}", flush=True)


def wait_until(condition, what, seconds, pause=0.1):
    """Answers the first true value of `condition`. `what` is waited for, or tells it where the wait was in vain."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise Failed(f"{what() if callable(what) else what}: not within {seconds} seconds")
        time.sleep(pause)


def tail(path, lines):
    """The end of a log, for a reader who has only the output."""
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as log:
        print(f"\n-- the end of {path}", file=sys.stderr)
        for line in log.readlines()[-lines:]:
            print(line.rstrip()[:500], file=sys.stderr)
