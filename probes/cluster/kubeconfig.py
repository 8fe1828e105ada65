"""Kubeconfigs as kubectl reads them: several files merged, relative paths beside their file. Nothing is run."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import yaml

from base.errors import ConfigError, Place, Problem
from base.text import clip, inert
from probes.site_reader import Reader, is_null
from probes.ssh_config import at_home, read_text
from probes.yaml_tree import Mistakes, compose

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Pem:
    """Certificate or key: its bytes, or the file that holds them."""

    data: bytes = field(default=b"", repr=False)
    file: Path | None = None

    def __bool__(self) -> bool:
        return bool(self.data or self.file)

    def read(self) -> bytes:
        """ConfigError when the file cannot be had."""
        return self.data or (read_text(self.file, Place(str(self.file))).encode() if self.file else b"")


@dataclass(frozen=True, slots=True)
class Server:
    """An entry of `clusters:`."""

    place: str
    url: str
    ca: Pem = Pem()
    insecure: bool = False
    tls_name: str = ""
    proxy: str = ""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the entry: said where a context uses it, for others are as good as before."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]

    @property
    def at(self) -> str:
        """`10.0.0.1:6443`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A program that is run for credentials, as kubectl does."""

    place: str
    argv: tuple[str, ...]
    api_version: str
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    install_hint: str = ""
    wants_cluster: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """An entry of `users:`."""

    place: str
    bearer: str = field(default="", repr=False)
    bearer_file: Path | None = None
    certificate: Pem = Pem()
    key: Pem = Pem()
    basic: tuple[str, str] = field(default=("", ""), repr=False)
    plugin: ExecPlugin | None = None
    provider: str = ""
    """`auth-provider`: what kubectl itself has given up; its last token is used, and never renewed."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    place: str
    server: str
    user: str
    namespace: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Files merged: of two entries with one name the first counts, and the first `current-context`."""

    files: tuple[Path, ...]
    servers: dict[str, Server] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)
    current: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """Where to ask and as whom."""

    server: Server
    user: User


def read_kubeconfig(files: Iterable[Path]) -> Kubeconfig:
    """ConfigError, with file, line and column of each mistake."""
    files = tuple(at_home(str(file)) for file in files)
    merged = Kubeconfig(files)
    for file in files:
        one = parse_kubeconfig(read_text(file, Place(str(file))), file)
        merged = replace(
            merged,
            servers={**one.servers, **merged.servers},
            users={**one.users, **merged.users},
            contexts={**one.contexts, **merged.contexts},
            current=merged.current or one.current,
        )
    return merged


def login_of(config: Kubeconfig, name: str) -> Login:
    """Of a context; of the current one for an empty name. ConfigError when something of it is missing or wrong."""
    source = ", ".join(map(str, config.files))
    name = name or config.current
    if name not in config.contexts:
        known = ", ".join(map(_shown, sorted(config.contexts)[:10])) or "none"
        raise ConfigError(f"{source}: no context {_shown(name)}", hint=f"contexts there: {known}")
    context = config.contexts[name]
    if context.server not in config.servers:
        raise ConfigError(f"{context.place}: there is no cluster {_shown(context.server)}", hint=_CONTEXTS)
    if context.user and context.user not in config.users:
        raise ConfigError(f"{context.place}: there is no user {_shown(context.user)}", hint=_CONTEXTS)
    login = Login(config.servers[context.server], config.users.get(context.user, User(context.place)))
    problems = (*context.problems, *login.server.problems, *login.user.problems)
    if problems:
        raise Mistakes(problems)
    return login


_CONTEXTS = "`kubectl config view` shows what there is"


def _shown(text: str) -> str:
    return f"`{clip(inert(text), 60)}`"


# ------------------------------------------------------------------ one file


def parse_kubeconfig(text: str, path: Path) -> Kubeconfig:
    """What is not known is left alone, as kubectl does. Mistakes of the file as a whole; what is wrong with one
    entry stands with it."""
    reader = _Reader(path)
    root = compose(text, path)
    if root is None:
        return Kubeconfig((path,))
    top = reader.fields(root, "the kubeconfig")
    config = Kubeconfig(
        (path,),
        dict(_entries(reader, top.get("clusters"), "clusters", "cluster", _server)),
        dict(_entries(reader, top.get("users"), "users", "user", _user)),
        dict(_entries(reader, top.get("contexts"), "contexts", "context", _context)),
        reader.text(top.get("current-context"), "current-context"),
    )
    if reader.problems:
        raise Mistakes(tuple(reader.problems))
    return config


class _Reader(Reader):
    def fields(self, node: yaml.Node | None, what: str) -> dict[str, yaml.Node]:
        if node is None or is_null(node):
            return {}
        return {name: value for name, (_, value) in self.entries(node, what).items()}

    def named(self, node: yaml.Node | None, what: str, inner: str) -> Iterator[tuple[str, yaml.Node]]:
        """Entries of a list of `{name: …, INNER: …}`; the first of a name counts."""
        met = set()
        for item in self.items(node, what):
            fields = self.fields(item, f"an entry of `{what}`")
            name = self.text(fields.get("name"), "name")
            if not name:
                self.wrong(item, f"an entry of `{what}` has no name", "write `name: …`")
            elif name not in met:
                met.add(name)
                yield name, fields.get(inner, item)

    def items(self, node: yaml.Node | None, what: str) -> list[yaml.Node]:
        if node is None or is_null(node):
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.wrong(node, f"{what} is not a list", f"write `{what}:` and lines with `- name: …`")
        return []

    def text(self, node: yaml.Node | None, what: str) -> str:
        if node is None or is_null(node):
            return ""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.wrong(node, f"{what}: a word is wanted here", "put quotes around it if it is one")
        return ""

    def file(self, node: yaml.Node | None, what: str) -> Path | None:
        text = self.text(node, what)
        return self.path.parent / text if text else None

    def pem(self, fields: dict[str, yaml.Node], key: str) -> Pem:
        """`KEY-data` counts before `KEY`."""
        data = fields.get(f"{key}-data")
        text = self.text(data, f"{key}-data")
        if not (data and text):
            return Pem(file=self.file(fields.get(key), key))
        try:
            return Pem(base64.b64decode("".join(text.split()), validate=True))
        except (binascii.Error, ValueError):
            self.wrong(data, f"{key}-data is not base64", "`kubectl config set-… --embed-certs` writes it")
            return Pem()


_Entry = TypeVar("_Entry", Server, User, Context)


def _entries(
    reader: _Reader, node: yaml.Node | None, what: str, inner: str, read: Callable[[_Reader, yaml.Node], _Entry]
) -> Iterator[tuple[str, _Entry]]:
    for name, value in reader.named(node, what, inner):
        before = len(reader.problems)
        entry = read(reader, value)
        wrong, reader.problems[before:] = tuple(reader.problems[before:]), []
        yield name, replace(entry, problems=wrong)


def _server(reader: _Reader, node: yaml.Node) -> Server:
    fields = reader.fields(node, "cluster")
    url = reader.text(fields.get("server"), "server")
    if not _is_url(url) or "@" in url:
        reader.wrong(fields.get("server", node), f"{_shown(url)} is no address of an API", "https://HOST:6443")
    proxy = reader.text(fields.get("proxy-url"), "proxy-url")
    if proxy and not _is_url(proxy):
        hint = _SOCKS if proxy.startswith("socks") else "http://HOST:3128"
        reader.wrong(fields["proxy-url"], f"{_shown(proxy)} is no HTTP proxy", hint)
    return Server(
        str(reader.place(node)),
        url.rstrip("/"),
        reader.pem(fields, "certificate-authority"),
        reader.yes(fields.get("insecure-skip-tls-verify"), "insecure-skip-tls-verify"),
        reader.text(fields.get("tls-server-name"), "tls-server-name"),
        proxy,
    )


_SOCKS = "SOCKS is not spoken here; a cluster with `host` and no `kubeconfig` in site.yaml is asked over SSH"


def _is_url(text: str) -> bool:
    """`http` or `https` with a host that can be one."""
    try:
        parts = urlsplit(text)
        port_is_one = parts.port is None or parts.port > 0
        host = parts.hostname or ""
        if ":" in host:
            ipaddress.ip_address(host)
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    return plain and parts.scheme in _PORTS and bool(host) and port_is_one and not (parts.query or parts.fragment)


def _user(reader: _Reader, node: yaml.Node) -> User:
    fields = reader.fields(node, "user")
    name, word = (reader.text(fields.get(key), key) for key in ("username", "password"))
    provider = reader.fields(fields.get("auth-provider"), "auth-provider")
    held = reader.fields(provider.get("config"), "config")
    bearer = reader.text(fields.get("token"), "token")
    return User(
        str(reader.place(node)),
        bearer or reader.text(held.get("id-token") or held.get("access-token"), "id-token"),
        reader.file(fields.get("tokenFile"), "tokenFile"),
        reader.pem(fields, "client-certificate"),
        reader.pem(fields, "client-key"),
        (name, word),
        _plugin(reader, fields.get("exec")),
        reader.text(provider.get("name"), "name"),
    )


def _plugin(reader: _Reader, node: yaml.Node | None) -> ExecPlugin | None:
    if node is None or is_null(node):
        return None
    fields = reader.fields(node, "exec")
    command = reader.text(fields.get("command"), "command")
    if not command:
        reader.wrong(node, "exec names no command", "write `command: …`")
    if "/" in command:  # as kubectl: beside the file; a bare name is looked for in PATH
        command = str(reader.path.parent / command)
    arguments = [reader.text(item, "args") for item in reader.items(fields.get("args"), "args")]
    return ExecPlugin(
        str(reader.place(node)),
        (command, *arguments),
        reader.text(fields.get("apiVersion"), "apiVersion"),
        tuple(_variables(reader, fields.get("env"))),
        reader.text(fields.get("installHint"), "installHint"),
        reader.yes(fields.get("provideClusterInfo"), "provideClusterInfo"),
    )


def _variables(reader: _Reader, node: yaml.Node | None) -> Iterator[tuple[str, str]]:
    for item in reader.items(node, "env"):
        fields = reader.fields(item, "env")
        name, value = (reader.text(fields.get(key), key) for key in ("name", "value"))
        if not name or "=" in name or "\0" in name + value:
            reader.wrong(item, f"{_shown(name)} is no name of a variable", "write `name: …` and `value: …`")
        else:
            yield name, value


def _context(reader: _Reader, node: yaml.Node) -> Context:
    fields = reader.fields(node, "context")
    server, user, namespace = (reader.text(fields.get(key), key) for key in ("cluster", "user", "namespace"))
    return Context(str(reader.place(node)), server, user, namespace)
