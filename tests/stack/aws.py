"""The emulator, and the stack deployed on it, through the calls that an operator has."""

import contextlib
import json
import os
import socket
import urllib.parse

import boto3

import processes
import web
from steps import Failed, check, wait_until

REGION = "us-east-1"
STARTS_WITHIN_SECONDS = 60
DEPLOYS_WITHIN_SECONDS = 600


def variables(endpoint):
    """The environment of everything that speaks to the emulator. No profile or key of the person at the machine is read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }


def refuse_aws(endpoint):
    host = urllib.parse.urlsplit(endpoint).hostname or ""
    if host.endswith(("amazonaws.com", "amazonaws.com.cn", "api.aws")):
        raise Failed(f"{endpoint} is AWS itself: this test moves clocks and makes keys up, it is for emulators")


def seen_from(address, endpoint):
    """The endpoint as the functions reach it, where this machine has another address for them."""
    parts = urllib.parse.urlsplit(endpoint)
    if parts.hostname not in ("localhost", "127.0.0.1"):
        return endpoint
    return parts._replace(netloc=f"{address}:{parts.port}" if parts.port else address).geturl()


@contextlib.contextmanager
def ministack(port, folder):
    """Runs MiniStack. It hands its own AWS_ENDPOINT_URL to the functions, as LocalStack does, so that the template need not."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            raise Failed(f"port {port}: {taken}; --port takes another, AWS_ENDPOINT_URL uses what runs there") from taken
    endpoint = f"http://127.0.0.1:{port}"
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    environment = variables(endpoint) | {
        # Each function runs under its role; see rights.py.
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(temporary),
    }
    with processes.running(["ministack"], environment, folder / "emulator.log") as process:
        wait_until(lambda: answers(endpoint, process), "the emulator answers", STARTS_WITHIN_SECONDS)
        yield endpoint


def answers(endpoint, process):
    check(process.poll() is None, f"the emulator ended with status {process.returncode}")
    try:
        return web.call("GET", f"{endpoint}/_ministack/health").status == 200
    except OSError:
        return False


class Stack:
    """A deployed stack."""

    def __init__(self, name, environment):
        self.name = name
        self.endpoint = environment["AWS_ENDPOINT_URL"]
        self.stored_secrets = []
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

        def client(service):
            return session.client(service, endpoint_url=self.endpoint)

        self.cloudformation = client("cloudformation")
        self.functions_api = client("lambda")
        self.sns = client("sns")
        self.sqs = client("sqs")
        self.s3 = client("s3")
        self.secrets = client("secretsmanager")
        self.dynamodb = client("dynamodb")
        self.events = client("events")
        self.logs = client("logs")
        self.iam = client("iam")

    def deploy(self, template, parameters, environment, log):
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        command = ["sam", "deploy", "--template-file", str(template), "--config-file", os.path.abspath("samconfig.toml")]
        command += ["--stack-name", self.name, "--no-confirm-changeset", "--no-progressbar", "--parameter-overrides", *overrides]
        processes.run(command, environment, log)
        self._read()

    def _read(self):
        resources = self.cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        self._ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
        self._types = {resource["LogicalResourceId"]: resource["ResourceType"] for resource in resources}
        described = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def id(self, logical_id):
        return self._ids[logical_id]

    def of_type(self, resource_type):
        return [self._ids[name] for name, found in self._types.items() if found == resource_type]

    def url(self, output):
        """Where the emulator serves what the output says is served on AWS."""
        parts = urllib.parse.urlsplit(self.outputs[output])
        _, stage, *path = parts.path.split("/")
        api_id = parts.hostname.split(".")[0]
        return "/".join([f"{self.endpoint}/restapis/{api_id}/{stage}/_user_request_", *path])

    def store_secret(self, name, value):
        self.stored_secrets.append(value)
        text = value if isinstance(value, str) else json.dumps(value)
        self.secrets.put_secret_value(SecretId=f"{self.name}/{name}", SecretString=text)

    def set_variable(self, name, value):
        """For every function, beside the variables that the template gives it. Each then starts anew."""
        for function in self.of_type("AWS::Lambda::Function"):
            configuration = self.functions_api.get_function_configuration(FunctionName=function)
            changed = {"Variables": configuration["Environment"]["Variables"] | {name: value}}
            self.functions_api.update_function_configuration(FunctionName=function, Environment=changed)
        for function in self.of_type("AWS::Lambda::Function"):
            self.functions_api.get_waiter("function_updated_v2").wait(FunctionName=function)

    def variables_of(self, function):
        return self.functions_api.get_function_configuration(FunctionName=self.id(function))["Environment"]["Variables"]

    def mappings(self, queue_arn=None):
        selected = {"EventSourceArn": queue_arn} if queue_arn else {}
        return self.functions_api.list_event_source_mappings(**selected)["EventSourceMappings"]

    def invoke(self, function, event):
        answer = self.functions_api.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        body = json.loads(answer["Payload"].read() or b"null")
        check("FunctionError" not in answer, f"{function}: {body}")
        return body

    def items(self):
        """How many items the table has."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.outputs["TableName"], Select="COUNT")
        return sum(page["Count"] for page in pages)

    def queue_arn(self, url):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def messages(self, url):
        """All messages of a queue: those that wait, are being worked on, or come again later."""
        names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        return sum(int(n) for n in self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values())

    def logged(self, lines):
        """The last lines that each function wrote, by its log group."""
        found = {}
        for group in self.logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{self.name}")["logGroups"]:
            name = group["logGroupName"]
            pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            found[name] = [event["message"].rstrip() for page in pages for event in page["events"]][-lines:]
        return found

    def delete(self):
        """Best effort, on an emulator that goes on: what the template retains stays, under this stack's name."""
        with contextlib.suppress(Exception):
            self.cloudformation.delete_stack(StackName=self.name)
