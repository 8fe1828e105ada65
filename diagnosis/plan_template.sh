set -eu
umask 077
export LC_ALL=C
record=$0.done
yes=no all=no arm='' disarm=''

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$say_error" "$1" >&2
  [ -z "${2:-}" ] || printf '%s: %s\n' "$say_hint" "$2" >&2
  exit "${3:-3}"
}

# The command's text reaches a shell there byte for byte, in the environment that deadhop gives it.
at() { # HOST COMMAND
  if [ "$1" = operator ]; then sh -c "$2" </dev/null; else text "$2" | over_ssh "$1"; fi
}
text() {
  say 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin" LC_ALL=C'
  say 'export PATH LC_ALL'
  say "$1"
}
over_ssh() { # HOST
  config=$(way_to "$1")
  if [ -n "$config" ] && [ -r "$config" ]; then ssh -F "$config" -T -- "$1" sh; else ssh -T -- "$1" sh; fi
}

show() { # LABEL COMMAND
  if [ "$place" = operator ]; then say "$1 ($say_here):"; else say "$1 ($place):"; fi
  say "    $2"
}
done_already() {
  [ -n "$unless" ] || return 1
  status=0
  at "$place" "$unless" >/dev/null 2>&1 || status=$?
  [ "$status" -ne 255 ] || fail "$say_no_way $place"
  [ "$status" -eq 0 ]
}
# What it says is shown when it has ended, without what would act on a terminal.
heard() { # COMMAND
  status=0
  output=$(at "$place" "$1" 2>&1) || status=$?
  [ -z "$output" ] || say "$output" | tr -d '\001-\010\013-\037\177' | sed 's/^/    | /'
}
recorded() { [ -e "$record" ] && grep -qx "$1" "$record"; }
forget() {
  grep -v "^$1 " "$record" >"$record.new" || :
  mv "$record.new" "$record"
  [ -s "$record" ] || rm -f "$record"
}
confirm() { # WORD
  [ "$yes" = no ] || return 0
  [ -t 0 ] || fail "$say_nobody" --yes
  printf '%s ' "$say_type $1:"
  read -r answer || answer=
  [ "$answer" = "$1" ] || fail "$say_nothing_done"
}

check_step() {
  "step_$1"
  show "$1" "$run"
  if [ -z "$unless" ]; then
    say "  $say_cannot_tell"
  elif done_already; then
    say "  $say_done_already"
  else
    say "  $say_to_be_done"
  fi
}
apply_step() {
  "step_$1"
  show "$1" "$run"
  if recorded "$1 done" || done_already; then
    say "  $say_done_already"
    return 0
  fi
  if recorded "$1 begun"; then fail "$say_begun" "sh $0 undo" 4; fi
  [ "$cuts" = no ] || arm "$1"
  say "$1 begun" >>"$record"
  heard "$run"
  [ "$cuts" = no ] || call_off
  [ "$status" -eq 0 ] || fail "$say_failed ($status)" "$say_take_back: sh $0 undo" 4
  say "$1 done" >>"$record"
}
# A step that could cut the way it came: the machine is told first to take it back by itself, and called off
# by a new login.
arm() {
  way=$(at "$place" "$look_for_tools") || fail "$say_no_way $place" "" 4
  "switch_$1" "$way"
  say "  $say_armed:"
  say "    $arm"
  at "$place" "$arm" || fail "$say_not_armed" "" 4
}
call_off() { at "$place" "$disarm" || fail "$say_cut $place" "$say_take_back: sh $0 undo" 4; }
undo_step() {
  [ "$all" = yes ] || recorded "$1 begun" || return 0
  "step_$1"
  if [ -z "$undo" ]; then
    show "$1" "$run"
    say "  $say_no_undo"
    return 0
  fi
  show "$1" "$undo"
  heard "$undo"
  [ "$status" -eq 0 ] || fail "$say_not_undone ($status)" "$say_by_hand $place: $undo" 4
  [ ! -e "$record" ] || forget "$1"
}
each() { # WHAT NUMBER...
  what=$1
  shift
  for number; do "$what" "$number"; done
}

[ -f "$0" ] || fail "$say_as_a_file" "sh FILE check"
mode=${1:-help}
[ $# -eq 0 ] || shift
for option; do
  case $option in
  --yes) yes=yes ;;
  --all) all=yes ;;
  *) fail "$say_unknown $option" "sh $0 help" ;;
  esac
done
case $mode in
check)
  # shellcheck disable=SC2086 # numbers
  each check_step $steps $lasting
  look_before
  ;;
apply)
  # shellcheck disable=SC2086 # numbers
  each check_step $steps
  look_before
  confirm "$word"
  # shellcheck disable=SC2086 # numbers
  each apply_step $steps
  say "$say_applied: sh $0 verify"
  ;;
verify) look_after ;;
persist)
  [ -n "$lasting" ] || fail "$say_nothing_lasts"
  # shellcheck disable=SC2086 # numbers
  each check_step $lasting
  confirm "$word"
  # shellcheck disable=SC2086 # numbers
  each apply_step $lasting
  ;;
undo)
  [ "$all" = yes ] || [ -e "$record" ] || fail "$say_no_record $record" "sh $0 undo --all"
  confirm y
  # shellcheck disable=SC2086 # numbers
  each undo_step $backwards
  ;;
*)
  say "sh $0 check | apply [--yes] | verify | undo [--yes] [--all] | persist [--yes]"
  [ "$mode" = help ] || exit 3
  ;;
esac
