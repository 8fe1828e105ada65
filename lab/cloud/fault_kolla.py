"""Faults of a deployment by kolla-ansible: the agent of compute in a container of podman, with kolla's folders."""

import json

from lab.bash import lines, shipped, write
from lab.cloud.agents import AGENT_INI
from lab.cloud.steps import (
    AGENTS,
    C1,
    CTL,
    OVS_AGENT,
    SERVER_FAULT,
    alive,
    boot,
    client,
    cloud_fault,
    dead,
    gone,
    restart,
    rows,
    server_is,
    then,
)
from lab.faults import Run

CONTAINER = "neutron_openvswitch_agent"
UNIT = f"kolla-{CONTAINER}-container.service"
FOLDER = f"/etc/kolla/{OVS_AGENT}"
ON_NODE = f"{FOLDER}/openvswitch_agent.ini"
_SOURCES = "/var/lib/kolla/config_files"
_OWN = "/var/lib/kolla-neutron"
_ROOT = "/srv/kolla-root"
_NEUTRON = "/etc/neutron/neutron.conf"

_ALLOWED = (
    "--cap-add NET_ADMIN,NET_RAW,SYS_ADMIN,SYS_PTRACE,DAC_READ_SEARCH,DAC_OVERRIDE,KILL "
    "--security-opt seccomp=unconfined --security-opt unmask=ALL"
)
"""kolla's is privileged, which is more than a machine of the lab may give."""
_UNIT = f"""\
[Unit]
Description=podman {CONTAINER}
[Service]
Restart=always
ExecStart=/usr/bin/podman start -a {CONTAINER}
ExecStop=/usr/bin/podman stop {CONTAINER} -t 10
SuccessExitStatus=143
[Install]
WantedBy=multi-user.target
"""
"""As kolla-ansible writes it."""
_STORAGE = (
    '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n'
)
_ENGINE = '[containers]\npids_limit = 0\n[engine]\ncgroup_manager = "cgroupfs"\n'
_CONFIG = json.dumps(
    {
        "command": f"{OVS_AGENT} --config-file {_NEUTRON} --config-file {AGENT_INI}",
        "config_files": [
            {"source": f"{_SOURCES}/neutron.conf", "dest": _NEUTRON, "owner": "neutron", "perm": "0600"},
            {"source": f"{_SOURCES}/openvswitch_agent.ini", "dest": AGENT_INI, "owner": "neutron", "perm": "0600"},
        ],
    }
)
_GLOBALS = """\
---
kolla_base_distro: "rocky"
network_interface: "enp1s0"
neutron_external_interface: "enp7s0"
neutron_bridge_name: "br-ex"
#enable_neutron_provider_networks: "no"
"""


_IN_CONTAINER = Run(
    C1,
    write("/etc/containers/storage.conf", _STORAGE)
    + write("/etc/containers/containers.conf", _ENGINE)
    + write("/usr/local/bin/kolla_start", shipped("openstack/kolla_start"), "755")
    + write(f"{FOLDER}/config.json", _CONFIG)
    + write(f"/etc/systemd/system/{UNIT}", _UNIT)
    + lines(
        f"cp {_NEUTRON} {FOLDER}/neutron.conf",
        f"grep -v ^bridge_mappings {AGENT_INI} > {ON_NODE}",
        f"mkdir -p {_ROOT} {_OWN}",
        f"mountpoint -q {_ROOT} || {{ mount --bind / {_ROOT}; mount --make-private {_ROOT}; }}",
        f"systemctl disable -q --now {OVS_AGENT} 2>/dev/null",
        f'program=$(sed -n \'s/^ExecStart="\\([^"]*\\)".*/\\1/p\' /etc/systemd/system/{OVS_AGENT}.service)',
        f"systemctl show {OVS_AGENT} -p Environment --value | xargs -n1 > /run/kolla.env",
        f"mv /etc/systemd/system/{OVS_AGENT}.service /run/",
        "systemctl daemon-reload",
        f"podman create --name {CONTAINER} --net host --cgroups=disabled --ulimit host {_ALLOWED} "
        "--env-file /run/kolla.env -e KOLLA_CONFIG_STRATEGY=COPY_ALWAYS -e PATH=$(dirname $program):$PATH "
        f"-v {FOLDER}:{_SOURCES}:ro -v {_OWN}:/etc/neutron -v /run:/run -v /dev:/dev --rootfs {_ROOT} "
        "/usr/local/bin/kolla_start >/dev/null 2>/run/podman.said || { cat /run/podman.said; exit 1; }",
        f"systemctl enable -q --now {UNIT} 2>/dev/null",
    ),
)
"""The agent of the unit, in a container: its programs and its environment, and a /etc/neutron of its own."""
_BACK = Run(
    C1,
    lines(
        f"systemctl disable -q --now {UNIT} 2>/dev/null",
        f"podman rm -f -t 2 {CONTAINER} >/dev/null 2>&1",
        f"rm -f /etc/systemd/system/{UNIT}",
        f"mountpoint -q {_ROOT} && umount {_ROOT}; rmdir {_ROOT} 2>/dev/null",
        f"test -e /run/{OVS_AGENT}.service && mv /run/{OVS_AGENT}.service /etc/systemd/system/",
        f"rm -rf /etc/kolla {_OWN} /run/kolla.env /run/podman.said /usr/local/bin/kolla_start",
        "rm -rf /etc/containers/storage.conf /etc/containers/containers.conf /var/lib/containers /run/containers",
        "systemctl daemon-reload",
        f"systemctl enable -q {OVS_AGENT} 2>/dev/null",
    ),
)
_AGENT = f"'^[^ ]*python[^ ]* [^ ]*/{OVS_AGENT} '"
_DEPLOYED = Run(CTL, write("/etc/kolla/globals.yml", _GLOBALS))
_GONE = Run(CTL, "rm -rf /etc/kolla/globals.yml; rmdir /etc/kolla 2>/dev/null; true")
_MAPPED = "configurations like '%bridge_mappings_: {}%'"
_NO_MAPPING = rows(
    f"select count(*) from neutron.agents where host='{C1}' and \\`binary\\`='{OVS_AGENT}' and {_MAPPED}", "= 1"
)

_BROKEN = (
    client("compute service set --disable compute2 nova-compute"),
    _DEPLOYED,
    _IN_CONTAINER,
    then(_NO_MAPPING),
    then(alive()),
    boot(network="ext-net"),
)
_UNDONE = (_BACK, _GONE, restart(), *gone(), client("compute service set --enable compute2 nova-compute"))
_SHOWS = (SERVER_FAULT, AGENTS, Run(C1, "podman ps --format '{{.Names}} {{.Status}}'"))

KOLLA_FAULTS = {
    "kolla-setting-lost": cloud_fault(
        "kolla-ansible gave compute no bridge_mappings, though globals.yml names the bridge",
        breaks=_BROKEN,
        undo=_UNDONE,
        shows=_SHOWS,
        shown=server_is("error"),
    ),
    "kolla-container-old": cloud_fault(
        "kolla-ansible gave compute its bridge_mappings, and the container was not started anew",
        breaks=(*_BROKEN, Run(C1, f"cp {AGENT_INI} {ON_NODE}")),
        undo=_UNDONE,
        shows=_SHOWS,
        shown=server_is("error"),
    ),
    "kolla-agent-frozen": cloud_fault(
        "the agent of compute hangs in its container: podman calls it up, Neutron calls it dead",
        breaks=(
            _IN_CONTAINER,
            Run(
                C1,
                lines(
                    f"cp {AGENT_INI} {ON_NODE}",
                    f"systemctl restart {UNIT}",
                    f"until pgrep -f {_AGENT}; do sleep 0.5; done >/dev/null",
                    f"kill -STOP $(pgrep -of {_AGENT})",
                ),
            ),
        ),
        undo=(_BACK, restart()),
        shows=(AGENTS, Run(C1, "podman ps --format '{{.Names}} {{.Status}}'")),
        shown=dead(),
    ),
}
