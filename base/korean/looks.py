"""Why something could not be looked at: what connections and probes say."""

from __future__ import annotations

from collections.abc import Mapping

LOOKS: Mapping[str, str] = {
    # the stable words, where nothing more is said
    "could-not-look": "확인하지 못했다",
    "unreachable": "닿지 않는다",
    "host-key": "호스트 키를 받아들일 수 없다",
    "denied": "거부되었다",
    "timeout": "시간 안에 답이 없다",
    "missing-command": "명령이 없다",
    "command-failed": "명령이 실패했다",
    "unreadable": "출력을 읽을 수 없다",
    "too-long": "출력이 너무 길다",
    "not-recorded": "녹화에 없다",
    "no-such-host": "사이트에 없는 호스트다",
    "not-asked": "묻지 않았다",
    # the way in
    "{host}: through {jump}: {message}": "{host}: {jump} 경유: {message}",
    "via console: {message}": "콘솔로 접속함: {message}",
    "{host} ({address} port {port}): {message}": "{host} ({address} 포트 {port}): {message}",
    "{address} port {port}: {message}": "{address} 포트 {port}: {message}",
    "no answer within {seconds} s": "{seconds}초 안에 응답이 없다",
    "no answer from the name servers for {name}": "네임 서버가 {name} 을(를) 답하지 않는다",
    "no answer from {address} port {port} within {seconds} s": "{address} 포트 {port} 에서 {seconds}초 안에 "
    "응답이 없다",
    "no answer from {address} port {port}": "{address} 포트 {port} 에서 응답이 없다",
    "no answer from {address} port {port} for {host}": "{host} 에게 {address} 포트 {port} 에서 응답이 없다",
    "{host} cannot connect to {address} port {port}: {message}": "{host} 에서 {address} 포트 {port} 에 연결할 "
    "수 없다: {message}",
    "TCP connects, but no SSH banner comes within {seconds} s": "TCP 는 연결되지만 {seconds}초 안에 SSH 배너가 "
    "오지 않는다",
    "no SSH banner: {message}": "SSH 배너가 오지 않는다: {message}",
    "the port is open, but SSH says nothing within {seconds} s": "포트는 열려 있지만 {seconds}초 안에 SSH 가 "
    "아무 말이 없다",
    "{host}: no login within {seconds} s, and others were quicker": "{host}: {seconds}초 안에 로그인하지 못했다. "
    "다른 호스트는 더 빨랐다",
    "a trace goes on without it; `deadhop site check` waits longer": "추적은 이 호스트 없이 계속한다. "
    "`deadhop site check` 는 더 오래 기다린다",
    "the SSH server stops answering during the key exchange": "SSH 서버가 키 교환 중에 응답을 멈췄다",
    "the SSH server stops answering during the login": "SSH 서버가 로그인 중에 응답을 멈췄다",
    "the login to {host} fails now and then": "{host} 로그인이 됐다 안 됐다 한다",
    "the login works, but its shell does not answer within {seconds} s": "로그인은 되지만 셸이 {seconds}초 안에 "
    "응답하지 않는다",
    "the login works, but gives no shell: {message}": "로그인은 되지만 셸을 쓸 수 없다: {message}",
    "the login gives no shell: {output}": "로그인했지만 셸을 쓸 수 없다: {output}",
    "the login runs no commands: it ended at once": "로그인했지만 명령이 실행되지 않는다: 곧바로 끝났다",
    "the login runs no commands: {output}": "로그인했지만 명령이 실행되지 않는다: {output}",
    "check the login's shell, ForceCommand and ~/.bashrc": "로그인 셸, ForceCommand, ~/.bashrc 를 확인한다",
    "sudo wants a password from {user}": "sudo 가 {user} 에게 비밀번호를 요구한다",
    "{user} is not root, and sudo is not installed": "{user} 은(는) root 가 아니고 sudo 도 설치되어 있지 않다",
    "SSH configuration: {message}": "SSH 설정: {message}",
    "{host}: the connection was lost: {message}": "{host}: 연결이 끊겼다: {message}",
    "the connection was lost before the command's end": "명령이 끝나기 전에 연결이 끊겼다",
    "{host}: asked while deadhop was leaving": "{host}: deadhop 이 끝나는 중이라 묻지 않았다",
    "{host}: the shell said nothing within the time limit": "{host}: 셸이 제한 시간 안에 아무 말이 없다",
    "{host}: the host has no key of the known type": "{host}: 알려진 종류의 호스트 키가 없다",
    "{host}: the name cannot be resolved": "{host}: 이름에 해당하는 주소를 찾을 수 없다",
    "{host}: {path} cannot be read": "{host}: {path} 을(를) 읽을 수 없다",
    "{host}: `{program}` cannot be started: {message}": "{host}: `{program}` 을(를) 실행할 수 없다: {message}",
    "`{segment}` cannot be part of an API's path": "`{segment}`: API 경로에 넣을 수 없는 값이다",
    "`deadhop site show` lists clouds and clusters": "클라우드와 클러스터 목록은 `deadhop site show` 로 볼 수 있다",
    "{target}: no such target": "{target}: 그런 대상이 없다",
    "{host} has no console": "{host} 에는 콘솔이 없다",
    "{site} has no host {host}": "{site} 에 {host} 라는 호스트가 없다",
    # what to do about it
    "look again": "다시 본다",
    "try `ssh -v`": "`ssh -v` 로 접속해 본다",
    "check the file's owner and mode": "파일의 소유자와 권한을 확인한다",
    "check HostName of the SSH configuration": "SSH 설정의 HostName 을 확인한다",
    "check HostName of the SSH configuration, and the name servers": "SSH 설정의 HostName 과 네임 서버를 확인한다",
    "check User and IdentityFile of the SSH configuration and `ssh-add -l`; try `ssh -v`": "SSH 설정의 User, "
    "IdentityFile 과 `ssh-add -l` 을 확인하고 `ssh -v` 로 접속해 본다",
    "check the SSH configuration with `ssh -G HOST`": "`ssh -G 호스트` 로 SSH 설정을 확인한다",
    "check that IdentityFile is a private key ssh can read": "IdentityFile 이 ssh 가 읽을 수 있는 개인 키인지 "
    "확인한다",
    "check the Kerberos ticket: `klist`": "Kerberos 티켓을 확인한다: `klist`",
    "load the key into the agent: `ssh-add`": "키를 에이전트에 올린다: `ssh-add`",
    "log in by hand once and change the password": "직접 한 번 로그인해 비밀번호를 바꾼다",
    "the SSH server is too old or too new for the configured algorithms": "SSH 서버가 설정된 알고리즘을 "
    "쓰기에는 너무 오래되었거나 너무 새것이다",
    "compare the fingerprints before you trust it: `ssh-keygen -F HOST` and the host's own console": "믿기 전에 "
    "지문을 대조한다: `ssh-keygen -F 호스트` 와 그 호스트의 콘솔",
    "`ip route get` the address": "그 주소를 `ip route get` 으로 확인한다",
    "is sshd running there, and does a firewall let SSH in?": "sshd 가 떠 있는지, 방화벽이 SSH 를 막지 않는지 "
    "확인한다",
    "something listens, but sshd does not answer: is it frozen or out of logins?": "포트는 열려 있지만 sshd 가 "
    "답하지 않는다. 멈췄거나 접속 수가 찼는지 확인한다",
    "is the machine up and its sshd not frozen, and is anything between dropping packets?": "장비가 켜져 "
    "있는지, sshd 가 멈추지 않았는지, 중간에서 패킷이 버려지지 않는지 확인한다",
    "`deadhop site check` says how far the way leads": "`deadhop site check` 로 어디까지 닿는지 본다",
    "`deadhop site show` lists the hosts": "호스트 목록: `deadhop site show`",
    "give it a `console` in site.yaml": "site.yaml 에 `console` 을 적는다",
    "give it `addresses` in site.yaml": "site.yaml 에 `addresses` 를 적는다",
    "check `console` of the host in site.yaml": "site.yaml 에서 이 호스트의 `console` 을 확인한다",
    # commands
    "{probe} on {host}: no answer in {seconds} s": "{host} 의 {probe}: {seconds}초 안에 답이 없다",
    "{probe} takes no {names}": "{probe}: {names} 은(는) 받지 않는다",
    "{probe} needs {names}": "{probe}: {names} 이(가) 필요하다",
    "`{command}`: no end within {seconds} s": "`{command}`: {seconds}초 안에 끝나지 않는다",
    "`{command}` printed more than {bytes} bytes": "`{command}` 출력이 {bytes} 바이트를 넘는다",
    "`{command}` needs root: {message}": "`{command}` 에는 root 권한이 필요하다: {message}",
    "permit it without a password, in a file of /etc/sudoers.d: `USER ALL=(root) NOPASSWD: ALL`": "/etc/sudoers.d "
    "의 파일에 비밀번호 없이 허용한다: `USER ALL=(root) NOPASSWD: ALL`",
    "log in as root, or install sudo and permit the login to use it without a password": "root 로 로그인하거나, "
    "sudo 를 설치하고 비밀번호 없이 쓰도록 허용한다",
    "`{command}` is not installed there": "그 장비에 `{command}` 이(가) 설치되어 있지 않다",
    "install `{command}`": "`{command}` 을(를) 설치한다",
    "{target}: `{command}` is not there": "{target}: `{command}` 이(가) 없다",
    "install the package that has `{command}`": "`{command}` 이(가) 든 패키지를 설치한다",
    "{target}: no systemd runs there": "{target}: systemd 가 돌고 있지 않다",
    "its services are another init's: look by hand": "서비스를 다른 init 이 관리한다. 직접 확인해야 한다",
    "{target}: sudo wants a password for `{command}`": "{target}: `{command}` 에 sudo 가 비밀번호를 요구한다",
    "allow it without one, or log in as root": "비밀번호 없이 쓰도록 허용하거나 root 로 로그인한다",
    "{target}: `{command}` said {status}: {output}": "{target}: `{command}` 종료 코드 {status}: {output}",
    # what they print
    "/proc/net/stat/rt_cache counts no martians": "/proc/net/stat/rt_cache 에 martian 카운터가 없다",
    "/proc/net/stat/rt_cache holds a line of another form": "/proc/net/stat/rt_cache 에 형식이 다른 줄이 있다",
    "`{command}` answered in a form that is not known": "`{command}` 출력 형식을 알 수 없다",
    "is it iproute2's `ip`?": "iproute2 의 `ip` 인지 확인한다",
    "an iproute2 older than 4.18 has no JSON output": "4.18 보다 오래된 iproute2 는 JSON 출력이 없다",
    "`ip link` lists the interfaces there": "그 장비의 인터페이스 목록: `ip link`",
    "`{command}` gave no JSON": "`{command}` 출력이 JSON 이 아니다",
    "nft built without JSON support?": "nft 가 JSON 지원 없이 빌드되었는지 확인한다",
    "is systemd running there?": "그 장비에 systemd 가 돌고 있는지 확인한다",
    "does `vtysh` answer there?": "그 장비에서 `vtysh` 가 답하는지 확인한다",
    "`{command}` printed a line that is not known: {output}": "`{command}` 출력에 모르는 줄이 있다: {output}",
    "/proc/loadavg begins with no number": "/proc/loadavg 가 숫자로 시작하지 않는다",
    "`nproc` printed no number": "`nproc` 가 숫자를 출력하지 않았다",
    "/proc/net/snmp held no counters": "/proc/net/snmp 에 카운터가 없다",
    "is /proc mounted there?": "그 장비에 /proc 이 마운트되어 있는지 확인한다",
    "/proc/net counters: the lines of {group} do not belong together": "/proc/net 카운터: {group} 의 줄들이 "
    "서로 맞지 않는다",
    "/proc/net counters: {group} holds something that is no number": "/proc/net 카운터: {group} 에 숫자가 아닌 "
    "것이 있다",
    "`grep -H` on /proc/sys printed a line without its file": "/proc/sys 의 `grep -H` 출력에 파일 이름이 없는 "
    "줄이 있다",
    "the far side forges the marks between the answers": "상대가 답 사이의 표시를 꾸며 내고 있다",
    "is the host what you take it for? `deadhop site check` shows its key": "정말 그 호스트인지 확인한다. "
    "`deadhop site check` 가 호스트 키를 보여 준다",
    "netlink has no question `{question}`": "netlink 에 `{question}` 라는 질문은 없다",
    "netlink does not answer: {message}": "netlink 가 답하지 않는다: {message}",
    "this needs Linux on the operator's machine": "이 장비가 Linux 여야 한다",
    "the reply of `reach` is not in its form": "`reach` 응답의 형식이 맞지 않는다",
    "the reply of `reach` is not in its form: {names}": "`reach` 응답의 형식이 맞지 않는다: {names}",
    # states
    "{name} names no chain": "{name} 은(는) 체인 이름이 아니다",
    "such as iptables/filter/INPUT": "예: iptables/filter/INPUT",
    "`stat` said of {path} what is not known": "`stat` 이 {path} 에 대해 모르는 답을 했다",
    "/proc/swaps is not in its form": "/proc/swaps 의 형식이 맞지 않는다",
    "`sha256sum` printed no digest": "`sha256sum` 출력에 다이제스트가 없다",
    "`systemctl show {unit}` does not say how it is": "`systemctl show {unit}` 출력에 상태가 없다",
    # paths
    "{host}: ping may not open its socket": "{host}: ping 이 소켓을 열 권한이 없다",
    "give ping cap_net_raw, or use sudo": "ping 에 cap_net_raw 를 주거나 sudo 를 쓴다",
    "ping said neither statistics nor a known error: {output}": "ping 출력에 통계도 아는 오류도 없다: {output}",
    "{target}: iptables-legacy has tables beside those of nft": (
        "{target}: nft 테이블 말고 iptables-legacy 테이블도 있다"
    ),
    "iputils' or busybox' ping is needed there": "그 장비에 iputils 나 busybox 의 ping 이 필요하다",
    "{host} has no address in {network}": "{host} 에 {network} 대역의 주소가 없다",
    "try it from a pod there": "그 장비의 파드에서 시도한다",
    "{host}: its ping knows no `-M do`": "{host}: 이 장비의 ping 에는 `-M do` 옵션이 없다",
    "install iputils' ping there": "그 장비에 iputils 의 ping 을 설치한다",
    "no address of {host} is known": "{host} 의 주소를 모른다",
    "`{command}` printed no hop: {output}": "`{command}` 출력에 홉이 없다: {output}",
    "{host}: does not say whether {interface} forwards": "{host}: {interface} 의 포워딩 여부를 알 수 없다",
    "{host} shows no key: its jump host {jump} cannot be passed": "{host} 의 키를 볼 수 없다: 점프 호스트 "
    "{jump} 을(를) 지날 수 없다",
    "nobody sees a host key of {host}": "어디서도 {host} 의 호스트 키가 보이지 않는다",
    # replays
    "the recording does not hold this question": "녹화에 이 질문이 없다",
    "a replay answers only what was asked when it was recorded": "재생은 녹화할 때 물은 것만 답한다",
}
