"""A value of a YAML file, set where it stands: comments, order and everything else stay.

POSIX awk and shell: PyYAML, where a machine has it at all, would lose the comments. Only block style is read, as
people and installers write it. What is not plain at the place to be changed (a flow mapping, an alias, a text of
several lines) is refused, never guessed.
"""

from __future__ import annotations

import re

PLACE = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
"""Keys from the top, numbers for items of lists: `webhooks/0/timeoutSeconds`. An end that begins with two dashes is
a flag in a list of arguments: `spec/containers/0/command/--v`."""
VALUE = r"[A-Za-z0-9_/.-][A-Za-z0-9_./:=,@+-]*"
"""A value that reads the same with quotes and without, for the shell's own check too."""

_PROGRAM = r"""
function bad(why) { print why > "/dev/stderr"; failed = 1; exit 3 }
function say(text) { if (ENVIRON["M"] == "edit") print text }
function inside(upto,   i) {
  if (depth != upto) return 0
  for (i = 1; i <= upto; i++) if (name[i] != want[i]) return 0
  return 1
}
function bare(s) { return s ~ /^"[^"]*"$/ || s ~ /^\047[^\047]*\047$/ ? substr(s, 2, length(s) - 2) : s }
function put(text) { say(text); found++; after = at }
BEGIN { n = split(ENVIRON["P"], want, "/"); v = ENVIRON["V"]; flag = want[n] ~ /^--/; block = -1; after = -1
  if (v !~ /^[A-Za-z0-9_\/.-][A-Za-z0-9_.\/:=,@+-]*$/ || v ~ /^-$|:$/) bad("the value is not plain: " v)
}
{
  line = $0
  if (line ~ /\r$/) bad("its lines end as on Windows")
  match(line, /^ */); at = RLENGTH
  if (block >= 0 && (line ~ /^ *$/ || at > block)) { say(line); next }
  block = -1
  if (line ~ /^ *(#|$)/) { say(line); next }
  if (line ~ /^(---|\.\.\.)( |$)/) { if (begun) bad("it holds more than one document"); say(line); next }
  if (line ~ /^ *\t/) bad("it is indented with tabs")
  if (after >= 0 && at > after) bad("what stands there goes on in the next line")
  begun = 1; after = -1; rest = substr(line, at + 1); head = substr(line, 1, at); dash = -1
  while (depth && (col[depth] > at || (col[depth] == at && rest !~ /^-( |$)/))) depth--
  while (rest ~ /^-( |$)/) {
    if (depth && item[depth] && col[depth] == at) name[depth]++
    else { depth++; col[depth] = at; item[depth] = 1; name[depth] = 0 }
    dash = at; match(rest, /^- */); at += RLENGTH
    head = head substr(rest, 1, RLENGTH); rest = substr(rest, RLENGTH + 1)
  }
  tail = match(rest, /[ \t]+#.*$/) ? substr(rest, RSTART) : ""
  body = substr(rest, 1, length(rest) - length(tail)); sub(/[ \t]+$/, "", body)
  if (flag && dash >= 0 && item[depth]) {
    depth--; ours = inside(n - 1); depth++
    if (ours && (bare(body) == want[n] || index(bare(body), want[n] "=") == 1)) {
      if (bare(body) == want[n] "=" v) same = "yes"
      at = dash; put(head want[n] "=" v tail); next
    }
    if (ours && name[depth] == 0 && ENVIRON["I"] == "yes") {
      say(line); say(head want[n] "=" v); inserted = "inserted"; next
    }
  }
  if (match(body, /^("[^"]*"|\047[^\047]*\047|[A-Za-z0-9_.\/-][^:]*):( |$)/)) {
    key = substr(body, 1, RLENGTH); set = substr(body, RLENGTH + 1); sub(/: ?$/, "", key); sub(/^ +/, "", set)
    depth++; col[depth] = at; item[depth] = 0; name[depth] = bare(key)
    if (set ~ /^[|>]/) block = at
    if (!flag && inside(n)) {
      if (set !~ /^["\047A-Za-z0-9_.\/+~-]/) bad("what stands there is no plain value")
      if (bare(set) == v) same = "yes"
      put(head key ": " v tail); next
    }
  } else if (body ~ /^[|>]/) block = dash
  say(line)
}
END {
  if (failed) exit 3
  if (!found && !flag && n == 1 && ENVIRON["I"] == "yes") { say(want[1] ": " v); inserted = "inserted" }
  if (ENVIRON["M"] == "look") print found + 0 same inserted
}
"""


def _one_line(program: str) -> str:
    """A command is shown in one line."""
    lines = [line.strip() for line in program.strip().splitlines()]
    return "".join(line + (" " if line.endswith(("{", ";")) else "; ") for line in lines).rstrip("; ")


_AWK = _one_line(_PROGRAM)
_PASS = (
    r'f=$(readlink -f "$1") place=$2 value=$3 insert= b=; b=${f##*/} d=${f%/*}; '
    r'old=$d/.$b.deadhop-${place##*/} new=$d/.$b.deadhop-new; say() { echo "$@" >&2; }; '
    f"pass() {{ P=$place V=$value I=$insert M=$1 awk '{_AWK}'; }}; "
)
_TRY = (
    r'try() { insert=; state=$(pass look < "$1") || return 1; case $state in 1*) ;; '
    r'0*) insert=yes; [ "$(pass look < "$1")" = 0inserted ] || { say "$place is not in $1"; return 1; } ;; '
    r'*) say "$place is more than once in $1"; return 1 ;; esac; }; '
    r'[ -f "$f" ] || { say "$1 is not there"; exit 1; }; '
)
IS_SET = _PASS + r'[ -f "$f" ] && [ "$(pass look < "$f")" = 1yes ]'
SET = (
    _PASS + _TRY + r'[ "$(pass look < "$f")" != 1yes ] || exit 0; '
    r'if [ -e "$old" ] && ! cmp -s "$old" "$f"; then say "$old is there: undo that edit, or remove its copy"; '
    r'exit 1; fi; try "$f" && cp -a "$f" "$new" && mv -f "$new" "$old" && cp -a "$f" "$new" && '
    r'pass edit < "$old" > "$new" && sync "$old" "$new" && mv -f "$new" "$f" && sync "$d"; '
    r'ended=$?; rm -f "$new"; exit $ended'
)
UNSET = (
    _PASS + _TRY + r'[ -f "$old" ] || { say "$old, the copy of before, is not there"; exit 1; }; '
    r'if ! cmp -s "$old" "$f"; then try "$old" || exit 1; pass edit < "$old" | cmp -s - "$f" || '
    r'{ say "$f was changed since: compare it with $old"; exit 1; }; fi; '
    r'sync "$old" && mv -f "$old" "$f" && sync "$d"'
)


def copy_of(path: str, place: str) -> str:
    """Where the file of before is kept: beside it, with a dot, so that nobody who reads the folder takes it for
    another file (the kubelet would run it as a second pod)."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/.{name}.deadhop-{place.rpartition('/')[2]}"
