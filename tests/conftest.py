"""The network lab for tests, and honesty about tests that were left out."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from textual.pilot import Pilot

from lab.instance import current
from lab.session import Lab
from tests import patience

assert hypothesis  # its plugin would load it in the depth of a test, where CPython 3.11 can fail to compile it

LEFT_OUT = pytest.StashKey[dict[str, int]]()
RUNS = {"lab": ("1", "all"), "long": ("all",)}
"""Mark → the values of LABS with which its tests run."""
FAULTS = (
    "test_kube_faults",
    "test_openstack_faults",
    "test_kube_outages",
    "test_kube_storage",
    "test_cloud_outages",
)
EVERY_RUN = ("kubelet-down", "containerd-down", "no-bridge-mapping", "nova-compute-stopped")
"""Of the faults of Kubernetes and OpenStack those of every run; the others, an hour of them, are `long`."""
LABS = ("lab", "kube_lab", "openstack_lab", "stack_lab")
"""Fixtures, each a lab in the place of the one before: their tests run in this order."""
PARTS = {"kube_lab": "kube", "openstack_lab": "openstack", "openstack_api": "openstack", "stack_lab": "stack"}
"""Fixture → the mark of its tests, by which they can run apart (`.ci/test`)."""


def pytest_configure() -> None:
    """As on a terminal, whoever started us: under `nohup` children would inherit signals that are ignored, and
    ssh, which ends its jump by SIGHUP, would leave it behind."""
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _patient_pilots() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pilot, "pause", patience.pause)
        patch.setattr(Pilot, "press", patience.press)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_place)
    for item in items:
        for part in {PARTS[name] for name in getattr(item, "fixturenames", ()) if name in PARTS}:
            item.add_marker(part)
        if _is_long(item):
            item.add_marker("long")
    config.stash[LEFT_OUT] = {mark: _leave_out(mark, config, items) for mark in RUNS}


def _is_long(item: pytest.Item) -> bool:
    """What the healthy ones say is looked at in every run as well."""
    fault = getattr(getattr(item, "callspec", None), "id", "")
    return item.path.stem in FAULTS and fault not in EVERY_RUN and "healthy" not in item.name


def _leave_out(mark: str, config: pytest.Config, items: list[pytest.Item]) -> int:
    if os.environ.get("LABS") in RUNS[mark]:
        return 0
    left_out = [item for item in items if item.get_closest_marker(mark)]
    items[:] = [item for item in items if not item.get_closest_marker(mark)]
    config.hook.pytest_deselected(items=left_out)
    return len(left_out)


def _say_counts(reporter: pytest.TerminalReporter) -> None:
    """How much was tried, in the output of every run: inputs of the fuzzers, kills of the crash tests."""
    reports = (report for group in reporter.stats.values() for report in group)
    ended = (report for report in reports if isinstance(report, pytest.TestReport) and report.when == "call")
    counts = [str(said) for report in ended for name, said in report.user_properties if name == "counted"]
    if counts:
        reporter.section("counted")
        for said in counts:
            reporter.line(said)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    _say_counts(terminalreporter)
    counts = config.stash.get(LEFT_OUT, {})
    if any(counts.values()):
        terminalreporter.section("LEFT OUT", sep="!", red=True, bold=True)
    if count := counts.get("lab"):
        terminalreporter.line(f"{count} tests on the labs did not run: they need root and real namespaces")
        terminalreporter.line("run them, as root:  LABS=1 make test", bold=True)
    if count := counts.get("long"):
        terminalreporter.line(f"{count} tests of further faults of Kubernetes and OpenStack did not run: an hour")
        terminalreporter.line("run them, as root:  LABS=all make test", bold=True)


def _place(item: pytest.Item) -> int:
    """Tests without a lab stay where they are, before all others."""
    used = [LABS.index(name) for name in getattr(item, "fixturenames", ()) if name in LABS]
    return 1 + max(used) if used else 0


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Ten real machines, built afresh once in a test run. A lab that does not start fails its tests."""
    yield from _built()


@pytest.fixture(scope="session")
def kube_lab() -> Iterator[Lab]:
    """The same machines, and on three of them a real Kubernetes. An empty cache is filled first: minutes."""
    yield from _built("--kube", timeout=1800)


@pytest.fixture(scope="session")
def openstack_lab() -> Iterator[Lab]:
    """The same machines with a real OpenStack, whose servers the workers are. An empty cache is filled first."""
    yield from _built("--openstack", timeout=1800)


@pytest.fixture(scope="session")
def stack_lab() -> Iterator[Lab]:
    """Both: a Kubernetes whose workers are servers of that OpenStack."""
    yield from _built("--openstack", "--kube", timeout=1800)


def _built(*parts: str, timeout: float = 300) -> Iterator[Lab]:
    built = _lab_command("up", *parts, timeout=timeout)
    if built.returncode:
        _lab_command("down")
        pytest.fail(f"the lab did not start:\n{built.stderr}", pytrace=False)
    yield Lab(current())
    removed = _lab_command("down")
    assert removed.returncode == 0, removed.stderr


@pytest.fixture
def healed_lab(lab: Lab) -> Iterator[Lab]:
    """The lab, healthy again after the test whatever the test broke."""
    yield lab
    lab.heal()


@pytest.fixture
def healed_kube_lab(kube_lab: Lab) -> Iterator[Lab]:
    yield kube_lab
    kube_lab.heal()


@pytest.fixture
def healed_openstack_lab(openstack_lab: Lab) -> Iterator[Lab]:
    yield openstack_lab
    openstack_lab.heal()


@pytest.fixture
def healed_stack_lab(stack_lab: Lab) -> Iterator[Lab]:
    """Also before: the tests of other files leave it as they found it, not always healthy."""
    stack_lab.heal()
    yield stack_lab
    stack_lab.heal()


@pytest.fixture(scope="session")
def openstack_api() -> Iterator[Path]:
    """clouds.yaml of a real Keystone and Neutron on loopback: clouds `lab` (administrator) and `lab-demo`."""
    built = _lab_command("api", "up", timeout=900)
    if built.returncode:
        _lab_command("api", "down")
        pytest.fail(f"Keystone and Neutron did not start:\n{built.stderr}", pytrace=False)
    yield Path(built.stdout.strip())
    removed = _lab_command("api", "down")
    assert removed.returncode == 0, removed.stderr


def _lab_command(*verb: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "lab", *verb], capture_output=True, text=True, timeout=timeout)
