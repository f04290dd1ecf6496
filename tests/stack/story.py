"""What is done with the deployed stack over HTTP, and what has to come of it."""

import collections
import csv
import dataclasses
import hashlib
import hmac
import io
import json

import autopay
import aws
import doctor
import integration
import payroll_file
import web
from business_time import BusinessTime
from notices import Notices
from payroll_file import Row, Sum, cents
from steps import check, equal, step, wait_until

REPORTS = ("payments", "sources", "branches")
# More than any payroll of some banking days has moments at which something is due.
MOVES_MAX = 500
# More than the functions write while they pay.
LOG_LINES_MAX = 1_000_000
POISON = "this is no task"


@dataclasses.dataclass
class World:
    stack: aws.Stack
    providers: dict
    file: str
    rows: list[Row]
    dead_servicers: set[str]
    doctor: doctor.Doctor

    def __post_init__(self):
        self.api = self.stack.url("ApiUrl")
        self.webhook = self.stack.url("WebhookUrl")
        self.bank = self.providers["column_url"]
        self.uploader = self.providers["uploader_token"]
        self.approver = self.providers["approver_token"]
        self.plaid = self.providers["plaid_url"]
        self.time = BusinessTime(self.stack, self.bank, self.plaid, len(self.rows))
        self.notices = Notices(self.stack)

    def is_payable(self, row):
        return row.institution not in self.dead_servicers

    @property
    def payable(self):
        return [row for row in self.rows if self.is_payable(row)]

    def ask(self, method, path, token, expected, **request):
        answer = web.call(method, f"{self.api}{path}", token=token, **request)
        check(answer.status == expected, f"{method} {path} answered {answer.status}: {answer.body[:500]!r}")
        return answer

    def batch(self, batch_id):
        return self.ask("GET", f"/batches/{batch_id}", self.uploader, 200).json()

    def transfers(self):
        return web.call("GET", f"{self.bank}/__control/counters").json()


def tell(world):
    with step("the bank knows the webhook"):
        register_webhook(world)
    with step("clearway doctor finds nothing wrong, and prints no secret"):
        doctor.when_all_is_set_up(world.doctor, world.stack, world.approver)
    with step("who shows no token, no role or a wrong signature is refused"):
        refuse_strangers(world)
    with step("uploaded by a presigned link"):
        batch_id = upload(world)
    with step("the summary says what the file says"):
        summary = summarize(world, batch_id)
    with step("a second person approves; once more changes nothing"):
        approval = approve(world, batch_id, summary)
    with step("the schedule alone finds what is due"):
        await_schedule(world, batch_id)
    with step(f"paid {len(world.payable)} payments over banking days of business time") as note:
        note(f"{pay(world, batch_id)} moments")
    with step("the reports agree with the file, the ledger and the bank"):
        reports = {name: report(world, batch_id, name) for name in REPORTS}
        compare_reports(world, reports)
        compare_bank(world)
        compare_ledger(world)
    with step("the logs tell the money that the dashboard counts"):
        compare_money_moved(world)
    with step("approved again when all is paid: nothing moves"):
        approve_late(world, batch_id, approval)
    autopay.tell(world)
    with step("the books of both are balanced"):
        compare_ledger(world)
    with step("each notice was published once, to whom it is for"):
        compare_notices(world)
    with step("a poison message ends as the only dead letter and is discarded, its batch-mates are done"):
        poison(world, batch_id, reports)


def register_webhook(world):
    body = {"url": world.webhook, "enabled_events": integration.webhook_events(), "description": "deployed test"}
    answer = web.call("POST", f"{world.bank}/webhook-endpoints", body=body, key=world.providers["column_api_key"])
    equal(answer.status, 200, "registering the webhook")
    world.stack.store_secret("column-webhook-secrets", [answer.json()["secret"]])


def refuse_strangers(world):
    for method, path in (("GET", "/batches"), ("POST", "/batches"), ("GET", "/ledger/trial-balance")):
        world.ask(method, path, None, 401)
        world.ask(method, path, "not.a.token", 401)
    world.ask("POST", "/batches", world.approver, 403, body={"length": 10})
    forged = b'{"id":"evnt_1","type":"ach.outgoing_transfer.settled","data":{}}'
    wrong = hmac.new(b"not the secret", forged, hashlib.sha256).hexdigest()
    for headers in ({"Column-Signature": wrong}, {}):
        headers["Content-Type"] = "application/json"
        equal(web.call("POST", world.webhook, body=forged, headers=headers).status, 401, "a forged webhook")


def upload(world):
    with open(world.file, "rb") as file:
        body = file.read()
    created = world.ask("POST", "/batches", world.uploader, 201, body={"length": len(body)}).json()
    link = created["upload"]
    answer = web.call(link["method"], link["url"], body=body, headers=link["headers"])
    equal(answer.status, 200, f"the upload ({answer.body[:300]!r})")
    return created["batch_id"]


def summarize(world, batch_id):
    path = f"/batches/{batch_id}/summary"
    answer = web.call("POST", f"{world.api}{path}", token=world.uploader)
    if answer.status == 202:
        finished = lambda: (latest := web.call("GET", f"{world.api}{path}", token=world.uploader)).status != 202 and latest
        answer = wait_until(finished, "the summary of a large file", 600, pause=1)
    equal(answer.status, 200, f"the summary ({answer.body[:500]!r})")
    summary = answer.json()
    equal((summary["rows"], cents(summary["total"])), (len(world.rows), payroll_file.total(world.rows)), "the file's total")
    unpayable = [row for row in world.rows if not world.is_payable(row)]
    found = (summary["unpayable"]["rows"], cents(summary["unpayable"]["total"]))
    equal(found, (len(unpayable), payroll_file.total(unpayable)), "what cannot be paid")
    for listed, key in (("by_source", lambda row: row.source), ("by_branch", lambda row: row.branch)):
        found = {line["id"]: Sum(line["rows"], cents(line["total"])) for line in summary[listed]}
        equal(found, payroll_file.sums(world.rows, key), f"the summary's {listed}")
    return summary


def approve(world, batch_id, summary):
    """Answers the approval's body."""
    body = {
        "manifest_hash": summary["manifest_hash"],
        "total": summary["total"],
        "accept_accounts": summary["to_acknowledge"]["accounts"],
        "accept_overlaps": summary["to_acknowledge"]["overlaps"],
    }
    world.ask("POST", f"/batches/{batch_id}/approve", world.uploader, 403, body=body)
    first = world.ask("POST", f"/batches/{batch_id}/approve", world.approver, 202, body=body)
    again = world.ask("POST", f"/batches/{batch_id}/approve", world.approver, 202, body=body)
    equal(again.json(), first.json(), "the second approval's answer")
    world.time.wait_quiet()
    imported = world.batch(batch_id)
    equal(imported["state"], "paying", "the batch after its import")
    equal(cents(imported["totals"]["total"]), payroll_file.total(world.rows), "the total of the recorded payments")
    return body, first.json()


def await_schedule(world, batch_id):
    """Moves time to where something is due, and waits for the rule. It is off before and after: time moves only while nothing runs."""
    rules = world.stack.of_type("AWS::Events::Rule")
    for rule in rules:
        world.stack.events.disable_rule(Name=rule)
    world.time.move_on()
    before = world.time.due()
    for rule in rules:
        world.stack.events.enable_rule(Name=rule)
    wait_until(lambda: world.time.due() != before, "the schedule to run the scheduler", 150, pause=1)
    for rule in rules:
        world.stack.events.disable_rule(Name=rule)
    world.time.wait_quiet()
    equal(world.batch(batch_id)["state"], "paying", "the batch after the schedule ran")


def pay(world, batch_id):
    """Lets time pass until the batch is completed; answers how many moments that took."""
    for moves in range(MOVES_MAX):
        state = world.batch(batch_id)["state"]
        if state == "completed":
            return moves
        equal(state, "paying", "the batch on its way")
        world.time.move_on()
        world.time.run_what_is_due()
    check(False, f"the batch is not completed after {MOVES_MAX} moments")


def report(world, batch_id, name):
    """The report as CSV; a large one is written by the worker and fetched by a link."""
    path = f"{world.api}/batches/{batch_id}/reports/{name}"

    def ready():
        answer = web.call("GET", path, token=world.uploader, headers={"Accept": "text/csv"})
        return answer if answer.status != 202 else None

    answer = wait_until(ready, f"the report {name}", 600, pause=1)
    if answer.status == 303:
        answer = web.call("GET", answer.headers["Location"])
    equal(answer.status, 200, f"the report {name} ({answer.body[:300]!r})")
    return answer.body


def compare_reports(world, reports):
    lines = {name: list(csv.DictReader(io.StringIO(body.decode()))) for name, body in reports.items()}
    found = [
        (int(line["row"]), line["employee_id"], line["branch_id"], line["source_id"], line["institution_id"], cents(line["amount"]))
        for line in lines["payments"]
    ]
    equal(len(found), len(world.rows), "lines of the payments report")
    for line, row in zip(found, world.rows):
        equal(line, dataclasses.astuple(row), f"row {row.number} of the payments report")
    for line, row in zip(lines["payments"], world.rows):
        equal(line["status"], "completed" if world.is_payable(row) else "failed", f"what became of row {row.number}")
        equal(bool(line["transfer_id"]), world.is_payable(row), f"whether the bank has row {row.number}")
    for name, column, key in (
        ("sources", "source_id", lambda row: row.source),
        ("branches", "branch_id", lambda row: row.branch),
    ):
        compare_tallies(world, lines[name], column, key)


def compare_tallies(world, lines, column, key):
    """Every count and sum by source or branch, to the cent."""
    unpaid = [row for row in world.rows if not world.is_payable(row)]
    expected = {
        "": payroll_file.sums(world.rows, key),
        "completed": payroll_file.sums(world.payable, key),
        "failed": payroll_file.sums(unpaid, key),
    }
    equal({line[column] for line in lines}, set(expected[""]), f"the lines by {column}")
    for line in lines:
        for state in ("", "completed", "failed", "returned", "open"):
            count, amount = (state, f"{state}_total") if state else ("payments", "total")
            wanted = expected.get(state, {}).get(line[column], Sum())
            equal(Sum(int(line[count]), cents(line[amount])), wanted, f"{line[column]}: {state or 'all'}")


def compare_money_moved(world):
    """Whatever was sent settled: the lines of either step, in cents and in number, are the payments."""
    moved = collections.defaultdict(list)
    for lines in world.stack.logged(LOG_LINES_MAX).values():
        for line in (json.loads(line) for line in lines if line.startswith("{")):
            if line.get("metric") == "money_moved":
                moved[line["of"], line["step"]].append(line["cents"])
    paid = Sum(len(world.payable), payroll_file.total(world.payable))
    for moment in ("sent", "settled"):
        cents_of = moved["payment", moment]
        equal(Sum(len(cents_of), sum(cents_of)), paid, f"payments {moment}, as the logs tell them")
    pulled = {moment: sum(moved["funding", moment]) for moment in ("sent", "settled", "available")}
    equal(pulled, dict.fromkeys(pulled, paid.cents), "debits, as the logs tell them")


def compare_bank(world):
    """The bank's own books: one credit a payable row, one debit a source, and nothing twice."""
    counters = world.transfers()
    sources = {row.source for row in world.payable}
    equal(counters["transfers"], len(world.payable) + len(sources), "transfers at the bank")
    equal(counters["duplicate_keys_with_other_content"], 0, "keys sent with other content")
    equal(counters["deliveries"]["pending"] + counters["deliveries"]["failed"], 0, "webhooks that were not accepted")
    by_account = payroll_file.sums(world.payable, lambda row: row.source)
    listed = all_transfers(world)
    debits = sorted(transfer["amount"] for transfer in listed if transfer["type"] == "DEBIT")
    equal(debits, sorted(total.cents for total in by_account.values()), "what was pulled from each source")
    credits = collections.Counter(transfer["amount"] for transfer in listed if transfer["type"] == "CREDIT")
    equal(credits, collections.Counter(row.cents for row in world.payable), "what was paid")


def all_transfers(world):
    listed, after = [], ""
    while True:
        url = f"{world.bank}/transfers/ach?limit=100{after and f'&starting_after={after}'}"
        page = web.call("GET", url, key=world.providers["column_api_key"]).json()
        listed += page["transfers"]
        if not page["has_more"]:
            return listed
        after = page["transfers"][-1]["id"]


def compare_ledger(world):
    books = world.ask("GET", "/ledger/trial-balance", world.uploader, 200).json()
    equal(cents(books["total"]["debits"]), cents(books["total"]["credits"]), "debits and credits")
    check(cents(books["total"]["debits"]) > 0, "the ledger is empty")
    for name, account in books["accounts"].items():
        equal(account["balance"], "0.00", f"what is left on {name} when all is paid")


def compare_notices(world):
    """What whoever delivers notices has got, by whom it is for and its kind."""
    world.time.run_what_is_due()
    expected = collections.Counter({("admins", "batch_completed"): 1}) + collections.Counter(
        ("person", kind) for kind in ("authorization_given", "payment_started", "check_mailed", "check_cashed")
    )
    found = world.notices.received()
    # Days are skipped: whether a review or a new reading of the card comes first after them, and so whether it is told, is open.
    del found["person", "card_needs"]
    equal(found, expected, "the notices that were published")


def approve_late(world, batch_id, approval):
    body, answered = approval
    before, transfers = world.batch(batch_id), world.transfers()
    late = world.ask("POST", f"/batches/{batch_id}/approve", world.approver, 202, body=body)
    equal(late.json(), answered, "the late approval's answer")
    world.time.wait_quiet()
    equal(world.batch(batch_id), before, "the batch after a late approval")
    equal(world.transfers(), transfers, "the bank after a late approval")


def poison(world, batch_id, reports):
    stack, queue = world.stack, world.stack.id("BulkQueue")
    tasks = [
        json.dumps({"version": 1, "task": {"kind": "report", "batch_id": batch_id, "report": name, "format": "csv"}})
        for name in REPORTS
    ]
    refuse_only_the_poison(world, tasks)
    # Five receives of the real twelve minutes each would take an hour.
    stack.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "2"})
    (mapping,) = stack.mappings(stack.queue_arn(queue))
    stack.functions_api.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    bodies = [tasks[0], POISON, *tasks[1:]]
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    equal(len(stack.sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]), len(bodies), "messages sent")
    stack.functions_api.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    wait_until(lambda: open_letters(world), "the poison to be given up and written down", 180, pause=0.5)
    world.time.wait_quiet()
    (letter,) = open_letters(world)
    equal(letter["message"]["sha256"], hashlib.sha256(POISON.encode()).hexdigest(), "the dead letter")
    equal((letter["queue"], letter["failure"]["kind"]), ("bulk", "not_a_task"), "where and why it was given up")
    urls = [stack.outputs[f"{name}DeadLettersUrl"] for name in ("Bulk", "Other")]
    wait_until(lambda: not any(map(stack.messages, urls)), "the written message to be deleted", 60)
    equal(written_reports(stack, batch_id), reports, "the reports that the batch-mates wrote")
    discard(world, letter["dead_letter_id"])


def open_letters(world):
    return world.ask("GET", "/dead-letters", world.approver, 200).json()["items"]


def discard(world, letter_id):
    body = {"reason": "It was sent to see what becomes of it."}
    world.ask("POST", f"/dead-letters/{letter_id}/discard", world.approver, 200, body=body)
    equal(open_letters(world), [], "dead letters when it is discarded")
    (entry,) = world.ask("GET", f"/audit?subject={letter_id}", world.approver, 200).json()["items"]
    equal((entry["action"], entry["detail"]), ("discard_dead_letter", body["reason"]), "the audit")


def refuse_only_the_poison(world, tasks):
    """One delivery, as SQS hands it to the worker's binary."""
    records = [
        {"messageId": f"message-{number}", "body": body, "eventSource": "aws:sqs"}
        for number, body in enumerate([*tasks, POISON])
    ]
    answer = world.stack.invoke(world.stack.id("PaymentWorkerFunction"), {"Records": records})
    equal(answer, {"batchItemFailures": [{"itemIdentifier": f"message-{len(tasks)}"}]}, "the worker's answer")


def written_reports(stack, batch_id):
    prefix, bucket = f"batches/{batch_id}/reports/", stack.outputs["BucketName"]
    listed = stack.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    written = {}
    for key in (entry["Key"] for entry in listed):
        name, _, extension = key.rpartition("/")[2].partition("-")
        if extension.endswith(".csv"):
            written[name] = stack.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return written
