"""What probes of OpenStack's own machines say."""

from __future__ import annotations

from collections.abc import Mapping

STACKS: Mapping[str, str] = {
    "`{option}` is no option that is read": "`{option}` 은(는) 읽지 않는 설정이다",
    "`section/option`, and none that holds a password": "비밀번호가 아닌 설정을 `섹션/옵션` 형식으로 적는다",
    "no host of the site has a journal of Neutron's server that may be read": "읽을 수 있는 Neutron 서버의 저널이 "
    "사이트의 어느 호스트에도 없다",
    "a controller in `hosts:`, and a login that may read journals": "`hosts:` 에 컨트롤러를 넣고 저널을 "
    "읽을 수 있는 계정으로 로그인한다",
    "is Open vSwitch running there?": "그곳에서 Open vSwitch 가 실행 중인가?",
    "no host of the site can be asked": "사이트의 어느 호스트에도 접속할 수 없다",
    "no cloud of the site can be asked": "사이트의 어느 클라우드에도 접속할 수 없다",
    "no cluster of the site can be asked": "사이트의 어느 클러스터에도 접속할 수 없다",
    "{host}: no container of {unit}": "{host}: {unit} 의 컨테이너가 없다",
    "{host}: no nova-compute runs, and no unit says where it would write": "{host}: 실행 중인 nova-compute 가 "
    "없고, 어디에 쓸지 알려 주는 유닛도 없다",
    "{host}: no file of nova-compute's configuration was found": "{host}: nova-compute 의 설정 파일을 찾지 못했다",
    "`podman ps -a`, `docker ps -a`": "`podman ps -a` 나 `docker ps -a` 로 확인한다",
}
