"""Who may log in where: keys, known_hosts, ssh_config and the users of the machines."""

from pathlib import Path

from lab.bash import lines, write
from lab.instance import Instance
from lab.machines import MACHINES, SSH_HOSTS
from lab.processes import must, parallel

CLIENT = "client"
"""Name of the key every machine lets in as root, ops and plain."""

_SSHD_CONFIG = """\
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
PrintMotd no
Subsystem sftp internal-sftp
"""


def make_keys(lab: Instance) -> None:
    """A client key, one host key for each machine, known_hosts and ssh_config, all in the state folder."""
    keys = lab.state / "keys"
    keys.mkdir()
    parallel(lambda name: _keygen(keys / name), [CLIENT, *(machine.name for machine in SSH_HOSTS)])
    restore_known_hosts(lab)
    lab.ssh_config.write_text(ssh_config(keys / CLIENT, lab.known_hosts))


def restore_known_hosts(lab: Instance) -> None:
    lab.known_hosts.write_text(_known_hosts(lab))
    lab.known_hosts.chmod(0o600)
    lab.known_hosts.with_suffix(".old").unlink(missing_ok=True)


def ssh_config(key: Path, known_hosts: Path) -> str:
    return "".join(
        [
            *(_host_block(machine.name, machine.ip, machine.jump) for machine in SSH_HOSTS),
            "Host *\n",
            f"  User root\n  IdentityFile {key}\n  UserKnownHostsFile {known_hosts}\n",
            "  IdentitiesOnly yes\n  StrictHostKeyChecking yes\n  ConnectTimeout 5\n",
        ]
    )


def identity_script(lab: Instance, name: str) -> str:
    """bash that gives a machine its keys and users."""
    if MACHINES[name].kind == "operator":
        return _operator(lab)
    return (
        restore_host_key(lab, name)
        + write("/etc/ssh/sshd_config", _SSHD_CONFIG)
        + _users((lab.state / "keys" / f"{CLIENT}.pub").read_text())
        + "systemctl restart ssh\n"
    )


def restore_host_key(lab: Instance, name: str) -> str:
    keys = lab.state / "keys"
    return (
        "rm -f /etc/ssh/ssh_host_*\n"
        + write("/etc/ssh/ssh_host_ed25519_key", (keys / name).read_text(), "600")
        + write("/etc/ssh/ssh_host_ed25519_key.pub", (keys / f"{name}.pub").read_text())
    )


def operator_known_hosts(lab: Instance) -> str:
    return write("/root/.ssh/known_hosts", _known_hosts(lab), "600") + "rm -f /root/.ssh/known_hosts.old\n"


def _operator(lab: Instance) -> str:
    home = Path("/root/.ssh")
    return (
        write("/root/.ssh/config", ssh_config(home / "id_ed25519", home / "known_hosts"), "600")
        + write("/root/.ssh/id_ed25519", (lab.state / "keys" / CLIENT).read_text(), "600")
        + operator_known_hosts(lab)
    )


def _users(public_key: str) -> str:
    """root, ops (sudo without a password) and plain (no sudo) let the client key in, no password fits."""
    out = write("/root/.ssh/authorized_keys", public_key, "600") + "usermod -p '*' root\n"
    for name, uid in (("ops", 1000), ("plain", 1001)):
        home = f"/home/{name}"
        out += lines(f"useradd -u {uid} -m -s /bin/bash -p '*' {name}")
        out += write(f"{home}/.ssh/authorized_keys", public_key, "600")
        out += lines(f"chmod 700 {home}/.ssh", f"chown -R {name}:{name} {home}")
    return out + write("/etc/sudoers.d/ops", "ops ALL=(ALL:ALL) NOPASSWD: ALL", "440")


def _known_hosts(lab: Instance) -> str:
    return lines(*(f"{machine.name},{machine.ip} {_public_key(lab, machine.name)}" for machine in SSH_HOSTS))


def _public_key(lab: Instance, name: str) -> str:
    return " ".join((lab.state / "keys" / f"{name}.pub").read_text().split()[:2])


def _host_block(name: str, ip: str, jump: str) -> str:
    proxy = f"  ProxyJump {jump}\n" if jump else ""
    return f"Host {name}\n  HostName {ip}\n{proxy}\n"


def _keygen(path: Path) -> None:
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"lab {path.name}", "-f", str(path))
