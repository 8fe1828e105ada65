"""Whole commands that only look, with every flag they may have. What is on no line here is no probe's to run."""

from __future__ import annotations

import re

from probes.node import tries
from probes.path import burst, datagrams, send
from probes.trace import long_list, own_sizes

_ADDRESS = r"[0-9A-Fa-f:.]+"
_NAME = r"[A-Za-z0-9_.:@-]+"
_PATH = r"(?:/[A-Za-z0-9_@%+=:,./-]*|'/[^']*')"
_N = r"[0-9]{1,5}"
_PACKAGES = r"(?: (?:[A-Za-z0-9][A-Za-z0-9.+-]*|'[A-Za-z0-9.+-]+\*'))+"
_WHOLE = (
    r"cat /proc/net/snmp /proc/net/netstat",
    r"cat /proc/net/stat/(?:rt_cache|nf_conntrack)",
    r"tc -s -j qdisc show",
    r"sleep [0-9]{1,2}\.[0-9]{2}",
    rf"cat /proc/{_N}/(?:stat|cmdline|mountinfo)",
    r"cat /proc/(?:net/ip_vs|sys/net/bridge/bridge-nf-call-iptables|sys/net/ipv4/ip_forward)",
    r"grep -hs '\^resolvConf:' /var/lib/kubelet/config\.yaml",
    r"grep -rhsE '\^\[\[:space:\]\]\*\(ROUTER=\|gateway4\?\|-\? \*via:\)' /run/systemd/netif/leases /etc/netplan "
    r"/etc/network/interfaces /etc/network/interfaces\.d",
    r"cat /proc/(?:loadavg|swaps|uptime)",
    r"nproc",
    rf"cat /proc/{_N}/stat(?: /proc/{_N}/stat)+",
    r"cat /run/flannel/subnet\.env",
    r"date \+%s",
    r"date \+%s\.%N",
    r"kubelet --version",
    r"grep -hs -- --etcd-servers= /etc/kubernetes/manifests/kube-apiserver\.yaml",
    r"curl -q -s --noproxy '\*' --max-time 8 (?:http://127\.0\.0\.1:2381|"
    r"--cacert /etc/kubernetes/pki/etcd/ca\.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client\.crt "
    r"--key /etc/kubernetes/pki/etcd/healthcheck-client\.key https://127\.0\.0\.1:2379)/(?:health|metrics)",
    r"kubeadm version -o short",
    r"apt-cache madison kubelet kubeadm",
    r"dpkg-query -W -f '(?:\$\{(?:Package|db:Status-Want|db:Status-Status|Version)\}[ \\n]*)+'"
    r"(?: [A-Za-z0-9_.:@/+-]+)+",
    rf"dpkg-query -W -f '(?:\$\{{(?:db:Status-Status|Package|Version)\}}[ \\n]*)+'{_PACKAGES}",
    rf"rpm -qa --qf '%\{{NAME\}} %\{{VERSION\}}-%\{{RELEASE\}}\\n'{_PACKAGES}",
    r"grep -rHs '' /proc/sys/net/ipv4/conf(?: --include=[a-z_]+)+",
    r"df -P(?:B1|i)(?: -x [a-z]+)+",
    r"find /etc/kubernetes/pki /var/lib/kubelet/pki -name '\*\.crt' -o -name kubelet-client-current\.pem",
    r"find /etc/kubernetes /root /var/backups -maxdepth 4 -type f -name '\*\.yaml\*' -printf '%T@ %p\\n'",
    r"find /var/log/pods -path '/var/log/pods/kube-system_\*\.log' -printf '%T@ %p\\n'",
    r"grep -hs '' /var/lib/kubelet/kubeadm-flags\.env /etc/default/kubelet /etc/sysconfig/kubelet",
    r"grep -rHs '--include=\*\.conf' '--include=\*\.conflist' '' /etc/cni/net\.d",
    rf"ls -1 {_PATH}",
    rf"findmnt -nro TARGET,OPTIONS -T {_PATH}",
    r"findmnt -nro SOURCE,FSTYPE",
    r"du -sB1 /var/log/journal",
    r"grep -EHsno '\^\(\\\[\[A-Za-z0-9_:\.-\]\+\\\]\|\([a-z_|-]+\)\[\[:space:\]\]\*\[=:\]\.\*"
    rf"\|\[\[:space:\]\]\+\)'(?: {_PATH})+",
    rf"sed -n {_N},{_N}p {_PATH}",
    r"pgrep -of '\^\(\[\^ \]\*python\[\^ \]\* \)\?\(\[\^ \]\*/\)\?[a-z\\-]+\(:\? \|\$\)'",
    rf"grep -czx KOLLA_CONFIG_STRATEGY=COPY_ONCE /proc/{_N}/environ",
    rf"cat /proc/{_N}/cgroup",
    r"grep -rEHs '\^\([a-z_|]+\)\[\[:space:\]\]\*:' '--include=\*\.yml' /etc/kolla/globals\.yml "
    r"/etc/kolla/globals\.d",
    rf"ls -1d(?: {_PATH})+",
    r"find /var/log/kolla/neutron /var/log/neutron -name 'neutron-\*\.log' -mtime -1",
    r"tail -q -n 100(?: /var/log/(?:kolla/)?neutron/neutron-[a-z-]+\.log)+",
    r"grep -ahE '\^\([0-9|-]+\) \.\*\(Failed to bind port\|Refusing to bind port\) '"
    r"(?: /var/log/(?:kolla/)?neutron/neutron-[a-z-]+\.log)+",
    rf"journalctl(?: -u {_NAME})+ --no-pager -o cat --since -1d -n [0-9]+",
    r"(?:(?:podman|docker) exec nova_conductor )?nova-manage cell_v2 list_(?:cells|hosts)",
    rf"(?:(?:podman|docker) exec openvswitch_vswitchd )?ovs-ofctl dump-(?:aggregate|flows|ports) {_NAME}",
    r"(?:(?:podman|docker) exec openvswitch_vswitchd )?ovs-vsctl --format=json --columns=[a-z_,]+ list [A-Z][a-z]+",
    rf"(?:(?:podman|docker) exec openvswitch_vswitchd )?ovs-appctl ofproto/trace {_NAME} in_port={_N}"
    r"(?:,[a-z0-9_]+(?:=[0-9a-fx:.]+)?)+(?: --ct-next trk,est,rpl)*",  # a flow alone: no packet, no -generate
    rf"ps -o u(?:ser|id)= -p {_N}",
    rf"stat -L -c '(?:%U %G|%u %g) %a' {_PATH}",
    r"stat -c %a /proc/sys/net/netfilter/nf_conntrack_max",
    r"grep -sm [0-9]{1,5} '' /proc/net/nf_conntrack",
    rf"stat -c '%Y %n'(?: {_PATH})+",
    rf"stat -f -c '%a %S' {_PATH}",
    rf"journalctl -u {_NAME} --no-pager -o cat -n [0-9]+(?: _SYSTEMD_INVOCATION_ID=[0-9a-f]+)?",
    r"ls -1 /(?:etc/kubernetes/manifests|opt/cni/bin)",
    r"lsblk -Jbo NAME,PATH,TYPE,SIZE",
    r"openssl x509 -noout -subject -startdate -enddate "
    r"-in /(?:etc/kubernetes|var/lib/kubelet)/pki/[A-Za-z0-9_./-]+",
    r"ps -eo comm=",
    r"tail -n 60 /var/log/pods/[A-Za-z0-9_./-]+\.log",
    r"grep -Hs '' /proc/sys/\S+(?: /proc/sys/\S+)*",
    r"grep -rhs '--include=ssh_host_\*_key\.pub' '' /etc/ssh",
    r"grep -rhsiE '[^']*' /etc/ssh/sshd_config /etc/ssh/sshd_config\.d",
    r"ip -j (?:addr|neigh|rule)",
    r"ip -j -s -d link",
    r"ip -n qrouter-[0-9a-f-]{32,36} -j -s -d link",
    rf"bridge -j fdb show dev {_NAME}",
    r"ip -j route show table all",
    rf"ip -j route get (?:fibmatch )?{_ADDRESS}(?: from {_ADDRESS}(?: iif {_NAME})?)?",
    r"cat /proc/(?:swaps|uptime)",
    rf"cat /proc/{_N}/stat(?: /proc/{_N}/stat)+",
    rf"(?:cat|readlink|sha256sum|stat -L -c '%F\|%a\|%u\|%g\|%U\|%G\|%C') -- {_PATH}",
    rf"ip -[46] route show table all exact (?:default|{_ADDRESS}/{_N})",
    rf"ip -o address show dev {_NAME}",
    r"ip(?:6)?tables(?:-legacy|-nft)?-save(?: -c| -t [a-z]+)",
    r"netlink (?:addresses|links|neighbours|routes|rules)",
    r"nft (?:-j|-s -a) list ruleset",
    r"nft -j list chains",
    r"nft (?:-j|-s -a) list table (?:ip6?|inet|arp|bridge|netdev) [A-Za-z0-9_][A-Za-z0-9_./-]*",
    r"pgrep -x '?[a-z0-9|]+'?",
    rf"ping -n(?: -M do)?(?: -I {_ADDRESS})? -c {_N} -i (?:0\.2|1) -W 1 -s {_N} {_ADDRESS}",
    r"reach",
    r"ss -Hltn",
    rf"ssh-keyscan -T {_N} -t {_NAME}(?:,{_NAME})* -p {_N} {_ADDRESS}",
    rf"systemctl show(?: (?:{_NAME}|'[a-z-]+\*\.service'))+ -p [A-Za-z,]+",
    r"timeout [0-9]{1,2}(?:\.[0-9])? tcpdump (?:-pnlei any|-pqnlei any -s 96) -c [0-9]{1,4} '[^']*'",  # no -w, -z
    rf"tracepath -n -m {_N} {_ADDRESS}",
    rf"traceroute -n -q 1 -w 1 -m {_N} {_ADDRESS}",
    rf"nc -z -w 1 {_ADDRESS} {_N}",
    r"grep -hs '\^bgpd=' /etc/frr/daemons",
    r"grep -hEs '[^']*' /etc/frr/(?:frr|bgpd)\.conf",
    r"vtysh -c 'show (?:bgp neighbors json|running-config bgpd \| include [^']*)'",
)
CONNECTING = tuple(
    command
    for command in (*send.COMMANDS, *datagrams.COMMANDS)
    if command.startswith(("python3 ", "bash ")) and command != tries.TRY
)
"""Opens TCP connections and closes them, or sends empty datagrams; the programs' whole texts are declared."""
_MESSAGE = r"(?:[A-Za-z0-9]|\\0[0-7]{3})*"
_SECONDS = r"[0-9]{1,2}(?:\.[0-9]{1,2})?"
_TRYING = re.compile(
    rf" try(?: (?:tcp|udp),{_ADDRESS},{_N},(?:,{_SECONDS})?| '(?:tcp|udp),{_ADDRESS},{_N},{_MESSAGE}')+"
)
"""TCP connections over which nothing is sent, and DNS questions."""
_SIZED = re.compile(rf" sized(?: tcp,{_ADDRESS},{_N},{_N}| 'udp,{_ADDRESS},{_N},{_N},{_MESSAGE}')+")
"""Connections over which the program's own `OPTIONS *` is sent, and DNS questions with zeros behind them."""
_PING_IN_POD = re.compile(rf"{re.escape(tries.COMMANDS[1])} sh {_ADDRESS} (?P<ping>(?:ping|sh|ip) .*)", re.DOTALL)
COUNTING = long_list.declared([f"ip{six}tables{legacy}-save -c" for six in ("", "6") for legacy in ("", "-legacy")])
"""Lists of rules of which only what counts anything travels: whole programs."""
_BURST = re.compile(rf"(?:{'|'.join(map(re.escape, burst.COMMANDS))}) sh(?: {_N} {_N} {_ADDRESS})+")
"""Pings side by side; of the program only its numbers and addresses vary."""
_CONNECTING_TO = re.compile(rf"(?: {_ADDRESS}| {_N}){{3}}")


_GET = re.compile(r"GET (?:[a-z-]+ )?/[A-Za-z0-9._~:@%/-]*(?:\?[A-Za-z0-9._~%+=&*-]*)?")
"""Of an API: service of a cloud, path and query, quoted."""
_DOING = re.compile(r"/(?:exec|attach|portforward|proxy)(?:[/?]|$)")
"""GETs of Kubernetes that open a way into a container, or go on to somebody else."""


def looks_only(command: str) -> bool:
    """Of a whole command as a shell reads it, or a question to an API."""
    if command.startswith("GET "):
        return bool(_GET.fullmatch(command)) and not _DOING.search(command)
    for program in CONNECTING:
        if command.startswith(program):
            return bool(_CONNECTING_TO.fullmatch(command.removeprefix(program)))
    if pinging := _PING_IN_POD.fullmatch(command):
        return looks_only(pinging["ping"])
    for program, words in ((tries.TRY, _TRYING), (own_sizes.COMMANDS[0], _SIZED)):
        if (tried := command.partition(program))[1]:
            in_pod = rf"(?:{re.escape(tries.COMMANDS[1])} sh {_ADDRESS} )?"
            return bool(re.fullmatch(in_pod, tried[0]) and words.fullmatch(tried[2]))
    if _BURST.fullmatch(command) or command in COUNTING:
        return True
    return any(re.fullmatch(whole, command) for whole in _WHOLE) and not _operators(command)


def _operators(command: str) -> bool:
    """Anything of the shell's outside quotes: it would be a second command, or write a file."""
    return bool(set(re.sub(r"'[^']*'", "", command)) & set('();<>|&$`\\\n"'))
