"""What must hold of the functions' binaries before they are shipped.

Their C library is that of Amazon Linux 2023, glibc 2.34: a symbol of a later version would stop each start there. A panic has to unwind,
since the worker turns it into one failed task.
"""

import os
import re
import subprocess

from steps import check, equal

GLIBC_MAX = (2, 34)
BYTES_MAX = 15 * 1024 * 1024

# What a Rust program ends with after a panic that unwound out of main; one that aborts is killed by a signal.
PANICKED = 101


def glibc_needed(binary):
    """The latest version of glibc that one of the binary's symbols asks for."""
    listed = subprocess.run(["readelf", "--version-info", "--wide", binary], check=True, capture_output=True, text=True)
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", listed.stdout)
    return max(((int(major), int(minor)) for major, minor in versions), default=(0, 0))


def check_glibc(binary):
    needed = glibc_needed(binary)
    text = "{}.{}".format
    check(needed <= GLIBC_MAX, f"{binary} needs glibc {text(*needed)}, Amazon Linux 2023 has {text(*GLIBC_MAX)}")
    return text(*needed)


def check_size(binary):
    size = os.path.getsize(binary)
    check(size <= BYTES_MAX, f"{binary} has {size:,} bytes, more than {BYTES_MAX:,}")
    return size


def check_unwinds(binary, variables):
    """Starts the binary without what Lambda tells every function: its runtime then panics, which is seen from outside."""
    ended = subprocess.run([binary], env=variables, capture_output=True, text=True, timeout=30)
    check("panicked at" in ended.stdout + ended.stderr, f"{binary} did not panic: {ended.stderr[-500:]}")
    equal(ended.returncode, PANICKED, f"how {binary} ended after a panic")
