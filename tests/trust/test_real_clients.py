"""Every command of the shipped knowledge for a cluster or a cloud, read by the real client against a real API.

Nothing of what they name is there, so they change nothing: an answer about the object shows that words fit."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    said, status = ran(command, environment)
    return f"{command}\n{said[-600:]}" if MISREAD.search(said) or status == 127 else ""


def ran(command: str, environment: dict[str, str]) -> tuple[str, int]:
    done = subprocess.run(
        ["timeout", "30", "sh", "-c", command],
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout + done.stderr, done.returncode


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


async def test_openstack_understands_every_command(openstack_api: Path, tmp_path: Path) -> None:
    commands = await commands_of("cloud")
    assert len(commands) > 10
    cloud = {"OS_CLIENT_CONFIG_FILE": str(openstack_api), "OS_CLOUD": "lab"}
    with forked_client(tmp_path, cloud) as programs:
        environment = {**cloud, "PATH": f"{programs}:{os.environ['PATH']}"}
        assert misread("openstack port frobnicate", environment)
        assert "No Port found for none" in ran("openstack port show none", environment)[0]
        assert [found for command in commands if (found := misread(command, environment))] == []


@contextmanager
def forked_client(folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """A folder with the real `openstack`, whose imports are paid once."""
    program = folder / "openstack"
    words = [f"{build()}/bin/python", str(Path(__file__).with_name("forked_client.py")), str(folder)]
    with subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, start_new_session=True) as server:
        try:
            while not program.exists():
                assert server.poll() is None
                time.sleep(0.1)
            yield folder
        finally:
            os.killpg(server.pid, signal.SIGTERM)
