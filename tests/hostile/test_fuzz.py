"""Everything a person or a machine writes for deadhop, made wrong: no error but the documented ones, in bounded
time and memory. FUZZ_EXAMPLES sets how many inputs of each kind; under CI=true it is 10,000."""

from __future__ import annotations

import os
import random
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from base.errors import ConfigError, Place
from base.text import Lang
from diagnosis.catalog import catalog
from journal.export import to_json, to_markdown
from journal.reading import parse
from knowledge.cases import run_cases
from knowledge.cel import EvaluationError, Expression
from knowledge.cel_types import check
from knowledge.load import load, shipped
from knowledge.model import Knowledge
from knowledge.search import Index
from knowledge.template import RenderError, Template
from probes.cloud.files import entries_in
from probes.cloud.openrc import parse_openrc
from probes.cluster.kubeconfig import login_of, read_kubeconfig
from probes.inventory.groups import listed
from probes.inventory.ini import parse_ini
from probes.inventory.machines import machines_of
from probes.inventory.ssh_lines import ssh_config_of
from probes.inventory.tree import parse_listed, parse_yaml
from probes.site_file import parse_site
from probes.ssh_config import hosts_of
from probes.ssh_excerpt import config_for
from tests.hostile.counting import resident
from tests.hostile.mutations import mutated
from tests.hostile.strings import ALL, INVALID_UTF8
from tests.knowledge.authoring import CASES, CAUSE, SYMPTOM, write
from tests.knowledge.test_cel import FUNCTIONS, SCOPE, VALUES

INPUTS = int(os.environ.get("FUZZ_EXAMPLES") or (10_000 if os.environ.get("CI") == "true" else 300))
TOGETHER = 20
"""Inputs of one example: hypothesis' own bookkeeping costs as much as most of them."""
SECONDS = 30.0
"""Of the processor, for one input: ten times what the worst takes, and far below what multiplies."""
MEBIBYTES = 300
ROOT = Path(__file__).parents[2]

Target = Callable[[str, Path], None]


@dataclass(frozen=True)
class Kind:
    name: str
    corpus: tuple[str, ...]
    target: Target


def texts_of(*patterns: str) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for pattern in patterns for path in sorted(ROOT.glob(pattern)))


# ------------------------------------------------------------------ what is fed


def documented(error: ConfigError) -> None:
    assert error.message


def a_symptom(text: str, folder: Path) -> None:
    write(folder, symptom=text.encode("utf-8", "replace").decode())
    load([folder], catalog())


def a_cause(text: str, folder: Path) -> None:
    write(folder, cause=text.encode("utf-8", "replace").decode())
    load([folder], catalog())


def some_cases(text: str, folder: Path) -> None:
    knowledge = small_knowledge(folder)
    (folder / "symptoms/host/no-echo.cases.yaml").write_text(text, encoding="utf-8", errors="replace")
    run_cases(knowledge, catalog(), [folder])


@cache
def small_knowledge(folder: Path) -> Knowledge:
    """What the cases lie beside; it is the same for all of them."""
    return load([write(folder)], catalog()).knowledge


def a_site(text: str, folder: Path) -> None:
    try:
        parse_site(text.encode("utf-8", "replace").decode(), folder / "site.yaml")
    except ConfigError as error:
        documented(error)


def an_inventory(text: str, folder: Path) -> None:
    """As ini, as YAML and as a list; whatever is taken over is read again as it was meant."""
    file, clean = folder / "inventory", text.encode("utf-8", "replace").decode()
    as_ini, as_yaml = (lambda: listed(parse_ini(clean, file))), (lambda: listed(parse_yaml(clean, file)))
    for read in (as_ini, as_yaml, partial(parse_listed, clean, file)):
        try:
            machines, _ = machines_of(read())
        except ConfigError as error:
            documented(error)
            continue
        file.write_text(ssh_config_of(machines, clean), encoding="utf-8", errors="replace")
        assert [host.name for host in hosts_of(file)] == [machine.name for machine in machines]


def a_kubeconfig(text: str, folder: Path) -> None:
    """Also the login of each context, as far as nothing is run or read for it."""
    file = folder / "kubeconfig"
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        config = read_kubeconfig((file,))
        for name in ("", *list(config.contexts)[:5]):
            login = login_of(config, name)
            assert login.server.port
            assert login.server.host
    except ConfigError as error:
        documented(error)


def some_clouds(text: str, folder: Path) -> None:
    """As a clouds.yaml and as a file of `export OS_…` lines."""
    clean = text.encode("utf-8", "replace").decode()
    for read in (lambda: entries_in(clean, "clouds.yaml"), lambda: parse_openrc(clean, Place("openrc"))):
        try:
            assert all(isinstance(name, str) for name in read())
        except ConfigError as error:
            documented(error)


def an_ssh_configuration(text: str, folder: Path) -> None:
    file = folder / "config"
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        for host in hosts_of(file)[:3]:
            with config_for(host.name, (file,)):
                pass
    except ConfigError as error:
        documented(error)


def a_journal(text: str, folder: Path) -> None:
    try:
        recording = parse(text.encode("utf-8", "surrogatepass"), "fuzzed")
    except ConfigError as error:
        documented(error)
        return
    to_markdown(recording, Lang.KO)
    to_json(recording)


@cache
def index() -> Index:
    return Index(tuple(load([shipped()], catalog()).knowledge.symptoms.values()))


def a_paste(text: str, folder: Path) -> None:
    index().search(text, hosts=("master", "controller"))


def a_condition(text: str, folder: Path) -> None:
    if not check(text, SCOPE).mistakes:
        try:
            Expression(text).evaluate(VALUES, FUNCTIONS)
        except EvaluationError:
            return


BREAKING = ("'\"$(`;&|<>#\\\n {{", "a b", "'", "$(touch PWNED)", "\n", "-", "")


def a_template(text: str, folder: Path) -> None:
    """What is accepted keeps every value inside its word."""
    template = Template(text)
    if template.mistakes(sudo=False):
        return
    if len(text) > 4000:  # Python's own shell words take a second for more
        return
    names = template.variables()
    plain = template.render(dict.fromkeys(names, "x"))
    for value in BREAKING:
        try:
            hostile = template.render(dict.fromkeys(names, value))
        except RenderError:
            continue
        assert len(shlex.split(hostile)) == len(shlex.split(plain))


# ------------------------------------------------------------------ what it is made of


SITES = (
    "version: 1\nhosts:\n  a: {addresses: [192.0.2.1], console: [lxc, exec, a, --], labels: [vm]}\n  b: {}\n",
    "version: 1\nssh_config: []\nonly: ['*']\nhosts: {x: {labels: &l [a, b]}, y: {labels: *l}}\n",
)
KUBECONFIGS = (
    """\
apiVersion: v1
current-context: a
clusters:
- name: a
  cluster: {server: "https://10.0.0.1:6443", certificate-authority-data: QUJD, proxy-url: "http://p:3128"}
contexts:
- name: a
  context: {cluster: a, user: u}
users:
- name: u
  user:
    exec: {apiVersion: v1, command: ./x, args: [a], env: [{name: A, value: b}]}
""",
    '{"clusters": [{"name": "b", "cluster": {"server": "https://[::1]:6443", "insecure-skip-tls-verify": true}}], '
    '"contexts": [{"name": "b", "context": {"cluster": "b", "user": "c"}}], "users": [{"name": "c", "user": '
    '{"client-certificate-data": "QUJD", "client-key": "k", "username": "a", "password": "b", "tokenFile": "t"}}]}',
)
CLOUDS = (
    "clouds:\n  a: &a\n    auth: {auth_url: 'http://10.0.0.1:5000/v3', username: x, password: y}\n"
    "    regions: [r]\n  b: *a\n",
    "# made\nexport OS_AUTH_URL='http://10.0.0.1:5000'  # here\nOS_PASSWORD=\"a b\"\nexport OS_X=$(id)\n",
)
INVENTORIES = (
    "[web]\na[01:12:3].x:2222 ansible_host=192.0.2.1 k='a b'\n[all:vars]\nansible_user=x\n[c:children]\nweb\n",
    "all: {hosts: {'a[b:d]': {ansible_port: 22}}, children: {c: {vars: {ansible_ssh_common_args: -J b}}}}\n",
    '{"_meta": {"hostvars": {"a": {"ansible_user": "x"}}}, "web": {"hosts": ["a", "b"], "children": ["c"]}}',
)
SSH = (
    "Host a b\n  HostName ::1\n  User root\n  Port 2222\nHost *.lab !c\n  HostName %h.example\n  ProxyJump a\n",
    'Match host "a,b" user x\n  IdentityFile "~/.ssh/a b"\nHost = a\n\tHostName=::1\n# c\nInclude none/*\nHost *\n',
)
CONDITIONS = (
    "reach.received == reach.sent",
    'hits.exists(h, h.verdict == "REJECT" && h.chain.startsWith("LIBVIRT_FW")) || !(port > 22)',
    'hits.filter(h, h.packets > 5).map(h, h.spec)[0] + ["x", r"\\d"]',
    'reach.ok ? {"a": [1, -2, 3.5e3]}["a"][0] : size(names) % 3',
)
TEMPLATES = (
    "iptables -I LIBVIRT_FWI 1 -s {{ source_net }} -d {{ target_net }} -j ACCEPT",
    "sysctl -w net.ipv4.conf.{{ interface }}.rp_filter=2 && echo \"a b\" 'c' d\\ e",
    "sh -c 'printf %s \"$1\" > /x' sh {{ value }}",
)
PASTES = (
    "root@master:~# ping 192.168.100.101\nFrom 10.10.10.1 icmp_seq=1 Destination Port Unreachable\n",
    "Feb 20 02:35:34 web1 sshd[12]: ssh: connect to host 10.0.0.1 port 22: Connection timed out\n",
    "\x1b[31m@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\x1b[0m\r\nk8s-1에서 ping 이 안 된다\n",
)


def kinds() -> tuple[Kind, ...]:
    journals = tuple(text[:20_000] for text in texts_of("drills/*.jsonl"))
    return (
        Kind("symptoms", (SYMPTOM,), a_symptom),
        Kind("causes", (CAUSE,), a_cause),
        Kind("cases", (CASES,), some_cases),
        Kind("sites", SITES, a_site),
        Kind("kubeconfigs", KUBECONFIGS, a_kubeconfig),
        Kind("clouds", CLOUDS, some_clouds),
        Kind("inventories", INVENTORIES, an_inventory),
        Kind("ssh configurations", SSH, an_ssh_configuration),
        Kind("journals", journals, a_journal),
        Kind("pastes", PASTES, a_paste),
        Kind("conditions", CONDITIONS, a_condition),
        Kind("templates", TEMPLATES, a_template),
    )


KINDS = kinds()


def fed(kind: Kind, text: str, folder: Path) -> None:
    begun = time.process_time()
    try:
        kind.target(text, folder)
    except BaseException as error:
        error.add_note(f"{kind.name}: the input was {text[:3000]!r}")
        raise
    taken = time.process_time() - begun
    assert taken < SECONDS, f"{kind.name}: {taken:.1f} s for {text[:3000]!r}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_fuzzed(kind: Kind, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    count = 0

    @settings(
        max_examples=-(-INPUTS // TOGETHER),
        phases=(Phase.generate,),  # an input that fails is named whole: nothing is gained by making it smaller
        deadline=None,  # each input has its own, of processor time
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=st.integers(0, 2**48), odd=st.one_of(st.text(max_size=200), st.binary(max_size=200)))
    def fuzz(seed: int, odd: str | bytes) -> None:
        nonlocal count
        chance = random.Random(seed)
        fed(kind, odd if isinstance(odd, str) else odd.decode("utf-8", "surrogateescape"), tmp_path)
        for _ in range(TOGETHER - 1):
            fed(kind, mutated(kind.corpus, chance), tmp_path)
        count += TOGETHER

    before, begun = resident(), time.process_time()
    fuzz()
    grown = (resident() - before) / (1 << 20)
    taken = time.process_time() - begun
    record_property("counted", f"fuzzed {kind.name}: {count:,} inputs in {taken:.0f} s, {grown:+.0f} MiB")
    assert count >= INPUTS
    assert grown < MEBIBYTES


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_hostile_string(kind: Kind, tmp_path: Path) -> None:
    for text in (*ALL, *(data.decode("utf-8", "surrogateescape") for data in INVALID_UTF8)):
        fed(kind, text, tmp_path)


# ------------------------------------------------------------------ what is known to kill readers


def bomb(levels: int = 12, width: int = 10) -> str:
    """A few hundred bytes of aliases that mean 10^12 values."""
    lines = ["a0: &a0 [" + ", ".join(["x"] * width) + "]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * width) + "]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


YAML_KILLERS: Sequence[str] = (
    bomb(),
    "version: 1\n" + bomb() + "hosts: *a11\n",
    "hosts: {h: {labels: " + "[" * 100_000,
    "a: " + "{a: " * 20_000 + "}" * 20_000,
    "- " * 50_000 + "x",
    "? " * 20_000,
    "a: &a [*a, *a]\n",
    "&a {*a : *a}\n",
    "<<: &x {<<: *x}\n",
    "x: " + "!" * 100_000,
    'x: "' + "\\x41" * 100_000 + '"',
    "x: |\n" + " a\n" * 100_000,
    "#" * 500_000,
    "a: 1\n" * 50_000,
    "%TAG ! tag:x\n" * 5000 + "---\nx",
)


YAML = ("symptoms", "causes", "cases", "sites", "kubeconfigs", "clouds", "inventories")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name in YAML], ids=lambda kind: kind.name)
@pytest.mark.parametrize("number", range(len(YAML_KILLERS)))
def test_yaml_that_kills_readers(kind: Kind, number: int, tmp_path: Path) -> None:
    before = resident()
    fed(kind, YAML_KILLERS[number], tmp_path)
    assert (resident() - before) / (1 << 20) < MEBIBYTES


CONDITION_KILLERS = (
    "(" * 50_000,
    "[" * 50_000,
    "!" * 50_000 + "true",
    "-" * 4000 + "1",
    "1" + "+1" * 1990,
    "host" + ".b" * 1990,
    "names" + "[0]" * 1300,
    "true ? " * 500 + "1",
    "true ? 2 : " * 350 + "3",
    '"' + "\\" * 3999,
    "names" + ".map(x, names)" * 280,
    '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".matches("(a+)+$")',
    "{" * 39 + "}" * 39,
    "9" * 3999,
    "1e" + "9" * 3000,
)


@pytest.mark.parametrize("text", CONDITION_KILLERS, ids=lambda text: text[:20])
def test_conditions_that_kill_readers(text: str, tmp_path: Path) -> None:
    fed(Kind("conditions", (), a_condition), text, tmp_path)


def test_includes_that_multiply(tmp_path: Path) -> None:
    """Ten files that each include all ten are 10^16 files."""
    for number in range(10):
        (tmp_path / f"part{number}").write_text(f"Include {tmp_path}/part*\n")
    begun = time.process_time()
    with pytest.raises(ConfigError, match="Include"):
        hosts_of(tmp_path / "part0")
    assert time.process_time() - begun < SECONDS


def test_files_that_do_not_end(tmp_path: Path) -> None:
    before = resident()
    with pytest.raises(ConfigError, match="no regular file"):
        hosts_of(Path("/dev/zero"))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ConfigError, match="larger"):
        hosts_of(tmp_path / "sparse")
    assert (resident() - before) / (1 << 20) < 50
