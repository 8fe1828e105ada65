"""The healthy lab: every path answers, every way in works, and only what should."""

import json
import os
import signal
import stat
import subprocess
import time

import pytest
import yaml

from lab import packages
from lab.machines import SSH_HOSTS
from lab.session import Lab

pytestmark = pytest.mark.lab


def ssh(lab: Lab, login: str, command: str) -> subprocess.CompletedProcess[str]:
    argv = ["ssh", "-F", str(lab.ssh_config), login, command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


def test_every_path_answers(lab: Lab) -> None:
    assert lab.silent_paths() == []


def test_machines_run_and_nothing_has_failed(lab: Lab) -> None:
    for machine in SSH_HOSTS:
        assert lab.run(machine.name, "systemctl is-system-running").stdout.strip() == "running"


@pytest.mark.parametrize("name", [machine.name for machine in SSH_HOSTS])
def test_ssh_reaches_every_machine_with_checked_keys(lab: Lab, name: str) -> None:
    assert ssh(lab, name, "hostname").stdout.strip() == name


def test_ops_may_use_sudo_and_plain_may_not(lab: Lab) -> None:
    assert ssh(lab, "ops@master", "id -u; sudo -n id -u").stdout.split() == ["1000", "0"]
    refused = ssh(lab, "plain@master", "id -u; sudo -n id -u")
    assert refused.stdout.split() == ["1001"]
    assert "a password is required" in refused.stderr


def test_state_folder_is_closed_to_others(lab: Lab) -> None:
    assert stat.S_IMODE(lab.instance.state.stat().st_mode) == 0o700


def test_nothing_of_the_list_of_packages_is_missing(lab: Lab) -> None:
    assert packages.missing() == []


def test_bgp_carries_the_routes(lab: Lab) -> None:
    routes = lab.run("openstack-host", "ip route show proto bgp").stdout
    assert "172.20.112.0/24" in routes
    assert "45.120.120.0/24" in routes


def test_looking_changes_nothing(lab: Lab) -> None:
    assert lab.changes_since(lab.at_rest(), seconds=0) == ""


def test_snapshot_sees_a_rule_a_route_a_sysctl_and_a_file(lab: Lab) -> None:
    changes = {
        "iptables -I INPUT -s 192.0.2.1 -j DROP": "iptables -D INPUT -s 192.0.2.1 -j DROP",
        "ip route add 192.0.2.0/24 dev lo": "ip route del 192.0.2.0/24 dev lo",
        "sysctl -qw net.ipv4.conf.lo.rp_filter=2": "sysctl -qw net.ipv4.conf.lo.rp_filter=0",
        "chmod 600 /etc/fstab": "chmod 644 /etc/fstab",
        "echo x >> /etc/fstab": ": > /etc/fstab",
    }
    before = lab.at_rest()
    for change, back in changes.items():
        lab.run("compute", change)
        assert lab.snapshot()["compute"] != before["compute"], change
        lab.run("compute", back)
    assert lab.changes_since(before) == ""


def test_site_names_every_host_with_its_console(lab: Lab) -> None:
    site = yaml.safe_load(lab.site().read_text())
    assert site["version"] == 1
    assert site["ssh_config"] == str(lab.ssh_config)
    assert list(site["hosts"]) == [machine.name for machine in SSH_HOSTS]
    argv = [*site["hosts"]["controller"]["console"], "-c", "hostname; id -u"]
    assert subprocess.run(argv, capture_output=True, text=True).stdout.split() == ["controller", "0"]


def test_site_without_consoles(lab: Lab) -> None:
    site = yaml.safe_load(lab.site(console=False).read_text())
    assert not any(site["hosts"].values())


def test_console_takes_a_script_on_stdin(lab: Lab) -> None:
    argv = yaml.safe_load(lab.site().read_text())["hosts"]["master"]["console"]
    done = subprocess.run(argv, input="cd /etc\ncat hostname\nexit 7\n", capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("master\n", 7)


@pytest.mark.parametrize("how", ["group", "process", "terminate"])
def test_ending_the_console_ends_what_runs_inside(lab: Lab, how: str) -> None:
    argv = yaml.safe_load(lab.site().read_text())["hosts"]["master"]["console"]
    shell = "echo started; exec sleep 4321" if how != "group" else "echo started; sleep 4321; true"
    with subprocess.Popen(
        [*argv, "-c", shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as console:
        assert console.stdout is not None
        assert console.stdout.readline() == "started\n"
        if how == "group":
            os.killpg(console.pid, signal.SIGKILL)
        else:
            console.send_signal(signal.SIGKILL if how == "process" else signal.SIGTERM)
    assert gone_within(lab, "master", "sleep 4321", seconds=2)


def gone_within(lab: Lab, host: str, command: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if lab.run(host, f"pgrep -fx '{command}'").returncode == 1:
            return True
        time.sleep(0.05)
    return False


def test_firewall_of_a_host_is_what_iptables_says(lab: Lab) -> None:
    """The rules were really loaded, in order, and have counters."""
    rules = lab.run("openstack-host", "iptables-save -c -t filter").stdout
    accept = rules.index("-A LIBVIRT_FWI -s 10.10.10.0/24 -d 192.168.100.0/24 -j ACCEPT")
    reject = rules.index("-A LIBVIRT_FWI -o virbr10 -j REJECT")
    assert accept < reject


def test_tools_answer_in_json(lab: Lab) -> None:
    links = json.loads(lab.run("openstack-host", "ip -j link").stdout)
    assert {"enp7s0", "virbr10", "vnet0", "vnet1"} <= {link["ifname"] for link in links}
