"""How far the way to a host leads, in words and with the next step."""

from __future__ import annotations

from collections.abc import Mapping

from base.korean import in_korean
from base.text import Text
from probes.facts import Reach
from probes.probe import Failure

WHERE: Mapping[str, Text] = {
    "": Text("reached", "접속됨"),
    "name": Text("its name is not known", "이름을 찾을 수 없음"),
    "route": Text("there is no route to it", "가는 경로가 없음"),
    "port": Text("its SSH port does not answer", "SSH 포트가 응답하지 않음"),
    "banner": Text("the port is open, but no SSH server speaks", "포트는 열려 있으나 SSH 서버가 말이 없음"),
    "key": Text("its host key is not the known one", "호스트 키가 알려진 것과 다름"),
    "login": Text("SSH refused the login", "SSH 로그인이 거절됨"),
    "sudo": Text("logged in, but there is no sudo without a password", "로그인은 되나 비밀번호 없는 sudo 가 없음"),
}
_HINTS: Mapping[str, Text] = {
    "name": Text(
        "HostName in the SSH configuration, or /etc/hosts", "SSH 설정의 HostName 이나 /etc/hosts 를 확인한다"
    ),
    "route": Text("ip route get {address}", "ip route get {address}"),
    "port": Text(
        "deadhop diagnose host-does-not-answer-ssh --set host={host}",
        "deadhop diagnose host-does-not-answer-ssh --set host={host}",
    ),
    "banner": Text(
        "deadhop diagnose host-does-not-answer-ssh --set host={host}",
        "deadhop diagnose host-does-not-answer-ssh --set host={host}",
    ),
    "key": Text(
        "deadhop diagnose host-key-changed --set host={host}", "deadhop diagnose host-key-changed --set host={host}"
    ),
    "login": Text(
        "User and IdentityFile in the SSH configuration, or ssh-add",
        "SSH 설정의 User 와 IdentityFile, 또는 ssh-add 를 확인한다",
    ),
    "sudo": Text(
        "NOPASSWD in sudoers lets deadhop read firewall rules",
        "sudoers 에 NOPASSWD 가 있어야 방화벽 규칙을 읽을 수 있다",
    ),
}
_REFUSED = Text("its SSH port refuses connections", "SSH 포트가 연결을 거절함")
_NEW_KEY = Text("its host key was never seen before", "호스트 키를 본 적이 없음")
_NEW_KEY_HINT = Text("compare {fingerprint}, then: ssh {host}", "{fingerprint} 를 대조한 뒤: ssh {host}")


def reached(answer: Reach | Failure) -> bool:
    """A shell answers there; that sudo wants a password does not take it away."""
    return isinstance(answer, Reach) and answer.stopped_at in ("", "sudo")


def reason(answer: Reach | Failure) -> Text:
    if isinstance(answer, Failure):
        return Text(answer.message, in_korean(answer.message))
    words = WHERE[answer.stopped_at]
    if answer.stopped_at == "port" and answer.port_state == "refused":
        words = _REFUSED
    if answer.stopped_at == "key" and answer.key_state == "unknown":
        words = _NEW_KEY
    at = f"{answer.host}: " if answer.host != answer.asked else ""
    if not (answer.error and answer.stopped_at):
        return Text(f"{at}{words.en}", f"{at}{words.ko}")
    return Text(f"{at}{words.en} ({answer.error})", f"{at}{words.ko}: {in_korean(answer.error)}")


def hint(answer: Reach | Failure) -> Text:
    if isinstance(answer, Failure):
        return Text(answer.hint, in_korean(answer.hint))
    words = _HINTS.get(answer.stopped_at, Text("", ""))
    if answer.stopped_at == "key" and answer.key_state == "unknown":
        words = _NEW_KEY_HINT
    values = {"host": answer.host, "address": answer.address, "fingerprint": answer.presented_fingerprint}
    return Text(words.en.format(**values), words.ko.format(**values))
