"""The deployed test: the real template on an AWS emulator, and a payroll through it over HTTP."""

import argparse
import base64
import contextlib
import json
import os
import pathlib
import secrets
import subprocess
import sys
import time

import aws
import binaries
import build
import doctor
import payroll_file
import processes
import rights
import story
from steps import Failed, step, tail

LOGS = ("emulator.log", "simulators.log", "build.log", "deploy.log", "contract.log")


def options():
    parser = argparse.ArgumentParser(prog="tests/stack/run", description=__doc__)
    parser.add_argument("--rows", type=int, default=500, help="rows of the payroll (500)")
    parser.add_argument("--release", action="store_true", help="build with `sam build`, and check what would be shipped")
    parser.add_argument("--port", type=int, default=4566, help="the emulator's port (4566)")
    parser.add_argument(
        "--listen",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="an address of this machine by which the functions reach it, where the emulator runs them in containers",
    )
    return parser.parse_args()


def built(wanted, environment, folder, target):
    with step("built the debug binaries"):
        build.compile_debug(environment, folder / "build.log")
    if not wanted.release:
        return build.package_debug(target / "debug", folder / "package")
    with step("built with sam build"):
        template = build.sam_build(environment, folder / "build.log")
    for binary in build.bootstraps(template):
        with step(f"{binary.parent.name}: symbols and size are as Lambda needs them") as note:
            note(f"glibc {binaries.check_glibc(binary)}, {binaries.check_size(binary) / 1e6:.1f} MB")
    return template


@contextlib.contextmanager
def simulators(program, address, dead_servicers, environment, folder):
    """The bank, Plaid and the token issuer; answers what a deployment has to know of them."""
    command = [program, "simulators", "--json", "--listen", address]
    for institution in dead_servicers:
        command += ["--unpayable", institution]
    with processes.running(command, environment, folder / "simulators.log", stdout=subprocess.PIPE) as process:
        line = process.stdout.readline()
        if not line:
            raise Failed("the simulators did not start")
        yield json.loads(line)


def parameters(providers):
    return {
        "Architecture": build.ARCHITECTURE,
        "ColumnUrl": providers["column_url"],
        "ColumnEntityId": providers["column_entity_id"],
        "PlaidUrl": providers["plaid_url"],
        "OidcIssuer": providers["oidc_issuer"],
        "OidcAudience": providers["oidc_audience"],
        "BankCallsPerSecond": 1000,
        "BulkConcurrency": 4,
        "OtherConcurrency": 2,
        "DeletionProtection": "false",
    }


def store_secrets(stack, providers):
    """As docs/operate.md tells an operator to; the webhook's secret comes with its registration."""

    def key():
        return base64.b64encode(secrets.token_bytes(32)).decode()

    for name in ("column-api-key", "plaid-client-id", "plaid-secret"):
        stack.store_secret(name, providers[name.replace("-", "_")])
    stack.store_secret("sealing-key-ring", {"current": "1", "keys": {"1": key()}})
    stack.store_secret("fingerprint-key", {"version": 1, "key": key()})


def bound_concurrency(stack):
    """Sets each mapping's maximum concurrency again, as a number.

    A template's parameter is text, and CloudFormation makes a number of it where the property is one. MiniStack 1.5 hands the text on, and
    its poller then fails at each comparison: no queue would ever be read.
    """
    for mapping in stack.mappings():
        at_most = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        if at_most is not None:
            stack.functions_api.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(at_most)}
            )


def set_protection(stack):
    """Sets the table's protection again, as a boolean: the same text as above, which no client of the table's description can read."""
    stack.dynamodb.update_table(TableName=stack.outputs["TableName"], DeletionProtectionEnabled=False)


def contract(environment, log):
    command = ["cargo", "test", "--workspace", "--locked", "--test", "store_contract", "--", "dynamodb::"]
    processes.run(command, environment, log)


def main(wanted, running, folder, target):
    given = os.environ.get("AWS_ENDPOINT_URL")
    if given:
        aws.refuse_aws(given)
    cargo = dict(os.environ)
    cargo.pop("AWS_ENDPOINT_URL", None)
    template = built(wanted, cargo, folder, target)
    program = target / "debug/clearway"
    if given:
        endpoint = given.rstrip("/")
    else:
        with step("started MiniStack"):
            endpoint = running.enter_context(aws.ministack(wanted.port, folder))
    environment = aws.variables(endpoint)

    with step("the store keeps its contract on the emulator"):
        contract(environment, folder / "contract.log")

    file = folder / "payroll.xml"
    with step(f"generated {wanted.rows} rows and started the simulators"):
        subprocess.run([program, "generate", "--out", file, "--rows", str(wanted.rows)], check=True, capture_output=True)
        manifest = json.loads(pathlib.Path(f"{file}.manifest.json").read_text(encoding="utf-8"))
        dead = manifest["dead_servicers"]
        providers = running.enter_context(simulators(program, wanted.listen, dead, environment, folder))

    stack = aws.Stack(f"clearway-{secrets.token_hex(3)}", environment)
    with step("deployed the template with sam deploy"):
        stack.deploy(template, parameters(providers), environment, folder / "deploy.log")
        if given:
            running.callback(stack.delete)
            stack.set_variable("AWS_ENDPOINT_URL", aws.seen_from(wanted.listen, endpoint))
        else:
            rights.make_enforceable(stack)
        bound_concurrency(stack)
        set_protection(stack)
        store_secrets(stack, providers)
    for binary in build.bootstraps(template):
        with step(f"{binary.parent.name}: a panic unwinds"):
            binaries.check_unwinds(binary, stack.variables_of(binary.parent.name) | {"AWS_REGION": aws.REGION})

    examination = doctor.Doctor(program, stack, environment)
    with step("clearway doctor says what is still to be set up"):
        doctor.before_registration(examination)
    try:
        story.tell(story.World(stack, providers, file, payroll_file.read(file), set(dead), examination))
    except (Exception, SystemExit):
        for group, lines in stack.logged(25).items():
            print(f"\n-- the end of {group}", *(line[:500] for line in lines), sep="\n", file=sys.stderr)
        raise


def show_logs(folder):
    for log in LOGS:
        tail(folder / log, 25)


if __name__ == "__main__":
    wanted = options()
    processes.end_when_told()
    target = pathlib.Path(os.environ["CARGO_TARGET_DIR"])
    folder = target / "stack"
    for log in LOGS:
        (folder / log).unlink(missing_ok=True)
    start = time.monotonic()
    try:
        with contextlib.ExitStack() as running:
            main(wanted, running, folder, target)
    except (Failed, subprocess.CalledProcessError, SystemExit) as failure:
        show_logs(folder)
        sys.exit(f"\nThe deployed stack does not pay: {failure}")
    except Exception:
        show_logs(folder)
        raise
    print(f"\nThe deployed stack pays, in {time.monotonic() - start:.0f} seconds.")
