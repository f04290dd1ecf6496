"""Serves Clearway, makes a batch and a card there, and lets Schemathesis ask for everything that docs/openapi.json describes.

Ids in requests are mostly those of things that exist, sometimes made up. Tokens are development tokens: of a person who may do
everything, but is not the uploader of the batch. The seed is fixed: the same code is asked the same.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

import requests

SEED = 1
ROWS = 30
PATIENCE_SECONDS = 120
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = pathlib.Path(os.environ["CARGO_TARGET_DIR"])
WORK = TARGET / "schemathesis"
# How often a parameter is the id of something that exists.
REAL_IDS = 0.8


def main():
    options = arguments()
    WORK.mkdir(parents=True, exist_ok=True)
    with served(options.clearway) as (url, process):
        token = requests.get(f"{url}/development/credentials", timeout=10).json()["token"]
        api = Api(url, token, tokens(WORK / "clearway.log")["UPLOADER"])
        known = known_ids(api, options.clearway)
        (WORK / "schemathesis.toml").write_text(configuration(known))
        asked = subprocess.run(command(url, token, options.examples), check=False, cwd=WORK)
        still = api.ask("GET", "/batches")
        if process.poll() is not None or still.status_code != 200:
            sys.exit("the stack does not serve on: see clearway.log")
        sys.exit(asked.returncode)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=10, help="requests of each kind and route, at most (10)")
    parser.add_argument("--clearway", type=pathlib.Path, default=TARGET / "debug" / "clearway")
    return parser.parse_args()


def command(url, token, examples):
    return [
        "schemathesis",
        "--config-file",
        str(WORK / "schemathesis.toml"),
        "run",
        str(ROOT / "docs" / "openapi.json"),
        "--url",
        url,
        "--header",
        f"Authorization: Bearer {token}",
        "--seed",
        str(SEED),
        "--max-examples",
        str(examples),
    ]


@contextlib.contextmanager
def served(clearway):
    """The stack at a free port, with two more beside it for the providers."""
    port = free_port()
    with open(WORK / "clearway.log", "wb") as log:
        process = subprocess.Popen([clearway, "--port", str(port)], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        # It prints its tokens last.
        until(lambda: "UPLOADER" in tokens(WORK / "clearway.log"), "clearway does not start: see clearway.log")
        yield url, process
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
        if time.monotonic() > end:
            sys.exit(complaint)
        time.sleep(0.1)


def tokens(log):
    """The development tokens that the stack prints."""
    return dict(re.findall(r"^export (UPLOADER|APPROVER)=(\S+)$", log.read_text(), re.MULTILINE))


class Api:
    def __init__(self, url, token, uploader):
        self.url = url
        self.everything = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self.uploader = {"Authorization": f"Bearer {uploader}", "Accept": "application/json"}

    def ask(self, method, path, headers=None, **body):
        return requests.request(method, self.url + path, headers=headers or self.everything, timeout=60, **body)

    def tell(self, method, path, headers=None, **body):
        answer = self.ask(method, path, headers, **body)
        answer.raise_for_status()
        return answer.json()


def known_ids(api, clearway):
    """A batch that is paid, and a card: what parameters may name."""
    file = WORK / "payroll.xml"
    subprocess.run([clearway, "generate", "--out", file, "--rows", str(ROWS)], check=True, stderr=subprocess.DEVNULL)
    xml = {**api.uploader, "Content-Type": "application/xml"}
    batch = api.tell("POST", "/batches", xml, data=file.read_bytes())["batch_id"]
    summary = api.tell("POST", f"/batches/{batch}/summary", api.uploader)
    approval = {
        "manifest_hash": summary["manifest_hash"],
        "total": summary["total"],
        "accept_accounts": summary["to_acknowledge"]["accounts"],
        "accept_overlaps": summary["to_acknowledge"]["overlaps"],
    }
    api.tell("POST", f"/batches/{batch}/approve", json=approval)
    until(lambda: api.tell("GET", f"/batches/{batch}")["state"] == "completed", f"{batch} is not paid")
    draft = api.tell("POST", "/batches", api.uploader, json={"length": 1000})["batch_id"]
    payments = api.tell("GET", f"/batches/{batch}/reports/payments")
    read = api.tell("GET", f"/batches/{batch}")
    item = link(api)
    reconciliation = api.tell("POST", "/reconciliations", json={"from": read["created_at"][:10]})
    correction = {
        "payer_id": payments[0]["source_id"],
        "debit": "cash",
        "credit": "funds",
        "amount": "1.00",
        "reason": "a fee",
    }
    proposed = api.tell("POST", "/ledger/corrections", json=correction)
    return {
        "batch_id": [batch, draft],
        "payment_id": sorted({line["payment_id"] for line in payments})[:3],
        "employee_id": sorted({line["employee_id"] for line in payments})[:3],
        "institution_id": sorted({line["institution_id"] for line in payments}),
        "source_id": sorted({line["source_id"] for line in payments}),
        "funding_id": [funding["funding_id"] for funding in read["fundings"]][:2],
        "account": sorted(api.tell("GET", "/ledger/trial-balance")["accounts"])[:3],
        "item_id": [item],
        "card_id": [card["card_id"] for card in api.tell("GET", "/cards")["items"]],
        "report": ["payments", "sources", "branches"],
        "reconciliation_id": [reconciliation["reconciliation_id"]],
        "correction_id": [proposed["correction_id"]],
    }


def link(api):
    """Accounts of the Sandbox's user at a simulated institution; answers the item."""
    port = int(api.url.rsplit(":", 1)[1])
    public = {
        "client_id": "local",
        "secret": "local",
        "institution_id": "ins_3",
        "initial_products": ["auth", "transactions", "liabilities"],
    }
    created = requests.post(f"http://127.0.0.1:{port + 2}/sandbox/public_token/create", json=public, timeout=10)
    created.raise_for_status()
    public_token = created.json()["public_token"]
    item = api.tell("POST", "/items", json={"public_token": public_token, "holder_name": "Ann Example"})["item_id"]
    until(lambda: api.tell("GET", "/cards")["items"], "no card is read")
    return item


def configuration(known):
    lines = []
    for name, values in known.items():
        lines.append(f"[dictionaries.{name}]")
        lines.append(f"values = {json.dumps(values)}")
    lines.append("[parameters]")
    for name in known:
        kind = "query" if name == "card" else "path"
        lines.append(f'"{kind}.{name}" = {{ dictionary = "{name}", probability = {REAL_IDS} }}')
    return (HERE / "schemathesis.toml").read_text() + "\n" + "\n".join(lines) + "\n"


main()
