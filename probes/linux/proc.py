"""Parsers of files under /proc: the kernel's counters and sysctls. They need no tool but `cat` and `grep`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from probes.errors import UnreadableOutput
from probes.linux.fields import whole

MARTIANS_FILE = "/proc/net/stat/rt_cache"
CONNTRACK_FILE = "/proc/net/stat/nf_conntrack"
_DIGITS = 16
COUNTER_FILES = ("/proc/net/snmp", "/proc/net/netstat")


def parse_counters(text: str) -> dict[str, int]:
    """Of /proc/net/snmp and netstat: pairs of lines, names then values. Named as nstat does: TcpExtX, IpX."""
    counters: dict[str, int] = {}
    lines = text.splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        counters.update(_pair(names, values))
    if not counters:
        raise UnreadableOutput("/proc/net/snmp held no counters", hint="is /proc mounted there?")
    return counters


def parse_martians(text: str) -> dict[str, int]:
    """Of /proc/net/stat/rt_cache: names, then a line of hexadecimal numbers a processor. Their sums, named
    InMartianSrc and InMartianDst."""
    sums = _by_processor(MARTIANS_FILE, text)
    if not {"in_martian_src", "in_martian_dst"} <= sums.keys():
        raise UnreadableOutput("/proc/net/stat/rt_cache counts no martians")
    return {"InMartianSrc": sums["in_martian_src"], "InMartianDst": sums["in_martian_dst"]}


def parse_conntrack(text: str) -> dict[str, int]:
    """Of /proc/net/stat/nf_conntrack, as above: ConntrackDrop and ConntrackInsertFailed. Empty without it."""
    sums = _by_processor(CONNTRACK_FILE, text)
    wanted = {"drop": "ConntrackDrop", "insert_failed": "ConntrackInsertFailed"}
    return {name: sums[key] for key, name in wanted.items() if key in sums}


def _by_processor(file: str, text: str) -> dict[str, int]:
    """Names, then a line of hexadecimal numbers a processor: their sums."""
    names, *processors = [line.split() for line in text.splitlines()] or [[]]
    try:
        rows = [dict(zip(names, (int(one[:_DIGITS], 16) for one in row), strict=True)) for row in processors]
    except ValueError as error:
        raise UnreadableOutput(f"{file} holds a line of another form") from error
    return {name: sum(row[name] for row in rows) for name in names}


def _pair(names: str, values: str) -> dict[str, int]:
    group, _, name_words = names.partition(":")
    value_group, _, value_words = values.partition(":")
    keys, numbers = name_words.split(), value_words.split()
    if group != value_group or len(keys) != len(numbers):
        raise UnreadableOutput(f"/proc/net counters: the lines of {group!r} do not belong together")
    try:
        return {group + key: whole(number) for key, number in zip(keys, numbers, strict=True)}
    except ValueError as error:
        raise UnreadableOutput(f"/proc/net counters: {group!r} holds something that is no number") from error


def growth(before: Mapping[str, int], after: Mapping[str, int], *names: str) -> int:
    """By how much the named counters grew together; a kernel that lacks one counts nothing there."""
    return sum(after.get(name, 0) - before.get(name, 0) for name in names)


def sysctl_file(name: str) -> str:
    """Path under /proc/sys, as sysctl(8) reads names: after a first slash dots are parts of words."""
    first = next((letter for letter in name if letter in "./"), "/")
    path = name if first == "/" else name.translate(str.maketrans("./", "/."))
    return f"/proc/sys/{path}"


def sysctl_question(names: Iterable[str]) -> tuple[str, ...]:
    """The command that prints `file:value` for each sysctl there is."""
    return ("grep", "-Hs", "", *(sysctl_file(name) for name in names))


def parse_sysctls(names: Iterable[str], text: str) -> dict[str, str]:
    """Of `sysctl_question`; names the kernel does not have are left out. Values of several lines are joined."""
    held: dict[str, str] = {}
    for line in text.splitlines():
        file, colon, value = line.partition(":")
        if not colon or not file.startswith("/proc/sys/"):
            raise UnreadableOutput("`grep -H` on /proc/sys printed a line without its file")
        held[file] = f"{held[file]}\n{value}" if file in held else value
    files = {name: sysctl_file(name) for name in names}
    return {name: " ".join(held[file].split()) for name, file in files.items() if file in held}
