"""Container images as OCI archives, without Docker or a registry: one layer each, of files of this computer."""

import hashlib
import io
import json
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lab.kube.versions import (
    BUSYBOX_IMAGE,
    CONTROL_PLANE,
    COREDNS_IMAGE,
    FLANNEL_IMAGE,
    PAUSE_IMAGE,
    control_plane_image,
)

_CREATED = "2026-01-01T00:00:00Z"
_PATH = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_IPTABLES = tuple(f"{family}{verb}" for family in ("iptables", "ip6tables") for verb in ("", "-save", "-restore"))


@dataclass(frozen=True, slots=True)
class Content:
    """What an image holds: files, links and texts by their path in it."""

    files: dict[str, Path] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def __or__(self, other: "Content") -> "Content":
        return Content(self.files | other.files, self.links | other.links, self.texts | other.texts)


def build(programs: Path, folder: Path) -> None:
    """Writes NAME.tar for each image; `ctr -n k8s.io images import` loads one."""
    folder.mkdir()
    busybox, iptables = _busybox(), _iptables()
    names = [control_plane_image(program) for program in CONTROL_PLANE]
    _save(folder / "hyperkube.tar", names, _hyperkube(programs) | iptables | busybox)
    flannel = Content({"/opt/bin/flanneld": programs / "flanneld", "/flannel": programs / "flannel-cni"})
    _save(folder / "flannel.tar", [FLANNEL_IMAGE], busybox | iptables | flannel, "/opt/bin/flanneld")
    _save(folder / "coredns.tar", [COREDNS_IMAGE], Content({"/coredns": programs / "coredns"}), "/coredns")
    _save(folder / "small.tar", [BUSYBOX_IMAGE, PAUSE_IMAGE], busybox | _small(programs), "/pause")


def _hyperkube(programs: Path) -> Content:
    links = {f"/usr/local/bin/{program}": "hyperkube" for program in (*CONTROL_PLANE, "etcdctl")}
    return Content({"/usr/local/bin/hyperkube": programs / "hyperkube"}, links)


def _small(programs: Path) -> Content:
    users = {"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\n"}
    return Content({"/bin/get": programs / "get", "/pause": programs / "pause"}, texts=users)


def _busybox() -> Content:
    applets = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    links = {f"/bin/{applet}": "busybox" for applet in applets if applet != "busybox"}
    return Content({"/bin/busybox": Path("/bin/busybox").resolve()}, links)


def _iptables() -> Content:
    """kube-proxy and flanneld run it. It reads its own name, so the links stay links."""
    extensions = sorted(str(path) for path in Path("/usr/lib").glob("*/xtables/*.so"))
    files = _with_libraries("/usr/sbin/xtables-nft-multi", *extensions)
    return Content(files, {f"/usr/sbin/{name}": "xtables-nft-multi" for name in _IPTABLES})


def _with_libraries(*programs: str) -> dict[str, Path]:
    said = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    libraries = [word for word in said.split() if word.startswith("/") and not word.endswith(":")]
    return {path: Path(path).resolve() for path in (*programs, *libraries)}


def _save(archive: Path, names: list[str], content: Content, entrypoint: str = "") -> None:
    """Several names share the one layer."""
    blobs: dict[str, bytes] = {}
    layer = _add(blobs, _layer(content), "layer.v1.tar")
    config = _add(blobs, _json(_config(layer["digest"], entrypoint)), "config.v1+json")
    kind = "application/vnd.oci.image.manifest.v1+json"
    body = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}
    manifest = _add(blobs, _json(body), "manifest.v1+json")
    index = {"schemaVersion": 2, "manifests": [{**manifest, "annotations": _named(name)} for name in names]}
    with tarfile.open(archive, "w") as tar:
        _put(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _put(tar, "index.json", _json(index))
        for digest, data in blobs.items():
            _put(tar, f"blobs/sha256/{digest}", data)


def _add(blobs: dict[str, bytes], data: bytes, kind: str) -> dict[str, str | int]:
    digest = hashlib.sha256(data).hexdigest()
    blobs[digest] = data
    return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}


def _config(layer: str | int, entrypoint: str) -> dict[str, object]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": _CREATED,
        "config": {"Env": [_PATH], "Entrypoint": [entrypoint] if entrypoint else [], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [layer]},
        "history": [{"created_by": "deadhop lab"}],
    }


def _named(name: str) -> dict[str, str]:
    return {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _layer(content: Content) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder in _folders([*content.files, *content.links, *content.texts, "/tmp/x"]):
            _put_folder(tar, folder)
        for path, source in sorted(content.files.items()):
            _put(tar, path[1:], source.read_bytes(), 0o755)
        for path, target in sorted(content.links.items()):
            _put_link(tar, path[1:], target)
        for path, text in sorted(content.texts.items()):
            _put(tar, path[1:], text.encode())
    return buffer.getvalue()


def _folders(paths: list[str]) -> list[str]:
    """All that must exist, parents first."""
    parents = {str(parent)[1:] for path in paths for parent in PurePosixPath(path).parents}
    return sorted(parents - {""})


def _put_folder(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
    tar.addfile(info)


def _put_link(tar: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    tar.addfile(info)


def _put(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    tar.addfile(info, io.BytesIO(data))
