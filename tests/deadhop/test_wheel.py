"""The wheel holds all it needs and runs from any folder. Built offline, with the pinned backend."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    words = ["-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(REPOSITORY)]
    built = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which deadhop is the wheel, and its dependencies are those of the tests."""
    site = tmp_path_factory.mktemp("site")
    words = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, *words], check=True, timeout=120)
    state = {"HOME": str(site), "DEADHOP_STATE": str(site / "state"), "LANG": "C.UTF-8"}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), **state}


def run(installed: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "deadhop", *words],
        env=installed, cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_wheel_holds_data_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "knowledge/symptoms/host/destination-port-unreachable.yaml",
        "knowledge/causes/host/libvirt-rejects-new-flows.yaml",
        "drills/libvirt-reject.jsonl",
        "deadhop/schemas/diagnosis.json",
        "tui/deadhop.tcss",
        *(f"{room}/py.typed" for room in ("base", "deadhop", "diagnosis", "journal", "knowledge", "probes")),
        *(f"{room}/py.typed" for room in ("sitemap", "tui")),
    ):
        assert name in names
    assert not [name for name in names if name.split("/")[0] in ("tests", "lab", "bench", "docs")]


def test_every_data_file_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for room in ("knowledge", "drills", "deadhop/schemas", "tui"):
        for path in (REPOSITORY / room).rglob("*"):
            if path.suffix in (".yaml", ".jsonl", ".json", ".tcss"):
                assert str(path.relative_to(REPOSITORY)) in names


def test_installed_wheel_runs_from_another_folder(installed: dict[str, str], tmp_path: Path) -> None:
    where = run(installed, tmp_path, "kb", "show", "destination-port-unreachable")
    assert installed["PYTHONPATH"] in where.stdout, where.stderr
    listed = run(installed, tmp_path, "kb", "list")
    assert (listed.returncode, "host/destination-port-unreachable" in listed.stdout) == (0, True), listed.stderr
    played = run(installed, tmp_path, "demo")
    assert played.returncode == 0, played.stderr
    assert "libvirt-rejects-new-flows" in played.stdout
