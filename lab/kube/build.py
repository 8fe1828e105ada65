"""Kubernetes' programs and their images, compiled once from Go modules into the cache."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from lab.bash import FILES
from lab.cache import cache_folder, only_one_builds
from lab.errors import LabError
from lab.kube import images
from lab.kube.versions import COREDNS, FLANNEL, FLANNEL_IMAGE, KUBERNETES
from lab.machines import FLANNEL_PORT

SOURCES = FILES / "kube"
_STRIPPED = "-s -w"
_VERSION = "k8s.io/component-base/version"
_LEFT_OUT = ('backend/tencentvpc"', 'backend/udp"')
"""flannel's backends that need a module nobody has, and a C compiler."""


@dataclass(frozen=True, slots=True)
class Go:
    """The compiler, and the folder its programs go to."""

    program: str
    bin: Path

    def run(self, folder: Path, *arguments: str) -> str:
        """stdout; the module proxy, caches and flags are Go's own."""
        environment = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(self.bin)}
        argv = ["nice", self.program, *arguments]
        done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise LabError(f"`go {' '.join(arguments)}` failed: {done.stderr.strip()[-1500:]}")
        return done.stdout

    def install(self, folder: Path, what: str, flags: str = "") -> None:
        self.run(folder, "install", "-trimpath", "-ldflags", f"{_STRIPPED} {flags}".strip(), what)

    def source_of(self, folder: Path, module: str) -> Path:
        """Where a module that `folder` requires was unpacked."""
        return Path(json.loads(self.run(folder, "mod", "download", "-json", module))["Dir"])


def cache() -> Path:
    """The folder of what these sources build."""
    texts = [path.read_text() for path in sorted(SOURCES.rglob("*")) if path.suffix in (".go", ".mod", ".sum")]
    own = [Path(str(module.__file__)).read_text() for module in (images, sys.modules[__name__])]
    return cache_folder("kube", *texts, *own, KUBERNETES, COREDNS, FLANNEL)


def build() -> Path:
    """Fills the cache, if it is not full already; takes minutes the first time."""
    folder = cache()
    with only_one_builds(folder):
        if not folder.exists():
            _build_into(folder)
    return folder


def _build_into(folder: Path) -> None:
    half = folder.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    (half / "bin").mkdir(parents=True)
    go = Go(_compiler(), half / "bin")
    for step in (_hyperkube, _small_programs, _flanneld, _coredns, _images):
        started = time.monotonic()
        print(f"{step.__name__[1:]} … ", end="", file=sys.stderr, flush=True)
        step(go, half)
        print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    half.rename(folder)


def _compiler() -> str:
    found = shutil.which("go", path=f"{os.environ.get('PATH', '')}:/usr/local/go/bin:/usr/lib/go/bin")
    if not found:
        raise LabError(
            "Kubernetes is compiled here, and there is no Go", hint="install Go 1.25 or newer: go.dev/dl"
        )
    return found


def _hyperkube(go: Go, folder: Path) -> None:
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    known = {
        "gitVersion": KUBERNETES,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
    }
    flags = " ".join(f"-X {_VERSION}.{key}={value}" for key, value in known.items())
    go.install(SOURCES / "hyperkube", ".", flags)


def _small_programs(go: Go, folder: Path) -> None:
    go.install(SOURCES / "small", "./...")


def _flanneld(go: Go, folder: Path) -> None:
    """Upstream's own main.go, less two imports, and its own manifest."""
    work = folder / "flanneld"
    shutil.copytree(SOURCES / "flannel", work)
    source = go.source_of(work, "github.com/flannel-io/flannel")
    main = (source / "main.go").read_text().splitlines(keepends=True)
    (work / "main.go").write_text("".join(line for line in main if not line.rstrip().endswith(_LEFT_OUT)))
    flags = f"{_STRIPPED} -X github.com/flannel-io/flannel/pkg/version.Version={FLANNEL}"
    go.run(work, "build", "-trimpath", "-ldflags", flags, "-o", str(go.bin / "flanneld"), ".")
    manifest = (source / "Documentation" / "kube-flannel.yml").read_text()
    (folder / "flannel.yaml").write_text(flannel_manifest(manifest))
    shutil.rmtree(work)


def flannel_manifest(upstream: str) -> str:
    """With this lab's images, and the VXLAN port that the hosts' firewalls let through."""
    lines = []
    for line in upstream.splitlines():
        before, image, _ = line.partition("image: ")
        lines.append(f"{before}{image}{FLANNEL_IMAGE}" if image else line)
    return "\n".join(lines).replace('"Type": "vxlan"', f'"Type": "vxlan", "Port": {FLANNEL_PORT}') + "\n"


def _coredns(go: Go, folder: Path) -> None:
    go.install(folder, f"github.com/coredns/coredns@{COREDNS}")


def _images(go: Go, folder: Path) -> None:
    images.build(go.bin, folder / "images")
