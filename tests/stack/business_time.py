"""Business time: several banking days in a minute, with no rule skipped.

The functions get it as BUSINESS_TIME_AHEAD_SECONDS, which they refuse where AWS_ENDPOINT_URL names no emulator; the simulated bank through
its control call. Both stay real clocks that are so far ahead. It moves only while no task, webhook or call is under way, to the next moment
at which something is due with us or at the bank.
"""

import datetime

import web
from steps import wait_until

# Index `due` of the table: partitions of this name, and the time as sort key.
DUE_SHARDS = ("DUE#0", "DUE#1", "DUE#2", "DUE#3")
# How long the work of one moment may take, at least and for each row. A failed task comes again after twelve minutes: too late for both.
QUIET_WITHIN_SECONDS = 300
QUIET_WITHIN_MS_A_ROW = 200


def moment(text):
    """A time in UTC, to the second below."""
    return datetime.datetime.fromisoformat(text.rstrip("Z").split(".")[0] + "+00:00")


class BusinessTime:
    def __init__(self, stack, bank_url, rows):
        self.stack = stack
        self.bank_url = bank_url
        self.queues = [stack.id("BulkQueue"), stack.id("OtherQueue")]
        self.ahead = datetime.timedelta()
        self.quiet_within_seconds = QUIET_WITHIN_SECONDS + rows * QUIET_WITHIN_MS_A_ROW // 1_000

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + self.ahead

    def wait_quiet(self):
        wait_until(self._is_quiet, "queues empty and webhooks delivered", self.quiet_within_seconds)

    def _is_quiet(self):
        # A webhook queues tasks, and a task makes the bank send webhooks: the bank is asked before and after.
        return self._bank()["is_quiet"] and not any(map(self.stack.messages, self.queues)) and self._bank()["is_quiet"]

    def _bank(self):
        return web.call("GET", f"{self.bank_url}/__control/clock").json()

    def due(self):
        """When the first thing is due with us, or None."""
        first = []
        for shard in DUE_SHARDS:
            page = self.stack.dynamodb.query(
                TableName=self.stack.outputs["TableName"],
                IndexName="due",
                KeyConditionExpression="due_pk = :shard",
                ExpressionAttributeValues={":shard": {"S": shard}},
                Limit=1,
            )
            first += [moment(item["due_sk"]["S"]) for item in page["Items"]]
        return min(first, default=None)

    def move_on(self):
        """To the next moment at which something is due, a second beyond it: the index and the bank count whole seconds."""
        bank = self._bank()["next_due"]
        next_moments = [at for at in (self.due(), bank and moment(bank)) if at]
        second = datetime.timedelta(seconds=1)
        to = max(min(next_moments), self.now()) + second
        # First ours: what the bank then does happens at a time that we have reached.
        self.ahead += to - self.now()
        self.stack.set_variable("BUSINESS_TIME_AHEAD_SECONDS", str(int(self.ahead.total_seconds())))
        body = {"to": to.isoformat()}
        web.call("POST", f"{self.bank_url}/__control/set-clock", body=body)

    def run_what_is_due(self):
        """What the schedule does every minute."""
        self.wait_quiet()
        self.stack.invoke(self.stack.id("SchedulerFunction"), {})
        self.wait_quiet()
