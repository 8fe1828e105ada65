"""Changes of files as one visible command: written beside, synced and renamed, with mode, owner, label and a copy.

Plain POSIX shell and coreutils: they are on every machine that is to be repaired, Python and crudini are not.
Values are arguments, never program text. An option of an ini file is replaced where it stands, and comments stay;
what is not clear (an option that is there twice) is refused, never guessed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge import yaml_edit

_HOLE = re.compile(r"(\{\{ *[a-z_][a-z0-9_]* *\}\})")

# ------------------------------------------------------------------ a file of its own

_MAKE_FOLDER = 'mkdir -p "$d" && '
_WRITE = (
    r'f=$1 d=${1%/*} new=$1.deadhop-new; shift; umask 022; FOLDERprintf "%s\n" "$@" > "$new" && sync "$new" && '
    'ln "$new" "$f"; ended=$?; rm -f "$new"; [ $ended -ne 0 ] || '
    '{ sync "$d"; ! command -v restorecon > /dev/null || restorecon "$f"; }; exit $ended'
)
_IS_WRITTEN = r'f=$1; shift; printf "%s\n" "$@" | cmp -s - "$f"'
_REMOVE = r'f=$1 d=${1%/*}; shift; if printf "%s\n" "$@" | cmp -s - "$f"; then rm "$f" && sync "$d"; fi'
_REMOVE_FOLDER = '; ended=$?; rmdir "$d" 2> /dev/null; exit $ended'


def drop_in(path: str, lines: Sequence[str], folder: bool) -> dict[str, str]:
    """A whole file that only deadhop writes, never over one that is there. With `folder` the folder above is made,
    and removed when nothing else is in it."""
    words = [path, *lines]
    return {
        "run": _command(_WRITE.replace("FOLDER", _MAKE_FOLDER if folder else ""), words),
        "unless": _command(_IS_WRITTEN, words),
        "undo": _command(_REMOVE + (_REMOVE_FOLDER if folder else ""), words),
    }


# ------------------------------------------------------------------ an option of an ini file

_EDIT = (
    r'f=$(readlink -f "$1") section=$2 key=$3 value=$4 insert= old=$f.deadhop-$2-$3 new=$f.deadhop-new; '
    r'end=$(printf "\n."); end=${end%.}; say() { echo "$@" >&2; }; '
    r'place() { if [ "$insert$in" = yesyes ]; then printf "%s = %s\n" "$key" "$value"; insert=done; fi; }; '
    r"edit() { in= goes_on= found=0 same= empty=; "
    r'while IFS= read -r line || [ -n "$line" ]; do '
    r"case $line in *[![:space:]]*) ;; *) goes_on= empty=$empty$line$end; continue ;; esac; "
    r"case $line in "
    r'[[:space:]]*) if [ -n "$goes_on" ]; then same=; continue; fi ;; '
    r'"["*) place; goes_on= in=; [ "${line%%]*}" != "[$section" ] || in=yes ;; '
    r"[#\;]*) goes_on= ;; "
    r"*) goes_on= name=${line%%[=:]*} was=${line#*[=:]}; "
    r'name=${name%"${name##*[![:space:]]}"} was=${was#"${was%%[![:space:]]*}"}; '
    r'if [ "$in$name" = "yes$key" ]; then found=$((found + 1)) goes_on=yes same=; '
    r'[ "${was%"${was##*[![:space:]]}"}" != "$value" ] || same=yes; line="$key = $value"; fi ;; esac; '
    r'printf "%s%s\n" "$empty" "$line"; empty=; done; '
    r'place; printf "%s" "$empty"; '
    r'if [ "$insert" = yes ]; then printf "\n[%s]\n%s = %s\n" "$section" "$key" "$value"; fi; }; '
)
_TRY = (
    r'try() { insert=; edit < "$1" > /dev/null; '
    r'[ "$found" -lt 2 ] || { say "$key is $found times in [$section] of $1"; return 1; }; '
    r'[ "$found" -eq 1 ] || insert=yes; }; '
    r'[ -f "$f" ] || { say "$1 is not there"; exit 1; }; '
)
_IS_SET = '[ -f "$f" ] && edit < "$f" > /dev/null && [ "$found$same" = 1yes ]'
_SET = (
    r'if edit < "$f" > /dev/null && [ "$found$same" = 1yes ]; then exit 0; fi; '
    r'if [ -e "$old" ] && ! cmp -s "$old" "$f"; then say "$old is there: undo that edit, or remove its copy"; '
    r'exit 1; fi; try "$f" && cp -a "$f" "$new" && mv -f "$new" "$old" && cp -a "$f" "$new" && '
    r'edit < "$old" > "$new" && sync "$old" "$new" && mv -f "$new" "$f" && sync "${f%/*}"; '
    r'ended=$?; rm -f "$new"; exit $ended'
)
_UNSET = (
    r'[ -f "$old" ] || { say "$old, the copy of before, is not there"; exit 1; }; '
    r'if ! cmp -s "$old" "$f"; then try "$old" || exit 1; edit < "$old" | cmp -s - "$f" || '
    r'{ say "$f was changed since: compare it with $old"; exit 1; }; fi; '
    r'sync "$old" && mv -f "$old" "$f" && sync "${f%/*}"'
)


def ini(path: str, section: str, key: str, value: str) -> dict[str, str]:
    """One option of a section, as oslo.config and systemd read it: comments, order and everything else stay."""
    words = [path, section, key, value]
    return {
        "run": _command(_EDIT + _TRY + _SET, words),
        "unless": _command(_EDIT + _IS_SET, words),
        "undo": _command(_EDIT + _TRY + _UNSET, words),
    }


# ------------------------------------------------------------------ a value of a YAML file


def yaml(path: str, place: str, value: str) -> dict[str, str]:
    """One plain value, or one flag in a list of arguments; comments, order and everything else stay."""
    words = [path, place, value]
    return {
        "run": _command(yaml_edit.SET, words),
        "unless": _command(yaml_edit.IS_SET, words),
        "undo": _command(yaml_edit.UNSET, words),
    }


# ------------------------------------------------------------------ commands


def _command(script: str, words: Sequence[str]) -> str:
    return f"sh -c {shlex.quote(script)} deadhop {' '.join(map(_word, words))}"


def _word(text: str) -> str:
    """One word of a template: what the author wrote is quoted here, values are when they are put in."""
    parts = _HOLE.split(text)
    return "".join(part if _HOLE.fullmatch(part) else shlex.quote(part) for part in parts if part) or "''"


_SCRIPTS: Mapping[str, str] = {
    _WRITE.replace("FOLDER", ""): "write",
    _WRITE.replace("FOLDER", _MAKE_FOLDER): "write",
    _REMOVE: "remove",
    _REMOVE + _REMOVE_FOLDER: "remove",
    _EDIT + _TRY + _SET: "set",
    _EDIT + _TRY + _UNSET: "unset",
    yaml_edit.SET: "set-yaml",
    yaml_edit.UNSET: "unset-yaml",
}
"""Every program of ours that changes a file, and its name in cases."""


# ------------------------------------------------------------------ what an author writes


@dataclass(frozen=True, slots=True)
class FileEdit:
    """The `file` of an action: `drop_in` with `lines`, `ini` with `section`, `key` and `value`, or `yaml` with
    `place` and `value`."""

    drop_in: str = ""
    lines: tuple[str, ...] = ()
    ini: str = ""
    section: str = ""
    key: str = ""
    value: str | None = None
    yaml: str = ""
    place: str = ""

    def mistake(self, paths: Collection[str] = ()) -> str:
        """What is wrong with it; empty when nothing is. `paths` names the values that are absolute paths."""
        if sum(map(bool, (self.drop_in, self.ini, self.yaml))) != 1:
            return "a file is either `drop_in`, `ini` or `yaml`"
        if self.yaml:
            return self._yaml_mistake() or _path_mistake(self.yaml, paths)
        if self.drop_in:
            return self._drop_in_mistake() or _path_mistake(self.drop_in, paths)
        if (
            self.lines
            or self.place
            or not _NAME.fullmatch(self.section)
            or not _NAME.fullmatch(self.key)
            or self.value is None
        ):
            return "`ini` needs `section`, `key` and `value`, the first two written out"
        return _path_mistake(self.ini, paths)

    def _drop_in_mistake(self) -> str:
        if not self.lines or self.section or self.key or self.place or self.value is not None:
            return "`drop_in` needs `lines`, and nothing else"
        if any("\n" in line for line in self.lines):
            return "a line of a file has no line end in it"
        return ""

    def _yaml_mistake(self) -> str:
        good = not (self.lines or self.section or self.key) and yaml_edit.PLACE.fullmatch(self.place)
        value = _HOLE.sub("x", self.value or "")
        if not good or not re.fullmatch(yaml_edit.VALUE, value):
            return "`yaml` needs `place` (`spec/replicas`, written out) and a plain `value`"
        return ""

    def commands(self) -> dict[str, str]:
        """Sources of the templates `run`, `undo` and `unless`."""
        if self.drop_in:
            return drop_in(self.drop_in, self.lines, folder=self.drop_in.startswith(_UNITS))
        if self.yaml:
            return yaml(self.yaml, self.place, self.value or "")
        return ini(self.ini, self.section, self.key, self.value or "")


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_UNITS = "/etc/systemd/system/"
"""Below it a drop-in has a folder for its unit."""


def _path_mistake(path: str, paths: Collection[str]) -> str:
    begins = _HOLE.match(path)
    absolute = path.startswith("/") or (begins is not None and begins[0].strip("{} ") in paths)
    return "" if absolute else "a path begins with `/`, or with a value of the kind `path`"


def edited_files(words: Sequence[str]) -> Iterator[str]:
    """The files that a command of ours changes, copies included; nothing of any other command."""
    verb, arguments = _ours(words)
    if verb:
        yield arguments[0]
    if verb in ("set", "unset"):
        yield f"{arguments[0]}.deadhop-{arguments[1]}-{arguments[2]}"
    elif verb in ("set-yaml", "unset-yaml"):
        yield yaml_edit.copy_of(arguments[0], arguments[1])


def brief(command: str) -> str:
    """How cases write a command of ours: `set FILE SECTION KEY VALUE`. Any other is written out."""
    verb, arguments = _ours(shlex.split(command))
    return shlex.join([verb, *arguments]) if verb else command


def _ours(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    if len(words) < 5 or list(words[:2]) != ["sh", "-c"]:
        return "", ()
    return _SCRIPTS.get(words[2], ""), words[4:]
