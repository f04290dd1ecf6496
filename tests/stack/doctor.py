"""What `clearway doctor` finds in the deployed stack, as an operator would run it."""

import json
import subprocess

from steps import check, equal

# What an emulator cannot be: a stack for real money.
EXPECTED_WARNINGS = {
    "parameter ColumnUrl",
    "parameter DeletionProtection",
    "parameter AlarmEmail",
    "topic of alarms",
    "topic of notices",
}


class Doctor:
    def __init__(self, program, stack, environment):
        self.command = [program, "doctor", "--stack", stack.name]
        self.environment = environment

    def finds(self, token=None):
        """Answers the findings that are not ok, as levels by check, and what a person reads."""
        command = self.command + (["--token", "-"] if token else [])
        read = self._run(command, token)
        told = self._run([*command, "--json"], token)
        findings = json.loads(told.stdout)["findings"]
        failed = [finding["check"] for finding in findings if finding["level"] == "failed"]
        equal((read.returncode, told.returncode), (3, 3) if failed else (0, 0), "the exit status of clearway doctor")
        check(all(len(line) <= 80 for line in read.stdout.splitlines()), f"a line of more than 80 columns:\n{read.stdout}")
        return {finding["check"]: finding["level"] for finding in findings if finding["level"] != "ok"}, read.stdout

    def _run(self, command, token):
        return subprocess.run(command, env=self.environment, input=token, capture_output=True, text=True, timeout=120)


def before_registration(doctor):
    """The bank knows no webhook yet, and its secret is not stored."""
    found, told = doctor.finds()
    for wanted in ("secret column-webhook-secrets", "bank's webhook"):
        equal(found.get(wanted), "failed", f"{wanted}, in\n{told}\n")


def when_all_is_set_up(doctor, stack, token):
    found, told = doctor.finds(token)
    failed = sorted(name for name, level in found.items() if level == "failed")
    equal(failed, [], f"what failed, in\n{told}\n")
    warned = set(found)
    check(warned <= EXPECTED_WARNINGS, f"unexpected warnings {warned - EXPECTED_WARNINGS} in\n{told}")
    check("approve and cancel batches" in " ".join(told.split()), f"what the token grants is not told:\n{told}")
    check(not any(text in told for text in _texts([token, stack.stored_secrets])), "a secret is printed")


def _texts(value):
    """Every text of a secret that is long enough to be told from a word."""
    if isinstance(value, str):
        return [value] if len(value) >= 10 else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in _texts(part)]
