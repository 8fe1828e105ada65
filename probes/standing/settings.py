"""What of a host stays until somebody changes it, out of what its tools print. Pure.

Left out is what changes by itself: interfaces, addresses, routes and rules of single pods, containers and servers;
counters; how a daemon rates a route it has learned."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from probes.cloud.openvswitch import Row, parse_table, several
from probes.facts import Setting
from probes.linux.facts import Address, ChainPolicy, Firewall, FirewallRule, Link, Route, Rule
from probes.linux.fields import reading
from probes.linux.iptables import option
from probes.linux.proc import sysctl_file
from probes.linux.unit import shown_units

SYSCTLS = (
    *(
        "net.ipv4.ip_forward",
        "net.ipv4.ip_nonlocal_bind",
        "net.ipv4.ip_no_pmtu_disc",
        "net.ipv4.ip_local_port_range",
    ),
    *("net.ipv4.fib_multipath_hash_policy", "net.ipv4.icmp_echo_ignore_all", "net.ipv4.tcp_mtu_probing"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.neigh.default.gc_thresh1", "net.ipv4.neigh.default.gc_thresh2"),
    *("net.ipv4.neigh.default.gc_thresh3", "net.ipv4.vs.conntrack", "net.ipv6.conf.all.forwarding"),
    *(
        "net.ipv6.conf.all.disable_ipv6",
        "net.bridge.bridge-nf-call-iptables",
        "net.bridge.bridge-nf-call-ip6tables",
    ),
    *("net.bridge.bridge-nf-call-arptables", "net.netfilter.nf_conntrack_max", "net.core.somaxconn"),
    *("net.netfilter.nf_conntrack_tcp_be_liberal", "net.core.netdev_max_backlog"),
    *("fs.inotify.max_user_instances", "fs.inotify.max_user_watches", "kernel.osrelease"),
)
OF_INTERFACES = (
    *("rp_filter", "forwarding", "accept_local", "route_localnet", "proxy_arp", "arp_ignore", "arp_announce"),
    *("arp_filter", "src_valid_mark"),
)
"""Below /proc/sys/net/ipv4/conf, each interface has its own."""
UNITS = (
    *(
        "kubelet",
        "containerd",
        "crio",
        "docker",
        "etcd",
        "kube-proxy",
        "rke2-server",
        "rke2-agent",
        "k3s",
        "k3s-agent",
    ),
    *("frr", "bird", "openvswitch", "openvswitch-switch", "ovs-vswitchd", "ovsdb-server", "ovn-controller"),
    *("libvirtd", "virtqemud", "virtnetworkd", "virtlogd", "ssh", "sshd", "chrony", "chronyd", "ntp", "ntpd"),
    *("systemd-timesyncd", "systemd-networkd", "systemd-resolved", "NetworkManager", "networking", "dnsmasq"),
    *("firewalld", "nftables", "iptables", "netfilter-persistent", "ufw", "fail2ban", "keepalived", "haproxy"),
    *("rabbitmq-server", "mariadb", "mysql", "memcached", "apache2", "httpd", "strongswan", "multipathd", "iscsid"),
)
"""Beside those of OpenStack."""
SHOWN = "Id,LoadState,ActiveState,UnitFileState"
PACKAGES = (
    *("linux-image-*", "kernel", "kernel-core", "openvswitch*", "ovn*", "neutron*", "nova*", "openstack-*"),
    *("python3-neutron", "python3-nova", "kubelet", "kubeadm", "kubectl", "cri-tools", "kubernetes-cni"),
    *("containerd", "containerd.io", "cri-o", "docker-ce", "docker.io", "runc", "frr*", "bird*", "libvirt-daemon*"),
    *("qemu-kvm", "qemu-system-x86", "iptables*", "nftables", "iproute*", "dnsmasq*", "keepalived", "haproxy"),
    *("rabbitmq-server", "openssh-server", "systemd", "network-manager", "NetworkManager", "netplan.io"),
)
_FLEETING = re.compile(
    r"veth|cali|lxc|tap|macvtap|vnet\d|qvo|qvb|qbr|qr-|qg-|ha-|sg-|fg-|fpr-|rfp-|vhu|eni|azv|fw(?:br|pr|ln)|kube-ipvs"
    r"|br-[0-9a-f]{12}$|ovs-netdev$"
)
"""Interfaces of single pods, containers and servers, and what their makers keep beside them."""
_BUSY_CHAINS = re.compile(
    r"KUBE-|cali|felix|(?:OLD_)?CILIUM|DOCKER(?!-USER)|CNI-|NETAVARK|neutron-|nova-|f2b-|ANTREA|WEAVE|ISTIO|SSHGUARD",
    re.IGNORECASE,
)
"""Chains that a daemon writes anew with every pod, container, port or guest that is banned."""
_BUSY_TABLES = re.compile(r"\S+ (?:kube-proxy|cilium|docker|calico|netavark|f2b|ovs_)")
_LEARNED = frozenset({"bgp", "ospf", "isis", "rip", "eigrp", "babel", "bird", "zebra", "openr", "ra", "dhcp"})
_CONF = re.compile(r"/proc/sys/net/ipv4/conf/(?P<interface>[^/]+)/(?P<name>\w+)")
FOLLOWS = "as net.ipv4.ip_forward"


def fleeting(interface: str) -> bool:
    return bool(_FLEETING.match(interface))


# ------------------------------------------------------------------ kernel


def sysctls(values: Mapping[str, str]) -> Iterator[Setting]:
    for name, value in values.items():
        yield Setting("kernel" if name == "kernel.osrelease" else "sysctl", name, (value,))


def of_interfaces(text: str, forwards: str) -> Iterator[Setting]:
    """Of `grep -rHs` below /proc/sys/net/ipv4/conf. `forwarding` follows net.ipv4.ip_forward when that is set: only
    what does not follow is a setting of its own."""
    for line in text.splitlines():
        file, colon, value = line.partition(":")
        found = _CONF.fullmatch(file)
        if colon and found and not fleeting(found["interface"]):
            follows = found["name"] == "forwarding" and value == forwards
            yield Setting("sysctl", sysctl_name(file), (FOLLOWS if follows else value,))


def sysctl_name(name: str) -> str:
    """As people write it: with dots, but where a part has one itself (`net/ipv4/conf/eth0.5/rp_filter`)."""
    path = (name if name.startswith("/proc/sys/") else sysctl_file(name)).removeprefix("/proc/sys/")
    return path if "." in path else path.replace("/", ".")


# ------------------------------------------------------------------ interfaces, routes


def links(found: Iterable[Link]) -> Iterator[Setting]:
    """Where it is plugged in, whether it is switched on, and the MTU."""
    for one in found:
        if not fleeting(one.name):
            master = (f"in {one.master}",) if one.master else ()
            yield Setting("link", one.name, (f"mtu {one.mtu}", "on" if one.up else "off", *master))


def addresses(found: Iterable[Address]) -> Iterator[Setting]:
    """IPv4: machines give themselves other IPv6 addresses from time to time."""
    held: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.family == "inet" and not fleeting(one.interface):
            held[one.interface].add(f"{one.address}/{one.prefix_length}")
    yield from (Setting("address", name, tuple(sorted(lines))) for name, lines in held.items())


def routes(found: Iterable[Route]) -> Iterator[Setting]:
    """What somebody configured, and apart from it what a daemon learned: of that only networks and where they
    lead, for how good a route is changes by itself."""
    held: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in found:
        learned = _learned(one)
        single = one.destination.endswith(("/32", "/128"))
        if not (_of_the_kernel(one) or fleeting(one.interface) or (learned and single)):
            table = "" if one.table == "main" else f" table {one.table}"
            held["learned-route" if learned else "route", one.destination + table].append(_way(one, learned))
    for (kind, name), ways in held.items():
        yield Setting(kind, name, tuple(sorted(set(ways))))


def _learned(one: Route) -> bool:
    return one.protocol in _LEARNED or one.protocol.isdecimal()


def _of_the_kernel(one: Route) -> bool:
    own = one.destination.startswith(("fe80:", "ff00:")) or (":" in one.destination and one.protocol == "kernel")
    return own or one.kind in ("local", "broadcast", "multicast", "anycast")


def _way(one: Route, learned: bool) -> str:
    kind = "" if one.kind == "unicast" else one.kind
    via, dev = one.gateway and f"via {one.gateway}", one.interface and f"dev {one.interface}"
    more = "" if learned or not one.metric else f"metric {one.metric}"
    return " ".join(part for part in (kind, via, dev, more) if part)


def policy_rules(found: Iterable[Rule]) -> Iterator[Setting]:
    held: defaultdict[int, list[str]] = defaultdict(list)
    for one in found:
        held[one.priority].append(one.text)
    yield from (Setting("policy-rule", str(priority), tuple(sorted(lines))) for priority, lines in held.items())


# ------------------------------------------------------------------ firewall


def firewall(found: Firewall) -> Iterator[Setting]:
    """Each chain with its policy and its rules in their order; a chain that does nothing is none."""
    chains: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for policy in found.policies:
        if policy.verdict != "ACCEPT" and not _busy(policy):
            chains[policy.table, policy.chain].append(f"policy {policy.verdict}")
    for rule in found.rules:
        if not _busy(rule) and not _of_somebody(rule):
            chains[rule.table, rule.chain].append(rule.text.removeprefix(f"-A {rule.chain} "))
    yield from (Setting("firewall", f"{table}/{chain}", tuple(lines)) for (table, chain), lines in chains.items())


def _busy(one: FirewallRule | ChainPolicy) -> bool:
    return bool(_BUSY_CHAINS.match(one.chain) or _BUSY_TABLES.match(one.table))


def _of_somebody(rule: FirewallRule) -> bool:
    """Of one pod, container or server, or on the way to such rules."""
    ways = (option(rule.spec, flag) for flag in ("-i", "-o", "--physdev-in", "--physdev-out"))
    source = option(rule.spec, "-s")
    hairpin = source.endswith("/32") and source == option(rule.spec, "-d")
    return bool(_BUSY_CHAINS.match(rule.verdict)) or hairpin or "cali:" in rule.text or any(map(fleeting, ways))


# ------------------------------------------------------------------ units, packages, Open vSwitch


@reading("systemctl show", hint="is systemd running there?")
def units(text: str) -> Iterator[Setting]:
    """Those that are installed, each once: some have two names. One that reloads runs."""
    found = {one["Id"]: one for one in shown_units(text) if one["LoadState"] not in ("not-found", "error")}
    return iter([_unit(one) for one in found.values()])


def _unit(shown: Mapping[str, str]) -> Setting:
    active = {"reloading": "active"}.get(shown["ActiveState"], shown["ActiveState"])
    at_boot = ("starts at boot",) if shown.get("UnitFileState") == "enabled" else ()
    return Setting("unit", shown["Id"], (active, *at_boot))


def packages(debian: str, rpm: str) -> Iterator[Setting]:
    """Of `dpkg-query`: status, name, version; of `rpm -qa`: name, version."""
    held: defaultdict[str, set[str]] = defaultdict(set)
    rows = [line.split() for line in debian.splitlines()]
    for name, version in [row[1:] for row in rows if len(row) == 3 and row[0] == "installed"]:
        held[name].add(version)
    for row in (line.split() for line in rpm.splitlines()):
        if len(row) == 2:
            held[row[0]].add(row[1])
    yield from (Setting("package", name, tuple(sorted(versions))) for name, versions in sorted(held.items()))


def bridges(said: Sequence[str]) -> Iterator[Setting]:
    """Of `ovs-vsctl list` of Bridge, Port and Interface: each bridge with the ports that are no server's."""
    bridge, port, interface = map(parse_table, said)
    return iter(_bridges(bridge, {str(row["_uuid"]): str(row["name"]) for row in port}, interface))


@reading("ovs-vsctl list")
def _bridges(rows: Sequence[Row], ports: Mapping[str, str], interfaces: Sequence[Row]) -> list[Setting]:
    kinds = {str(row["name"]): _plug(row) for row in interfaces}
    found = []
    for row in rows:
        names = sorted(ports[one] for one in several(row["ports"]) if one in ports)
        lines = [f"port {name}{kinds.get(name, '')}" for name in names if not fleeting(name)]
        mode = [f"fail_mode {row['fail_mode']}"] if row["fail_mode"] else []
        found.append(Setting("bridge", str(row["name"]), (*mode, *lines)))
    return found


def _plug(row: Row) -> str:
    """Where a patch port or a tunnel leads."""
    options = row["options"]
    leads = [f"{key}={options[key]}" for key in ("peer", "local_ip", "remote_ip") if options.get(key)]
    return "".join(f" {part}" for part in (row["type"] if leads else "", *leads) if part)
