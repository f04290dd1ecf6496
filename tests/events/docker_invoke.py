"""`sam local invoke` over the local stack, where a Docker engine runs. The stack listens on Docker's own bridge, where containers find it."""

import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
# The name under which SAM looks for it.
REPOSITORY = "public.ecr.aws/lambda/provided"
BASE_IMAGE = f"{REPOSITORY}:al2023-{ARCHITECTURE}"
# What SAM makes of it.
LAYERED_IMAGE = f"{REPOSITORY}:al2023-rapid-{ARCHITECTURE}"
# What the emulator's layer is made with, and what TLS needs.
TOOLS = ["/bin/sh", "/bin/mv", "/bin/chmod"]
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# Where events/env.docker.json looks for the stack.
BRIDGE = "172.17.0.1"


def is_possible():
    """Only on Linux is Docker's bridge an address of this machine."""
    if platform.system() != "Linux" or not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "info"], capture_output=True).returncode == 0


def sam(folder, requirement):
    """The SAM CLI of this machine, or one of its own."""
    found = shutil.which("sam")
    if found:
        return found
    subprocess.run([sys.executable, "-m", "venv", f"{folder}/python"], check=True)
    subprocess.run([f"{folder}/python/bin/pip", "install", "--quiet", requirement], check=True)
    return f"{folder}/python/bin/sam"


def ensure_base_image(binaries, folder):
    """Answers whether it was made here."""
    for command in (["image", "inspect", BASE_IMAGE], ["pull", "--quiet", BASE_IMAGE]):
        if subprocess.run(["docker", *command], capture_output=True).returncode == 0:
            return False
    libraries = set()
    for program in [*TOOLS, *binaries]:
        linked = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
        libraries.update(re.findall(r"(/\S+) \(0x", linked))
    with tarfile.open(f"{folder}/base.tar", "w") as files:
        for path in [*TOOLS, *sorted(libraries), CERTIFICATES]:
            files.add(pathlib.Path(path).resolve(), arcname=path)
    subprocess.run(["docker", "import", "--change", "WORKDIR /var/task", f"{folder}/base.tar", BASE_IMAGE], check=True)
    return True


def answers(binaries, names, requirement, fresh_sample, samples):
    """The name and the answer of one sample of each function."""
    made_here = False
    with tempfile.TemporaryDirectory() as folder:
        command = sam(folder, requirement)
        try:
            made_here = ensure_base_image([binaries / name for name in names.values()], folder)
            for function, name in samples:
                packaged = pathlib.Path(folder) / function
                packaged.mkdir()
                shutil.copy("template.yaml", packaged)
                subprocess.run(["strip", "-o", packaged / "bootstrap", binaries / names[function]], check=True)
                yield name, invoke(command, function, packaged / "template.yaml", fresh_sample(name))
        finally:
            if made_here:
                subprocess.run(["docker", "image", "rm", "--force", LAYERED_IMAGE, BASE_IMAGE], capture_output=True)


def invoke(command, function, template, event):
    arguments = [command, "local", "invoke", function, "--template", template, "--event", "-", "--skip-pull-image"]
    arguments += ["--env-vars", "events/env.docker.json"]
    arguments += ["--parameter-overrides", f"Architecture={ARCHITECTURE}"]
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**os.environ, **credentials, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(arguments, input=event, capture_output=True, env=environment)
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise SystemExit(f"sam local invoke {function}: {done.stdout.decode()}{done.stderr.decode()}") from None
