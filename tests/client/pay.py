"""A stranger's first hour with the API: validates the description that the stack serves, generates a client from it, and pays with that.

The client lists, uploads, summarizes, approves as a second person, reads what became of it, and is told what it did wrong.
"""

import argparse
import contextlib
import importlib
import io
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator

ROWS = 30
PATIENCE_SECONDS = 120
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = pathlib.Path(os.environ["CARGO_TARGET_DIR"])
WORK = TARGET / "client"
PACKAGE = "clearway_client"


def main():
    options = arguments()
    WORK.mkdir(parents=True, exist_ok=True)
    with served(options.clearway) as url:
        description = fetch(f"{url}/openapi.json")
        committed = json.loads((ROOT / "docs" / "openapi.json").read_text())
        check(json.loads(description) == committed, "the stack serves another description than docs/openapi.json")
        validate(committed)
        page = fetch(f"{url}/docs")
        check("create_batch" in page, "the page /docs does not show how a batch is made")
        generate(description)
        use(url, options.clearway)
    print("A generated client lists, uploads, approves and reads.")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clearway", type=pathlib.Path, default=TARGET / "debug" / "clearway")
    return parser.parse_args()


def check(holds, complaint):
    if not holds:
        sys.exit(complaint)


def validate(description):
    faults = OpenAPIV31SpecValidator(description).iter_errors()
    faults = [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in faults]
    check(not faults, "docs/openapi.json is not valid:\n" + "\n".join(faults[:20]))


def generate(description):
    """Writes the client; whatever the generator leaves out is a fault."""
    (WORK / "openapi.json").write_text(description)
    shutil.rmtree(WORK / PACKAGE, ignore_errors=True)
    command = ["openapi-python-client", "generate", "--path", WORK / "openapi.json", "--meta", "none"]
    command += ["--output-path", WORK / PACKAGE, "--config", HERE / "generator.yml", "--fail-on-warning"]
    generated = subprocess.run(command, check=False, capture_output=True, text=True, cwd=WORK)
    check(generated.returncode == 0, generated.stdout + generated.stderr)


def use(url, clearway):
    sys.path.insert(0, str(WORK))
    client, types, models = (importlib.import_module(f"{PACKAGE}.{name}") for name in ("client", "types", "models"))
    said = tokens(WORK / "clearway.log")
    uploader, approver = (client.AuthenticatedClient(url, said[name], timeout=60) for name in ("UPLOADER", "APPROVER"))

    batches = operation("batches", "list_batches").sync(client=uploader)
    check(batches.items == [], f"the stack is new, and lists {batches}")

    file = types.File(io.BytesIO(payroll(clearway)))
    created = operation("batches", "create_batch").sync(client=uploader, body=file)
    check(isinstance(created, models.CreatedBatch), f"the file was not taken: {created}")
    batch_id = created.batch_id

    summary = operation("batches", "create_batch_summary").sync(batch_id, client=uploader)
    check(isinstance(summary, models.SummaryView), f"there is no summary: {summary}")
    approval = models.ApprovalBody(
        manifest_hash=summary.manifest_hash,
        total=summary.total,
        accept_accounts=summary.to_acknowledge.accounts,
        accept_overlaps=summary.to_acknowledge.overlaps,
    )
    refuse_own_approval(models, uploader, batch_id, approval)
    approved = operation("batches", "approve_batch").sync(batch_id, client=approver, body=approval)
    check(isinstance(approved, models.ApprovedBatch), f"it was not approved: {approved}")

    read = operation("batches", "get_batch")
    until(lambda: read.sync(batch_id, client=approver).state == "completed", f"{batch_id} is not paid")
    batch = read.sync(batch_id, client=approver)
    check(batch.approval.by == approved.approved_by, f"somebody else approved {batch}")
    listed = operation("batches", "list_batches").sync(client=approver, limit=1)
    check([batch_id] == [item.batch_id for item in listed.items], f"the batch is not listed: {listed}")


def refuse_own_approval(models, uploader, batch_id, approval):
    """Who uploads has no right to approve, and is told so as described."""
    refused = operation("batches", "approve_batch").sync_detailed(batch_id, client=uploader, body=approval)
    problem = refused.parsed
    check(isinstance(problem, models.Problem), f"no problem: {refused}")
    check((problem.status, problem.code, problem.roles) == (403, "role_missing", ["payroll:approve"]), f"{problem}")
    check(problem.request_id == refused.headers["x-request-id"], f"another request: {refused}")


def operation(tag, name):
    return importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")


def payroll(clearway):
    file = WORK / "payroll.xml"
    subprocess.run([clearway, "generate", "--out", file, "--rows", str(ROWS)], check=True, stderr=subprocess.DEVNULL)
    return file.read_bytes()


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


@contextlib.contextmanager
def served(clearway):
    """The stack at a free port, with two more beside it for the providers."""
    port = free_port()
    with open(WORK / "clearway.log", "wb") as log:
        process = subprocess.Popen([clearway, "--port", str(port)], stdout=log, stderr=log)
    try:
        until(lambda: "APPROVER" in tokens(WORK / "clearway.log"), "clearway does not start: see clearway.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(is_met, complaint):
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_met():
        check(time.monotonic() < end, complaint)
        time.sleep(0.1)


def tokens(log):
    """The development tokens that the stack prints."""
    return dict(re.findall(r"^export (UPLOADER|APPROVER)=(\S+)$", log.read_text(), re.MULTILINE))


main()
