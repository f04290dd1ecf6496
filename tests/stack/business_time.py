"""Business time: several banking days in a minute, with no rule skipped.

The functions get it as BUSINESS_TIME_AHEAD_SECONDS, which they refuse where AWS_ENDPOINT_URL names no emulator; the simulated bank and the
simulated Plaid through their control calls. All stay real clocks that are so far ahead. It moves only while no task, webhook or call is
under way, to the next moment at which something is due with us or at the bank, or over several such moments at once. Nothing begins
meanwhile either: the emulator ends whatever a function is doing when its variables change, and a task that is ended so comes again only
after twelve minutes.
"""

import contextlib
import datetime

import web
from steps import equal, wait_until

# Index `due` of the table: partitions of this name, and the time as sort key.
DUE_SHARDS = ("DUE#0", "DUE#1", "DUE#2", "DUE#3")
# Rounds (the poll of events, the closing, the daily reconciliation) are due for ever, and wait for whatever else moves time on.
ROUND = "WATERMARK#"
ROUNDS = 3
# How long the work of one moment may take, at least and for each row. A failed task comes again after twelve minutes: too late for both.
QUIET_WITHIN_SECONDS = 300
QUIET_WITHIN_MS_A_ROW = 200


def moment(text):
    """A time in UTC, to the second below."""
    return datetime.datetime.fromisoformat(text.rstrip("Z").split(".")[0] + "+00:00")


class BusinessTime:
    def __init__(self, stack, bank_url, plaid_url, rows):
        self.stack = stack
        self.bank_url = bank_url
        self.plaid_url = plaid_url
        self.senders = [bank_url, plaid_url]
        self.plaid_ahead_seconds = 0
        self.queues = [stack.id("BulkQueue"), stack.id("OtherQueue")]
        self.ahead = datetime.timedelta()
        self.quiet_within_seconds = QUIET_WITHIN_SECONDS + rows * QUIET_WITHIN_MS_A_ROW // 1_000

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + self.ahead

    def wait_quiet(self):
        left = {}

        def is_quiet():
            left.clear()
            left.update(self._under_way())
            return not left

        wait_until(is_quiet, lambda: f"no message and no webhook under way (left: {left})", self.quiet_within_seconds)

    def _under_way(self):
        # A webhook queues tasks, and a task makes the bank send webhooks: both senders are asked before and after.
        return self._undelivered() or self._messages() or self._undelivered()

    def _undelivered(self):
        left = {"webhooks of Plaid": self._plaid()["deliveries"]["pending"], "the bank": not self._bank()["is_quiet"]}
        return {sender: count for sender, count in left.items() if count}

    def _messages(self):
        left = {queue.rpartition("/")[2]: self.stack.messages(queue) for queue in self.queues}
        return {queue: count for queue, count in left.items() if count}

    def _bank(self):
        return web.call("GET", f"{self.bank_url}/__control/clock").json()

    def _plaid(self):
        return web.call("GET", f"{self.plaid_url}/__control/counters").json()

    def due(self):
        """When the first thing that is no round is due with us, or None."""
        first = []
        for shard in DUE_SHARDS:
            page = self.stack.dynamodb.query(
                TableName=self.stack.outputs["TableName"],
                IndexName="due",
                KeyConditionExpression="due_pk = :shard",
                ExpressionAttributeValues={":shard": {"S": shard}},
                Limit=ROUNDS + 1,
            )
            items = [item for item in page["Items"] if not item["pk"]["S"].startswith(ROUND)]
            first += [moment(item["due_sk"]["S"]) for item in items]
        return min(first, default=None)

    def move_on(self):
        """To the next moment at which something is due, a second beyond it: the index and the bank count whole seconds."""
        bank = self._bank()["next_due"]
        next_moments = [at for at in (self.due(), bank and moment(bank)) if at]
        self._go_to(max(min(next_moments), self.now()) + datetime.timedelta(seconds=1))

    def skip(self, days):
        """So many days on at once: what falls due in them is done late, as after an outage."""
        self._go_to(self.now() + datetime.timedelta(days=days))
        self.run_what_is_due()

    @contextlib.contextmanager
    def nothing_runs(self):
        """Holds webhooks back, and waits until what has begun is over. The schedule's rule has to be off, and nobody may call."""

        def is_idle():
            under_way = sum(self._control(url, "hold-webhooks", is_held=True)["under_way"] for url in self.senders)
            return not under_way and not self._messages()

        wait_until(is_idle, "what has begun to end", self.quiet_within_seconds)
        try:
            yield
        finally:
            for url in self.senders:
                self._control(url, "hold-webhooks", is_held=False)

    def _go_to(self, to):
        with self.nothing_runs():
            # First ours: what the others then do happens at a time that we have reached.
            self.ahead += to - self.now()
            self.stack.set_variable("BUSINESS_TIME_AHEAD_SECONDS", str(int(self.ahead.total_seconds())))
            self._control(self.bank_url, "set-clock", to=to.isoformat())
            behind = int(self.ahead.total_seconds()) - self.plaid_ahead_seconds
            self._control(self.plaid_url, "advance", seconds=behind)
            self.plaid_ahead_seconds += behind

    def _control(self, url, name, **fields):
        answer = web.call("POST", f"{url}/__control/{name}", body=fields)
        equal(answer.status, 200, f"the control call {name}")
        return answer.json()

    def run_what_is_due(self):
        """What the schedule does every minute."""
        self.wait_quiet()
        self.stack.invoke(self.stack.id("SchedulerFunction"), {})
        self.wait_quiet()
