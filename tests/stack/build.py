"""From the source to a folder that `sam deploy` takes.

Quick: the debug binaries that `cargo test --workspace` has compiled nearly whole, in a copy of the template that names them, as the one
that `sam build` writes. Release: `sam build` itself, as an operator gives it.
"""

import pathlib
import platform
import shutil
import subprocess

from samcli.yamlhelper import yaml_dump, yaml_parse

import processes
from steps import check

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
BUILT_BY_SAM = pathlib.Path(".aws-sam/build")


def compile_debug(environment, log):
    """Everything of ours, and the contract of the store. Naming a test lets cargo take the features, and so the artifacts, of
    `cargo test --workspace`."""
    command = ["cargo", "build", "--workspace", "--bins", "--test", "store_contract", "--locked"]
    processes.run(command, environment, log)


def sam_build(environment, log):
    """Answers the template that `sam deploy` is to be given."""
    command = ["sam", "build", "--parameter-overrides", f"Architecture={ARCHITECTURE}"]
    processes.run(command, environment, log)
    return BUILT_BY_SAM / "template.yaml"


def package_debug(binaries, folder):
    """Copies the functions' binaries, without what only a debugger reads, beside a template that names them."""
    template = yaml_parse(pathlib.Path("template.yaml").read_text(encoding="utf-8"))
    del template["Globals"]["Function"]["CodeUri"]
    shutil.rmtree(folder, ignore_errors=True)
    functions = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource.get("Metadata", {}).get("BuildMethod") == "rust-cargolambda"
    }
    check(functions, "the template has no function that cargo-lambda builds")
    for name, function in functions.items():
        binary = function.pop("Metadata")["BuildProperties"]["Binary"]
        (folder / name).mkdir(parents=True)
        subprocess.run(["strip", "-o", folder / name / "bootstrap", binaries / binary], check=True)
        function["Properties"]["CodeUri"] = name
    packaged = folder / "template.yaml"
    packaged.write_text(yaml_dump(template), encoding="utf-8")
    return packaged


def bootstraps(template):
    """The functions' binaries beside a built template."""
    found = sorted(template.parent.glob("*/bootstrap"))
    check(found, f"no binaries beside {template}")
    return found
