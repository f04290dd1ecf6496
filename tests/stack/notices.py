"""The topic of notices, as whoever delivers them to people sees it: a queue that subscribes to it."""

import collections
import json

from steps import equal


class Notices:
    def __init__(self, stack):
        self.sqs = stack.sqs
        self.queue = stack.sqs.create_queue(QueueName=f"{stack.name}-notices")["QueueUrl"]
        topic, queue_arn = stack.outputs["NoticesTopicArn"], stack.queue_arn(self.queue)
        may_send = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
        stack.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": policy})
        stack.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})

    def received(self):
        """How many there were, by recipient and kind. A notice is told from another by its id."""
        found, ids = collections.Counter(), []
        while messages := self._receive():
            for message in messages:
                attributes = {name: of["StringValue"] for name, of in message["MessageAttributes"].items()}
                found[attributes["recipient_kind"], attributes["kind"]] += 1
                ids.append(attributes["id"])
        equal(len(set(ids)), len(ids), "notices that were published more than once")
        return found

    def _receive(self):
        received = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return received.get("Messages", [])
