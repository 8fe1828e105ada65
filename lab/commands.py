"""Verbs of `python -m lab`."""

import argparse
import os
import subprocess
import sys
import time

from lab import boot, breaking, check, cleanup, packages, site
from lab.catalogue import EVERY_FAULT
from lab.cloud import api, client, venv
from lab.errors import LabError
from lab.inside import enter
from lab.instance import Instance, current, see_cgroup2
from lab.kube import build, scale
from lab.kube.kubectl import kubectl
from lab.parts import KUBE, OPENSTACK
from lab.processes import ENV


def run_command(argv: list[str], about: str) -> int:
    arguments, rest = _parser(about).parse_known_args(argv)
    arguments.argv = argv
    if rest and arguments.run not in (_kubectl, _openstack):
        _parser(about).parse_args(argv)  # says what it does not know
    if os.geteuid() and arguments.run not in (_faults, _packages):
        raise LabError("the lab needs root", hint=f"sudo {sys.executable} -m lab {argv[0]}")
    result: int = arguments.run(current(), arguments)
    return result


def _parser(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    up = verbs.add_parser("up", help="build the lab and wait until every path works")
    _add_parts(up)
    up.set_defaults(run=_up)
    verbs.add_parser("down", help="remove everything, also after a crash").set_defaults(run=_down)
    verbs.add_parser("status", help="machines, daemons, memory, faults").set_defaults(run=_status)
    verbs.add_parser("check", help="ping along every path").set_defaults(run=_check)
    verbs.add_parser("faults", help="list the faults").set_defaults(run=_faults)
    verbs.add_parser("heal", help="undo all faults").set_defaults(run=_heal)
    verbs.add_parser("ssh-config", help="path for `ssh -F`").set_defaults(run=_ssh_config)
    for name, run, text in _WITH_FAULT:
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("fault", choices=EVERY_FAULT, metavar="FAULT")
        verb.set_defaults(run=run)
    _with_options(verbs)
    return parser


def _add_parts(verb: argparse.ArgumentParser) -> None:
    for part, text in _PARTS.items():
        verb.add_argument(f"--{part}", action="append_const", dest="parts", const=part, default=[], help=text)


def _with_options(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    site_verb = verbs.add_parser("site", help="path of a site.yaml for this lab")
    site_verb.add_argument("--no-console", action="store_true", help="a site without consoles")
    site_verb.set_defaults(run=_site)
    build_verb = verbs.add_parser("build", help="build what `up` with the same options needs, into the cache")
    _add_parts(build_verb)
    build_verb.set_defaults(run=_build)
    api_verb = verbs.add_parser("api", help="Keystone and Neutron alone, on loopback; prints their clouds.yaml")
    api_verb.add_argument("verb", choices=("up", "down"))
    api_verb.set_defaults(run=_api)
    scale_verb = verbs.add_parser("scale", help="an API server on loopback whose nodes and pods are played")
    scale_verb.add_argument("verb", choices=("up", "down"))
    scale_verb.add_argument("nodes", nargs="?", type=int, default=5_000)
    scale_verb.add_argument("pods", nargs="?", type=int, default=50_000)
    scale_verb.set_defaults(run=_scale)
    packages_verb = verbs.add_parser("packages", help="Debian packages that are missing")
    packages_verb.add_argument("--install", action="store_true", help="install them (root)")
    _add_parts(packages_verb)
    packages_verb.set_defaults(run=_packages)
    kubectl_verb = verbs.add_parser("kubectl", help="kubectl as the cluster's admin, from here", add_help=False)
    kubectl_verb.set_defaults(run=_kubectl)
    openstack_verb = verbs.add_parser(
        "openstack", help="OpenStack's client as administrator, from here", add_help=False
    )
    openstack_verb.set_defaults(run=_openstack)
    verbs.add_parser("clouds", help="path of the cloud's clouds.yaml").set_defaults(run=_clouds)
    for name, text in (("exec", "run a command in a machine, or MACHINE:pod2"), ("console", "a root shell")):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("machine")
        verb.add_argument("command", nargs=argparse.REMAINDER)
        verb.set_defaults(run=_exec)


def _up(lab: Instance, arguments: argparse.Namespace) -> int:
    see_cgroup2(sys.argv[1:])
    start = time.monotonic()
    try:
        boot.up(lab, arguments.parts)
    except KeyboardInterrupt:
        cleanup.down(lab)
        return 130
    print(f"lab {lab.name!r} up in {time.monotonic() - start:.1f} s; ssh -F {lab.ssh_config} HOST")
    return 0


def _down(lab: Instance, arguments: argparse.Namespace) -> int:
    see_cgroup2(["down"])
    cleanup.down(lab)
    return 0


def _status(lab: Instance, arguments: argparse.Namespace) -> int:
    print(check.status_table(lab))
    print(f"faults: {', '.join(breaking.active_faults(lab)) or 'none'}")
    return 0


def _check(lab: Instance, arguments: argparse.Namespace) -> int:
    bad = check.silent_paths(lab)
    print("\n".join(f"no answer: {where} → {ip}" for where, ip in bad) or "every path answers")
    return 1 if bad else 0


def _faults(lab: Instance, arguments: argparse.Namespace) -> int:
    print("\n".join(f"{name:27} {fault.about}" for name, fault in EVERY_FAULT.items()))
    return 0


def _break(lab: Instance, arguments: argparse.Namespace) -> int:
    breaking.break_(lab, arguments.fault)
    return 0


def _undo(lab: Instance, arguments: argparse.Namespace) -> int:
    breaking.undo(lab, arguments.fault)
    return 0


def _heal(lab: Instance, arguments: argparse.Namespace) -> int:
    breaking.heal(lab)
    return 0


def _paste(lab: Instance, arguments: argparse.Namespace) -> int:
    print(breaking.paste(lab, arguments.fault), end="")
    return 0


def _ssh_config(lab: Instance, arguments: argparse.Namespace) -> int:
    print(lab.ssh_config)
    return 0


def _site(lab: Instance, arguments: argparse.Namespace) -> int:
    print(site.write_site(lab, console=not arguments.no_console))
    return 0


def _kubectl(lab: Instance, arguments: argparse.Namespace) -> int:
    kubectl(lab, arguments.argv[1:])
    return 0


def _openstack(lab: Instance, arguments: argparse.Namespace) -> int:
    client.openstack(lab, arguments.argv[1:])
    return 0


def _clouds(lab: Instance, arguments: argparse.Namespace) -> int:
    print(client.clouds(lab))
    return 0


def _packages(lab: Instance, arguments: argparse.Namespace) -> int:
    names = packages.install(arguments.parts) if arguments.install else packages.missing(arguments.parts)
    print("\n".join(names) or "nothing is missing")
    return 0 if arguments.install or not names else 1


def _build(lab: Instance, arguments: argparse.Namespace) -> int:
    for part in arguments.parts:
        print(_BUILDERS[part]())
    return 0


def _api(lab: Instance, arguments: argparse.Namespace) -> int:
    see_cgroup2(["api", arguments.verb])
    if arguments.verb == "down":
        api.down(lab)
    else:
        print(api.up(lab))
    return 0


def _scale(lab: Instance, arguments: argparse.Namespace) -> int:
    see_cgroup2(sys.argv[1:])
    if arguments.verb == "down":
        scale.down(lab)
    else:
        print(scale.up(lab, arguments.nodes, arguments.pods))
    return 0


def _exec(lab: Instance, arguments: argparse.Namespace) -> int:
    argv = [*enter(lab, arguments.machine), "bash", "-c", " ".join(arguments.command)]
    return subprocess.run(argv, env=ENV).returncode


_PARTS = {
    OPENSTACK: "OpenStack on controller, and the workers as its servers",
    KUBE: "Kubernetes on master and the workers",
}
"""What `up --PART` builds beyond the network; see lab/parts.py."""
_BUILDERS = {OPENSTACK: venv.build, KUBE: build.build}
_WITH_FAULT = (
    ("break", _break, "put a fault in"),
    ("undo", _undo, "take a fault out"),
    ("paste", _paste, "what an operator would paste now"),
)
