"""Firewalls as iptables-save text: libvirt's on the physical hosts, Neutron's on the hypervisors."""

from lab.bash import write
from lab.machines import FLOATING, HOSTS, Worker, worker_on

_CHAIN = "neutron-openvswi"


def host_firewall(host: str) -> str:
    """libvirt's chains, the rules that let the machines talk, and the floating network's."""
    return "\n".join([*_nat(host), *_filter(host)]) + "\n"


def load_host_firewall(host: str) -> str:
    """Loads the baseline, also when something was changed; counters go to zero."""
    return _load(host_firewall(host))


def load_port_security(hypervisor: str) -> str:
    worker = worker_on(hypervisor)
    if worker is None:
        return ""
    allowed = f"NIPv4{worker.port}"
    return (
        f"ipset create {allowed} hash:net -exist\nipset flush {allowed}\nipset add {allowed} {worker.ip}\n"
        + _load(_port_security(worker))
    )


def load_no_rules() -> str:
    """Where Open vSwitch filters, iptables is empty."""
    chains = "\n".join(f":{chain} ACCEPT [0:0]" for chain in ("INPUT", "FORWARD", "OUTPUT"))
    return _load(f"*filter\n{chains}\nCOMMIT\n")


def _load(rules: str) -> str:
    return write("/etc/sysconfig/iptables", rules) + "iptables-restore < /etc/sysconfig/iptables\n"


def _nat(host: str) -> list[str]:
    net = HOSTS[host].subnet
    rules = [
        f"-A LIBVIRT_PRT -s {net} -d 224.0.0.0/24 -j RETURN",
        f"-A LIBVIRT_PRT -s {net} -d 255.255.255.255/32 -j RETURN",
    ]
    if host != "kubernetes-host":  # tunnel endpoints must keep their own source address
        rules.append(f"-A LIBVIRT_PRT -s {net} -p udp -m udp --dport 4789 -j RETURN")
    rules += [
        f"-A LIBVIRT_PRT -s {net} ! -d {net} -p tcp -j MASQUERADE --to-ports 1024-65535",
        f"-A LIBVIRT_PRT -s {net} ! -d {net} -p udp -j MASQUERADE --to-ports 1024-65535",
        f"-A LIBVIRT_PRT -s {net} ! -d {net} -j MASQUERADE",
    ]
    if host != "kubernetes-host":
        rules.append(f"-A POSTROUTING -s {FLOATING} -j MASQUERADE")
    chains = [f":{chain} ACCEPT [0:0]" for chain in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")]
    return ["*nat", *chains, ":LIBVIRT_PRT - [0:0]", "-A POSTROUTING -j LIBVIRT_PRT", *rules, "COMMIT"]


def _filter(host: str) -> list[str]:
    floating = host != "kubernetes-host"
    return [
        "*filter",
        *(f":{chain} ACCEPT [0:0]" for chain in ("INPUT", "FORWARD", "OUTPUT")),
        *(f":LIBVIRT_{chain} - [0:0]" for chain in ("FWI", "FWO", "FWX", "INP", "OUT")),
        "-A INPUT -p udp -m udp --dport 4789 -j ACCEPT",
        "-A INPUT -j LIBVIRT_INP",
        *(_forward_floating() if floating else []),
        *(f"-A FORWARD -j LIBVIRT_{chain}" for chain in ("FWX", "FWI", "FWO")),
        "-A OUTPUT -j LIBVIRT_OUT",
        *([f"-A LIBVIRT_FWI -s 10.10.10.0/24 -d {FLOATING} -j ACCEPT"] if floating else []),
        *_libvirt_forward(HOSTS[host].subnet),
        *_libvirt_services(),
        "COMMIT",
    ]


def _forward_floating() -> list[str]:
    return [
        "-A FORWARD -p udp -m udp --sport 4789 -j ACCEPT",
        "-A FORWARD -p udp -m udp --dport 4789 -j ACCEPT",
        f"-A FORWARD -d {FLOATING} -m state --state RELATED,ESTABLISHED -j ACCEPT",
        f"-A FORWARD -s {FLOATING} -j ACCEPT",
    ]


def _libvirt_forward(net: str) -> list[str]:
    return [
        f"-A LIBVIRT_FWI -s 10.10.10.0/24 -d {net} -j ACCEPT",
        f"-A LIBVIRT_FWI -d {net} -o virbr10 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A LIBVIRT_FWI -o virbr10 -j REJECT --reject-with icmp-port-unreachable",
        f"-A LIBVIRT_FWO -s {net} -d 10.10.10.0/24 -j ACCEPT",
        f"-A LIBVIRT_FWO -s {net} -i virbr10 -j ACCEPT",
        "-A LIBVIRT_FWO -i virbr10 -j REJECT --reject-with icmp-port-unreachable",
        "-A LIBVIRT_FWX -i virbr10 -o virbr10 -j ACCEPT",
    ]


def _libvirt_services() -> list[str]:
    """DNS and DHCP of libvirt's dnsmasq."""
    pairs = (("INP", "i", (53, 67)), ("OUT", "o", (53, 68)))
    return [
        f"-A LIBVIRT_{chain} -{flag} virbr10 -p {proto} -m {proto} --dport {port} -j ACCEPT"
        for chain, flag, ports in pairs
        for port in ports
        for proto in ("udp", "tcp")
    ]


def _port_security(worker: Worker) -> str:
    """Neutron's iptables_hybrid anti-spoof chains for the instance's tap, plus floating-IP NAT.

    The allowed source addresses live in an ipset: adding a network to it is what
    `openstack port set --allowed-address` does. The conntrack zone keeps the bridged pass through
    netfilter apart from the routed one; without it the SNAT rule never applies.
    """
    port, cut = worker.port, worker.port[:10]  # neutron cuts chain names to 28 characters
    tap = f"-m physdev --physdev-in tap{port} --physdev-is-bridged -m comment --comment"
    return f"""\
*raw
:PREROUTING ACCEPT [0:0]
{_zone("tap", port)}
{_zone("qvb", port)}
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d {worker.floating_ip}/32 -j DNAT --to-destination {worker.ip}
-A POSTROUTING -s {worker.ip}/32 -o br-ex -j SNAT --to-source {worker.floating_ip}
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:{_CHAIN}-FORWARD - [0:0]
:{_CHAIN}-sg-chain - [0:0]
:{_CHAIN}-o{cut} - [0:0]
:{_CHAIN}-s{cut} - [0:0]
-A INPUT -p udp -m udp --dport 4789 -j ACCEPT
-A FORWARD -j {_CHAIN}-FORWARD
-A {_CHAIN}-FORWARD {tap} "Direct traffic from the VM interface to the security group chain." -j {_CHAIN}-sg-chain
-A {_CHAIN}-sg-chain {tap} "Jump to the VM specific chain." -j {_CHAIN}-o{cut}
-A {_CHAIN}-sg-chain -j ACCEPT
-A {_CHAIN}-o{cut} -p udp -m udp --sport 68 --dport 67 -m comment --comment "Allow DHCP client traffic." -j RETURN
-A {_CHAIN}-o{cut} -j {_CHAIN}-s{cut}
-A {_CHAIN}-o{cut} -j RETURN
-A {_CHAIN}-s{cut} -m mac --mac-source {worker.mac} -m set --match-set NIPv4{port} src \
-m comment --comment "Allow traffic from defined IP/MAC pairs." -j RETURN
-A {_CHAIN}-s{cut} -m comment --comment "Drop traffic without an IP/MAC allow rule." -j DROP
COMMIT
"""


def _zone(kind: str, port: str) -> str:
    comment = f'-m comment --comment "Set zone for {port}"'
    return f"-A PREROUTING -m physdev --physdev-in {kind}{port} {comment} -j CT --zone 4097"
