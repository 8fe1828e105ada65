"""What walks, repairs, sessions and the command line say."""

from __future__ import annotations

from collections.abc import Mapping

REPAIRS: Mapping[str, str] = {
    # values and choices
    "{name}: {value} is not of the kind `{kind}`": "{name}: {value} 은(는) `{kind}` 형식이 아니다",
    "{name}: {value} is no number that fits": "{name}: {value} 은(는) 쓸 수 없는 값이다",
    "an IP address such as 192.168.100.101": "IP 주소를 쓴다. 예: 192.168.100.101",
    "a network such as 192.168.100.0/24": "네트워크를 쓴다. 예: 192.168.100.0/24",
    "a host of the site: `deadhop site show` lists them": "사이트의 호스트를 쓴다. 목록: `deadhop site show`",
    "a network interface such as enp7s0": "네트워크 인터페이스를 쓴다. 예: enp7s0",
    "an absolute path, without characters that cannot be seen": "절대 경로를 쓴다. 보이지 않는 글자는 쓸 수 없다",
    "one line, without characters that cannot be seen": "한 줄로 쓴다. 보이지 않는 글자는 쓸 수 없다",
    "one of: {choices}": "다음 중 하나: {choices}",
    "no answer": "답이 없다",
    "`--set NAME=VALUE` answers beforehand": "`--set 이름=값` 으로 미리 답할 수 있다",
    # walks
    "skipped": "건너뛰었다",
    "skipped by the operator": "운영자가 건너뛰었다",
    "no host of the site is known to have this address": "사이트에서 이 주소를 가진 호스트를 모른다",
    "none of the expected answers": "예상한 답 중에 없다",
    "unknown in this case": "이 케이스에서는 모른다",
    "{key}: {option} is none of its answers": "{key}: {option} 은(는) 고를 수 있는 답이 아니다",
    "`{expression}` cannot be evaluated: {message}": "`{expression}` 을(를) 계산할 수 없다: {message}",
    "{name}: not known": "{name}: 알 수 없다",
    "{host} could not be asked": "{host} 에 물어볼 수 없었다",
    "it wants a login that works, and sudo without a password for firewalls": (
        "로그인이 되어야 하고, 방화벽을 보려면 비밀번호 없는 sudo 가 필요하다"
    ),
    "the source address was not seen as it arrives": "도착한 패킷의 출발지 주소를 볼 수 없었다",
    "tcpdump with sudo on that host shows it": "그 호스트에서 sudo 로 tcpdump 를 실행하면 볼 수 있다",
    "{name} is not known": "{name} 을(를) 모른다",
    "there is no symptom {symptom}": "{symptom} 라는 증상은 없다",
    "`deadhop kb list` names them all": "`deadhop kb list` 로 모두 볼 수 있다",
    "{what} was changed by somebody else since it was looked at: revision {before}, now {now}": (
        "{what}: 확인한 뒤에 다른 사람이 바꿨다. 당시 리비전 {before}, 지금은 {now}"
    ),
    "look again whether the fix still fits; `--take-lock` applies it as it is": (
        "조치가 아직 맞는지 다시 확인한다. 그대로 적용하려면 `--take-lock`"
    ),
    "secrets are not kept": "시크릿은 남겨 두지 않는다",
    "say in the fix how it is taken back": "되돌리는 방법을 조치에 적는다",
    "{resource} is not kept": "{resource} 은(는) 남겨 둘 수 있는 대상이 아니다",
    "{name}: {value} is no {kind} of the site ({site})": "{name}: {value}: 사이트에 그런 {kind} 가 없다 ({site})",
    "{where}: no `{program}` that can log in to {name}": "{where}: {name} 에 로그인할 수 있는 `{program}` 이 없다",
    "{name}: {host} is no host of the site ({site})": "{name}: {host} 은(는) 사이트의 호스트가 아니다 ({site})",
    "`deadhop site show` lists the hosts; `operator` is this machine": "호스트 목록: `deadhop site show`. 이 "
    "장비는 `operator`",
    # fixes
    "nothing to do: {name} is empty": "할 일이 없다: {name} 이(가) 비어 있다",
    "`{expression}` names no host": "`{expression}` 에서 호스트를 알 수 없다",
    "`{template}` cannot be written: {message}": "`{template}` 명령을 만들 수 없다: {message}",
    "a {kind} cannot be part of a command": "{kind} 은(는) 명령에 넣을 수 없다",
    "fix {fix} cannot be offered: {message}": "조치 {fix} 은(는) 쓸 수 없다: {message}",
    "{cause} has no fix {fix}": "{cause} 에 {fix} 라는 조치는 없다",
    "{cause} no longer has the fix {fix}": "{cause} 에 {fix} 라는 조치가 이제 없다",
    "the knowledge has no cause {cause}": "지식에 {cause} 라는 원인이 없다",
    "was the journal made by a newer deadhop?": "더 새로운 deadhop 이 남긴 기록인지 확인한다",
    "the precondition could not be looked at again": "장애가 그대로인지 다시 확인하지 못했다",
    "what this fix repairs is no longer there": "이 조치로 고칠 장애가 이제 없다",
    "what this command changes is not known: its state was not kept": (
        "이 명령이 무엇을 바꾸는지 알 수 없어 상태를 기록하지 못했다"
    ),
    "all that was changed is as it was before": "바꾼 것이 모두 전과 같아졌다",
    "undone, but this is other than before: {what}": "되돌렸지만 전과 다른 것이 있다: {what}",
    "whether all is as before could not be seen: {message}": "모두 전과 같아졌는지 확인하지 못했다: {message}",
    "by hand on {commands}": "직접 되돌리는 명령: {commands}",
    "the journal has it as it was": "전의 상태는 세션 기록에 있다",
    "the command holds what cannot be seen: {command}": "명령에 보이지 않는 글자가 있다: {command}",
    "type it again: what is shown must be what runs": "다시 입력한다. 보이는 그대로 실행되어야 한다",
    "the fault is still there": "장애가 그대로다",
    "wait for it; if it is dead, `--take-lock` goes on": (
        "끝날 때까지 기다린다. 죽은 세션이면 `--take-lock` 으로 진행한다"
    ),
    "{host}: its lock could not be taken: {message}": "{host}: 잠금을 걸 수 없다: {message}",
    "whether {host} can take `{run}` back by itself could not be seen: {message}": (
        "{host} 이(가) `{run}` 을(를) 스스로 되돌릴 수 있는지 확인하지 못했다: {message}"
    ),
    "look again, or apply it at the console": "다시 확인하거나 콘솔에서 실행한다",
    "`{run}` could cut the way to {host}, and nobody has said what takes it back": (
        "`{run}` 은(는) {host} 로 가는 길을 끊을 수 있는데, 무엇으로 되돌리는지 아무도 확인하지 않았다"
    ),
    "whether somebody else has changed it could not be seen: {message}": (
        "다른 사람이 바꾸었는지 확인하지 못했다: {message}"
    ),
    "a secret in this command was blacked out, and nobody knows it any more: {command}": (
        "이 명령에 있던 비밀 값은 기록에서 가려져 이제 알 수 없다: {command}"
    ),
    "diagnose again and apply it in that session, or type it by hand": (
        "다시 진단해서 그 세션에서 적용하거나 직접 입력한다"
    ),
    "{host} is locked by {owner}, for {age} s": "{host}: {owner} 이(가) {age}초 전부터 잠그고 있다",
    "there is no way into {host} for deadhop": "deadhop 이 {host} 에 들어갈 길이 없다",
    "run this at the console of {host}, then look again: {run}": "{host} 의 콘솔에서 실행한 뒤 다시 본다: {run}",
    "`{run}` cut the way to {host}, and {itself} took it back by itself": "`{run}` 때문에 {host} 로 가는 길이 "
    "끊겼고, {itself} 이(가) 스스로 되돌렸다",
    "find another way in before you try this again": "다시 하기 전에 다른 접속 경로를 마련한다",
    "the link to {host} was lost while `{run}` ran: it may have been done or not": "`{run}` 실행 중에 {host} "
    "연결이 끊겼다. 실행되었는지 알 수 없다",
    "look again before you repeat or undo it": "다시 실행하거나 되돌리기 전에 먼저 다시 본다",
    "`{run}` on {host} ended with status {status}": "{host} 에서 `{run}` 이(가) 종료 코드 {status} 로 끝났다",
    "undo takes back what was done so far": "되돌리기로 지금까지 한 일을 되돌릴 수 있다",
    "reaching {host} again before its switch is called off": "{host} 의 자동 되돌리기를 끄기 전에 다시 접속하는 중",
    "nothing was sent, for the switch could not be armed: {message}": (
        "자동 되돌리기를 걸지 못해 아무것도 보내지 않았다: {message}"
    ),
    "there is nothing to undo": "되돌릴 것이 없다",
    "only actions that ran can be undone": "실행한 것만 되돌릴 수 있다",
    "what ran here cannot be undone": "실행한 명령은 되돌릴 수 없는 것이다",
    "nobody has said what takes `{run}` back, for it was edited": "`{run}` 은(는) 편집한 명령이라 되돌리는 "
    "명령을 알 수 없다",
    "confirm its undo or edit it too: {undo}": "되돌리는 명령이 맞는지 확인하거나 함께 편집한다: {undo}",
    "not undone: {output}": "되돌리지 못했다: {output}",
    "by hand on {host}: {undo}": "{host} 에서 직접 실행한다: {undo}",
    # repairs that were cut short
    "the system says: it happened": "시스템 확인: 실행되었다",
    "the system says: it did not happen": "시스템 확인: 실행되지 않았다",
    "the system could not be asked whether it happened": "실행되었는지 시스템에 확인하지 못했다",
    "nobody can say whether `{run}` ran": "`{run}` 이(가) 실행되었는지 알 수 없다",
    "{host} will take `{run}` back by itself, unless deadhop goes on": (
        "이어서 진행하지 않으면 {host} 이(가) `{run}` 을(를) 스스로 되돌린다"
    ),
    "{done} of {all} commands are in effect": "명령 {all}개 중 {done}개가 적용되어 있다",
    "go on with the rest, undo what was done, or leave it as it is": (
        "나머지를 이어서 실행하거나, 한 일을 되돌리거나, 그대로 둔다"
    ),
    "undo what was done, or leave it as it is": "한 일을 되돌리거나 그대로 둔다",
    "the site of this session is gone ({site}): its machines and its rules for fixes are not known, so nothing is "
    "changed": "이 세션의 사이트({site})가 없어졌다. 장비와 조치 규칙을 알 수 없으므로 아무것도 바꾸지 않는다",
    "`--site FILE` names the site to change": "`--site 파일` 로 작업할 사이트를 지정한다",
    # sessions, drills, exports
    "there is no session {session}": "{session} 라는 세션은 없다",
    "`deadhop sessions` lists them": "목록: `deadhop sessions`",
    "there is no drill {name}": "{name} 라는 훈련은 없다",
    "{form} is no form of export": "{form} 형식으로는 내보낼 수 없다",
    "{path} cannot be written: {message}": "{path} 에 쓸 수 없다: {message}",
    "name another place with --output FILE": "`--output 파일` 로 다른 곳을 지정한다",
}
