"""Starts the local stack, then each function under the runtime interface emulator, and compares the answers to all samples."""

import contextlib
import json
import os
import pathlib
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

import docker_invoke

SAM_CLI = "aws-sam-cli==1.167.0"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
EMULATOR = f"samcli/local/rapid/aws-lambda-rie-{ARCHITECTURE}"
LOOPBACK = "127.0.0.1"
STACK, INVOKE, RUNTIME_API = 3000, 9001, 9002
PATIENCE_SECONDS = 30

BINARIES = {
    "AccountsFunction": "accounts",
    "ApproveBatchFunction": "approve-batch",
    "ReportsFunction": "reports",
    "OperatorFunction": "operator",
    "RentFunction": "rent",
    "ColumnWebhookFunction": "column-webhook",
    "PaymentWorkerFunction": "payment-worker",
    "DeadLettersFunction": "dead-letters",
    "PlaidWebhookFunction": "plaid-webhook",
    "SchedulerFunction": "scheduler",
}

# The status of an HTTP answer; or the numbers of the messages that come again; or how many tasks were made. In an empty stack.
EXPECTED = {
    "clear-debit-block": 404,
    "list-cards": 200,
    "remove-item": 404,
    "review-card": 404,
    "approve-batch": 404,
    "create-batch": 201,
    "make-summary": 404,
    "pause-source": 404,
    "post-file": 201,
    "propose-biller": 200,
    "forged": 401,
    "settled": 200,
    "plaid-forged": 401,
    "plaid-login-required": 200,
    "plaid-updates": 200,
    "bulk": [1, 2, 3],
    "other": [2],
    "given-up": [],
    "preview-lease": 200,
    "audit": 200,
    "list-dead-letters": 200,
    "send-again": 404,
    "begin-reconciliation": 202,
    "list-batches": 200,
    "read-batch": 404,
    "read-report": 404,
    "trial-balance": 200,
    "every-minute": 0,
}


def listens(place):
    with contextlib.suppress(OSError), socket.create_connection(place, 1):
        return True
    return False


def wait_for(place, process):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if listens(place):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens at {place}")


@contextlib.contextmanager
def running(command, place, log, environment=None):
    if listens(place):
        raise SystemExit(f"{place} is taken")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(place, process)
        yield
    finally:
        process.terminate()
        process.wait()


def stack(clearway, address, log):
    return running([clearway, "--listen", address, "--port", str(STACK)], (address, STACK), log)


def emulator(folder):
    """The emulator, out of the wheel of the SAM CLI."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, SAM_CLI]
    subprocess.run(command, check=True)
    wheel = next(pathlib.Path(folder).glob("*.whl"))
    with zipfile.ZipFile(wheel) as files:
        found = pathlib.Path(files.extract(EMULATOR, folder))
    found.chmod(0o755)
    return found


def sample(clearway, address, name):
    url = f"http://{address}:{STACK}"
    return subprocess.run([clearway, "event", name, "--url", url], check=True, capture_output=True).stdout


def invoke(event):
    url = f"http://{LOOPBACK}:{INVOKE}/2015-03-31/functions/function/invocations"
    with urllib.request.urlopen(urllib.request.Request(url, event, method="POST"), timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def outcome(answer):
    """In the words of EXPECTED."""
    if isinstance(answer, dict) and "batchItemFailures" in answer:
        return sorted(int(failure["itemIdentifier"][-12:]) for failure in answer["batchItemFailures"])
    return answer["statusCode"] if isinstance(answer, dict) and "statusCode" in answer else answer


def compare(name, answer, wrong):
    found = outcome(answer)
    print(f"  {name}: {found}")
    if found != EXPECTED[name]:
        wrong.append(f"{name}: {EXPECTED[name]} expected, {found} found")


def main(binaries):
    clearway = binaries / "clearway"
    variables = json.loads(pathlib.Path("events/env.json").read_text(encoding="utf-8"))["Parameters"]
    aws = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    environment = {**os.environ, **variables, **aws, "FUNCTION_TIMEOUT_SECONDS": "30"}
    listed = subprocess.run([clearway, "event"], check=True, capture_output=True, text=True).stdout.splitlines()
    samples = [line.split() for line in listed]
    assert {name for name, _ in samples} == set(EXPECTED), "a sample is not expected here, or one is missing"
    wrong = []
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/log", "w+", encoding="utf-8") as log:
        rie = emulator(folder)
        addresses = ["--runtime-interface-emulator-address", f"{LOOPBACK}:{INVOKE}"]
        addresses += ["--runtime-api-address", f"{LOOPBACK}:{RUNTIME_API}"]
        with stack(clearway, LOOPBACK, log):
            for function, binary in BINARIES.items():
                print(function)
                command = [rie, *addresses, (binaries / binary).resolve()]
                with running(command, (LOOPBACK, INVOKE), log, environment):
                    for name in [name for name, taker in samples if taker == function]:
                        compare(name, invoke(sample(clearway, LOOPBACK, name)), wrong)
        if docker_invoke.is_possible():
            print("sam local invoke")
            one_each = {function: name for name, function in reversed(samples)}
            with stack(clearway, docker_invoke.BRIDGE, log):
                fresh = lambda name: sample(clearway, docker_invoke.BRIDGE, name)
                for name, answer in docker_invoke.answers(binaries, BINARIES, SAM_CLI, fresh, one_each.items()):
                    compare(name, answer, wrong)
        else:
            print("sam local invoke was left out: it needs Linux and a Docker engine")
        if wrong:
            log.seek(0)
            print(log.read())
    if wrong:
        raise SystemExit("\n".join(wrong))


main(pathlib.Path(sys.argv[1]))
