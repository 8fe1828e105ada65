"""Nova's fake driver, with servers that are network namespaces plugged into br-int.

A server's network card is one end of a veth pair. The other end gets Neutron's name (`tap` and the first 11
characters of the port's id) and the external_ids that libvirt and os-vif set, so that the real
neutron-openvswitch-agent finds, wires and filters it. Where the lab has a cable vm-SERVER ready (to a machine
that is a server), that cable is used; any other server is a namespace vm-XXXXXXXX.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nova.conf import CONF
from nova.virt import fake, node

PLUG = """
if [ -e /sys/class/net/{cable} ]; then
  ip link set {cable} down; ip link set {cable} name {tap}
elif [ ! -e /sys/class/net/{tap} ]; then
  ip netns add {namespace} 2>/dev/null || true
  ip link add {tap} type veth peer name eth0 address {mac} netns {namespace}
  ip netns exec {namespace} ethtool -K eth0 tx off >/dev/null
  ip -n {namespace} link set lo up
  ip -n {namespace} link set eth0 mtu {mtu} up
  ip -n {namespace} addr add {address} dev eth0
  ip -n {namespace} route add default via {gateway} || true
fi
ethtool -K {tap} tx off >/dev/null; ip link set {tap} up
# the userspace datapath leaves the frames to the kernel as well: keep its IP stack off them
nft add table netdev ovs_userspace_datapath
nft 'add chain netdev ovs_userspace_datapath {chain} {{
  type filter hook ingress device "{tap}" priority 0; policy drop; }}'
ovs-vsctl -t 10 --may-exist add-port br-int {tap} -- set Interface {tap} \
  external_ids:iface-id={port} external_ids:iface-status=active \
  external_ids:attached-mac={mac} external_ids:vm-uuid={server}
"""
UNPLUG = """
ovs-vsctl -t 10 --if-exists del-port br-int {tap}
[ -e /sys/class/net/{tap} ] || exit 0
nft delete chain netdev ovs_userspace_datapath {chain} || true
if [ -e /run/netns/{namespace} ]; then ip netns del {namespace}
else ip link set {tap} down; ip link set {tap} name {cable}; fi
"""


@dataclass
class Card:
    port: str
    tap: str
    chain: str
    cable: str
    namespace: str
    server: str
    mac: str
    mtu: int
    address: str
    gateway: str


def card(instance: Any, vif: Any) -> Card:
    subnet, tap = vif["network"]["subnets"][0], "tap" + vif["id"][:11]
    return Card(
        port=vif["id"],
        tap=tap,
        chain=tap.replace("-", "_"),
        cable=f"vm-{instance.display_name}"[:15],
        namespace=f"vm-{instance.uuid[:8]}",
        server=instance.uuid,
        mac=vif["address"],
        mtu=vif["network"].get_meta("mtu") or 1450,
        address=f"{subnet['ips'][0]['address']}/{str(subnet['cidr']).split('/')[1]}",
        gateway=subnet["gateway"]["address"],
    )


def run(text: str, which: Card) -> None:
    front = ["sudo", "-n"] if os.geteuid() else []
    words = [*front, "bash", "-ec", text.format(**vars(which))]
    subprocess.run(words, check=True, capture_output=True, text=True)


def folder(instance: Any) -> Path:
    """Where libvirt's driver would put the disks: no server without it."""
    return Path(CONF.instances_path) / str(instance.uuid)


class LabDriver(fake.FakeDriver):  # type: ignore[misc]
    def init_host(self, host: str) -> None:
        super().init_host(host)
        self._set_nodes([host])  # the fake driver would call the node of the host `compute` fake-mini

    # The fake driver invents the node's identity at each start, and Nova refuses a second one.
    def get_available_resource(self, nodename: str) -> dict[str, Any]:
        return dict(super().get_available_resource(nodename), uuid=node.get_local_node_uuid())

    def get_nodenames_by_uuid(self, refresh: bool = False) -> dict[str, str]:
        return {node.get_local_node_uuid(): name for name in self.get_available_nodes()}

    def spawn(self, context: Any, instance: Any, *args: Any, network_info: Any = None, **more: Any) -> None:
        folder(instance).mkdir()
        super().spawn(context, instance, *args, network_info=network_info, **more)
        self.plug_vifs(instance, network_info or [])

    def destroy(self, context: Any, instance: Any, network_info: Any, *args: Any, **more: Any) -> None:
        self.unplug_vifs(instance, network_info or [])
        super().destroy(context, instance, network_info, *args, **more)
        shutil.rmtree(folder(instance), ignore_errors=True)

    # As libvirt's: a domain that is off has no card.
    def power_off(self, instance: Any, *args: Any, **more: Any) -> None:
        super().power_off(instance, *args, **more)
        self.unplug_vifs(instance, instance.get_network_info())

    def power_on(self, context: Any, instance: Any, network_info: Any, *args: Any, **more: Any) -> None:
        super().power_on(context, instance, network_info, *args, **more)
        self.plug_vifs(instance, network_info)

    def plug_vifs(self, instance: Any, network_info: Any) -> None:
        for vif in network_info:
            run(PLUG, card(instance, vif))

    def unplug_vifs(self, instance: Any, network_info: Any) -> None:
        for vif in network_info:
            run(UNPLUG, card(instance, vif))
