"""What a host says of its own SSH server."""

from __future__ import annotations

import pytest

from probes.errors import UnreadableOutput
from probes.linux.sshd import chosen_unit, listens, parse_ports, parse_state, parse_units
from tests.probes.recorded import recorded


def unit(name: str, active: str = "inactive", file_state: str = "disabled", load: str = "loaded") -> str:
    return f"MainPID=0\nId={name}\nLoadState={load}\nActiveState={active}\nUnitFileState={file_state}\n"


def chosen(*units: str) -> tuple[str, str]:
    found = chosen_unit(parse_units("\n".join(units)))
    return found.get("Id", ""), found.get("ActiveState", "")


@pytest.mark.parametrize(("name", "pid", "active"), [("sshd", "153", "active"), ("sshd-stopped", "0", "inactive")])
def test_debian(name: str, pid: str, active: str) -> None:
    """`sshd.service` is an alias of `ssh.service`; the socket is there, but not in use."""
    found = chosen_unit(parse_units(recorded(f"systemctl-show-{name}")))
    assert (found["Id"], found["MainPID"], found["ActiveState"]) == ("ssh.service", pid, active)


def test_ubuntu_starts_it_by_socket() -> None:
    assert chosen(unit("ssh.service"), unit("ssh.socket", "active", "enabled")) == ("ssh.socket", "active")
    assert chosen(unit("ssh.service"), unit("ssh.socket", "inactive", "enabled")) == ("ssh.socket", "inactive")
    assert chosen(unit("ssh.service", "active"), unit("ssh.socket", "active", "enabled")) == (
        "ssh.service",
        "active",
    )


def test_red_hat() -> None:
    missing = unit("ssh.service", load="not-found", file_state="")
    assert chosen(missing, unit("sshd.service", "failed", "enabled")) == ("sshd.service", "failed")


def test_no_sshd_at_all() -> None:
    missing = [unit(name, load="not-found") for name in ("ssh.service", "sshd.service", "ssh.socket")]
    assert chosen(*missing) == ("", "")


@pytest.mark.parametrize("text", ["", "\n\n", "nonsense", "Failed to connect to bus: Host is down"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(UnreadableOutput):
        parse_units(text)


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("", {22}),
        ("Port 2222\n", {2222}),
        ("port 22\n  Port 2200\n", {22, 2200}),
        ("ListenAddress 10.0.0.1:2022\nListenAddress [::1]:2023\n", {2022, 2023}),
        ("ListenAddress 10.0.0.1\n", {22}),
    ],
)
def test_ports(text: str, ports: set[int]) -> None:
    assert parse_ports(text) == ports


def test_listening() -> None:
    assert listens(recorded("ss-listening"), {22})
    assert not listens(recorded("ss-listening"), {2222})
    assert not listens("", {22})


@pytest.mark.parametrize(
    ("text", "state"), [("42 (sshd) S 1 42", "S"), ("7 (a ) T b) T 1 7 7", "T"), ("", ""), ("gone", "")]
)
def test_process_state(text: str, state: str) -> None:
    assert parse_state(text) == state
