"""Every command of the shipped knowledge for a cluster or a cloud, read by the real client against a real API.

Nothing of what they name is there, so they change nothing: an answer about the object shows that words fit."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from diagnosis.fixes import _plan
from lab.cloud.venv import build
from probes.clients import PROGRAMS, Client
from tests.probes.apiserver import api_server
from tests.trust.plans import Places, knowledge, of_cases

pytestmark = pytest.mark.lab

MISREAD = re.compile(
    r"unknown (?:shorthand )?(?:flag|command)|[Uu]sage:|unrecognized arguments|invalid choice"
    r"|is not an openstack command|must specify|required arguments|flag needs an argument|invalid argument"
    r"|unable to parse|error parsing",
)


class Here(Places):
    """Clients of this computer, with nothing before their words."""

    async def client(self, target: str) -> Client:
        return replace(await super().client(target), on="operator", words=(PROGRAMS[target.partition(":")[0]],))


async def commands_of(world: str) -> list[str]:
    found: dict[str, None] = {}
    for case in of_cases(knowledge()):
        plan = await _plan(case.fix, case.values, Here(True))
        for action in (*plan.actions, *plan.persist):
            if action.target.startswith(f"{world}:"):
                found |= dict.fromkeys(filter(None, (action.run, action.undo, action.unless)))
    return list(found)


def misread(command: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["timeout", "30", "sh", "-c", command],
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    said = done.stdout + done.stderr
    return f"{command}\n{said[-600:]}" if MISREAD.search(said) or done.returncode == 127 else ""


@pytest.mark.kube
async def test_kubectl_understands_every_command(tmp_path: Path) -> None:
    commands = await commands_of("cluster")
    assert len(commands) > 20
    with api_server(tmp_path) as server:
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "kubectl").symlink_to((server.folder / "hyperkube").resolve())
        environment = {"PATH": f"{programs}:{os.environ['PATH']}", "KUBECONFIG": str(server.kubeconfig("lab"))}
        environment["HOME"] = str(tmp_path)  # kubectl keeps what it has discovered there
        assert misread("kubectl frobnicate", environment)
        assert [found for command in commands if (found := misread(command, environment))] == []


async def test_openstack_understands_every_command(openstack_api: Path) -> None:
    commands = await commands_of("cloud")
    assert len(commands) > 10
    environment = {
        "PATH": f"{build()}/bin:{os.environ['PATH']}",
        "OS_CLIENT_CONFIG_FILE": str(openstack_api),
        "OS_CLOUD": "lab",
    }
    assert misread("openstack port frobnicate", environment)
    assert [found for command in commands if (found := misread(command, environment))] == []
