"""What is said about Ansible inventories."""

from __future__ import annotations

from collections.abc import Mapping

INVENTORIES: Mapping[str, str] = {
    "{path}: names no machine": "{path}: 호스트가 하나도 없다",
    "is it the right inventory?": "맞는 인벤토리인지 확인한다",
    "{path}: is neither a file nor a folder": "{path}: 파일도 폴더도 아니다",
    "{path}: is a program, and no inventory is run": "{path}: 프로그램이다. 인벤토리는 실행하지 않는다",
    "`ansible-inventory -i INVENTORY --list > FILE.json` makes a file that can be read": (
        "`ansible-inventory -i INVENTORY --list > FILE.json` 로 만든 파일은 읽을 수 있다"
    ),
    "{path}: only Ansible reads folders": "{path}: 폴더는 Ansible 만 읽을 수 있다",
    "{path}: only Ansible reads folders, and it says: {output}": (
        "{path}: 폴더는 Ansible 만 읽을 수 있는데, 이렇게 답했다: {output}"
    ),
    "{path}: is no list of an inventory": "{path}: 인벤토리 목록이 아니다",
    "`ansible-inventory -i INVENTORY --list` prints one": (
        "`ansible-inventory -i INVENTORY --list` 의 출력이어야 한다"
    ),
    "this inventory is made by a plugin": "플러그인이 만드는 인벤토리다",
    "`ansible-inventory -i FILE --list > FILE.json`": "`ansible-inventory -i FILE --list > FILE.json` 을 쓴다",
    "{word} is no `key=value`": "{word}: `키=값` 모양이 아니다",
    "under [{group}:vars] stand variables": "[{group}:vars] 아래에는 변수를 적는다",
    "one host stands on each line": "한 줄에 호스트 하나만 적는다",
    "{line} is no section": "{line}: 섹션이 아니다",
    "{word} is no kind of section": "{word}: 그런 종류의 섹션은 없다",
    "[group], [group:children] or [group:vars]": "[group], [group:children], [group:vars] 중 하나",
    "{line}: quotes do not match": "{line}: 따옴표가 맞지 않는다",
    "is a quote missing?": "따옴표가 빠졌는지 확인한다",
    "{pattern}: more than 20000 hosts": "{pattern}: 호스트가 20000 개를 넘는다",
    "is the range right?": "범위가 맞는지 확인한다",
    # what is not taken over
    "is not a host name": "호스트 이름이 아니다",
    "is a template": "템플릿이라 값을 알 수 없다",
    "is encrypted (vault)": "암호화되어 있다 (vault)",
    "{message}; logins go to the bare name": "{message}. 호스트 이름 그대로 접속한다",
    "{word} does not fit": "쓸 수 없는 값이다: {word}",
    "{word} belongs into your SSH configuration": "SSH 설정에 직접 적어야 한다: {word}",
}
