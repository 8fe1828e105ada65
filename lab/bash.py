"""Pieces of bash text. Everything the lab does inside a machine is bash text run as root there."""

from pathlib import Path
from shlex import quote

FILES = Path(__file__).resolve().parent / "files"

REPORT_ERRORS = "trap 'echo \"[$HOSTNAME] failed: $BASH_COMMAND\" >&2' ERR\n"


def write(path: str, text: str, mode: str = "644") -> str:
    """bash that writes `text` to `path` (quoted here-document, nothing expanded)."""
    return (
        f"mkdir -p {path.rpartition('/')[0]}\ncat > {path} <<'LAB_EOF'\n{text.rstrip()}\n"
        f"LAB_EOF\nchmod {mode} {path}\n"
    )


def lines(*parts: str) -> str:
    return "".join(f"{part}\n" for part in parts)


def until(command: str, seconds: int = 120) -> str:
    """One line of bash: waits until the command succeeds, and says which one did not."""
    wait = f"for i in $(seq {seconds * 4}); do {command} >/dev/null 2>&1 && break; sleep 0.25; done"
    return f"{wait}; {command} >/dev/null 2>&1 || {{ echo {quote('in vain: ' + command)}; exit 1; }}"


def shipped(name: str) -> str:
    """Text of a program in lab/files, as it will stand in a machine."""
    return (FILES / name).read_text()
