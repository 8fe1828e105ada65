"""What the kernel, the resolver and SSH say. Their own words stay beside the Korean: they are what one looks up."""

from __future__ import annotations

from collections.abc import Mapping

SYSTEMS: Mapping[str, str] = {
    # the kernel
    "Connection refused": "연결이 거부되었다 (Connection refused)",
    "Connection timed out": "응답이 없다 (Connection timed out)",
    "Connection reset by peer": "상대가 연결을 끊었다 (Connection reset by peer)",
    "Broken pipe": "연결이 끊겼다 (Broken pipe)",
    "No route to host": "호스트로 가는 길이 없다 (No route to host)",
    "Host is down": "호스트가 꺼져 있다 (Host is down)",
    "Network is unreachable": "네트워크에 닿지 않는다 (Network is unreachable)",
    "Network is down": "네트워크가 내려가 있다 (Network is down)",
    "Cannot assign requested address": "쓸 수 없는 주소다 (Cannot assign requested address)",
    "Permission denied": "권한이 없다 (Permission denied)",
    "Operation not permitted": "허용되지 않는다 (Operation not permitted)",
    "No such file or directory": "그런 파일이나 폴더가 없다 (No such file or directory)",
    "Not a directory": "폴더가 아니다 (Not a directory)",
    "Is a directory": "폴더다 (Is a directory)",
    "File exists": "이미 있다 (File exists)",
    "File name too long": "파일 이름이 너무 길다 (File name too long)",
    "Read-only file system": "읽기 전용 파일 시스템이다 (Read-only file system)",
    "No space left on device": "디스크가 꽉 찼다 (No space left on device)",
    "Disk quota exceeded": "디스크 할당량을 넘었다 (Disk quota exceeded)",
    "File too large": "파일이 너무 크다 (File too large)",
    "Input/output error": "입출력 오류 (Input/output error)",
    "Too many open files": "열린 파일이 너무 많다 (Too many open files)",
    "Too many levels of symbolic links": "심볼릭 링크가 돌고 있다 (Too many levels of symbolic links)",
    "Cannot allocate memory": "메모리가 모자란다 (Cannot allocate memory)",
    "Exec format error": "실행할 수 있는 파일이 아니다 (Exec format error)",
    "{count} are more than a baseline keeps": "{count} 개로, 기준선에 담기에는 너무 많다",
    # the resolver
    "Name or service not known": "그런 이름을 찾을 수 없다 (Name or service not known)",
    "Temporary failure in name resolution": "네임 서버가 답하지 않는다 (Temporary failure in name resolution)",
    "No address associated with hostname": "이름에 주소가 없다 (No address associated with hostname)",
    "the name has no address": "이름에 주소가 없다",
    # SSH
    "Connection lost": "연결이 끊겼다 (Connection lost)",
    "Connection closed": "연결이 닫혔다 (Connection closed)",
    "SSH connection closed": "SSH 연결이 닫혔다 (SSH connection closed)",
    "Connect failed": "연결하지 못했다 (Connect failed)",
    "Login timeout expired": "제한 시간 안에 로그인하지 못했다 (Login timeout expired)",
    "Too many authentication failures": "인증에 너무 많이 실패했다 (Too many authentication failures)",
    "Permission denied for user {user} on host {host}": "{host} 에서 {user} 로그인이 거부되었다 (Permission "
    "denied)",
    "Host key is not trusted for host {host}": "{host} 의 호스트 키를 믿을 수 없다 (Host key is not trusted)",
    "Host key is revoked for host {host}": "{host} 의 호스트 키는 폐기되었다 (Host key is revoked)",
    "Passphrase must be specified to import {what}": "개인 키에 암호가 걸려 있다 (Passphrase must be specified)",
    "Incorrect passphrase": "개인 키의 암호가 틀렸다 (Incorrect passphrase)",
    "Invalid private key": "쓸 수 있는 개인 키가 아니다 (Invalid private key)",
    "Invalid OpenSSH private key": "쓸 수 있는 개인 키가 아니다 (Invalid OpenSSH private key)",
    "No matching {kind} algorithm found, sent {sent} and received {received}": "맞는 {kind} 알고리즘이 없다. "
    "보낸 것 {sent}, 받은 것 {received}",
    "ProxyJump goes in a circle at {host}": "ProxyJump 가 {host} 에서 제자리로 돌아온다",
    # sudo
    "sudo: not found": "sudo 가 없다 (sudo: not found)",
    "sudo: a password is required": "sudo 가 비밀번호를 요구한다 (sudo: a password is required)",
    "sudo refused": "sudo 가 거절했다",
}
