"""What the connection to OpenStack, its probes and its files say."""

from __future__ import annotations

from collections.abc import Mapping

CLOUDS: Mapping[str, str] = {
    # which one is meant
    "OS_CLOUD names {name}, but no cloud is known ({site})": (
        "OS_CLOUD 가 {name} 을(를) 가리키지만 알려진 클라우드가 없다 ({site})"
    ),
    "OS_CLOUD names {name}, which is no cloud of the site; there are: {clouds}": (
        "OS_CLOUD 가 {name} 을(를) 가리키지만 사이트에 그런 클라우드가 없다. 있는 것: {clouds}"
    ),
    "no cloud is known ({site})": "알려진 클라우드가 없다 ({site})",
    "set OS_CLOUD to one of them, unset it, or `--set cloud=NAME`": (
        "OS_CLOUD 를 이 중 하나로 바꾸거나 unset 하거나 `--set cloud=NAME` 으로 정한다"
    ),
    "OS_CLIENT_CONFIG_FILE, ~/.config/openstack/clouds.yaml, OS_*, or `clouds:` in site.yaml": (
        "OS_CLIENT_CONFIG_FILE, ~/.config/openstack/clouds.yaml, OS_*, 또는 site.yaml 의 `clouds:` 를 확인한다"
    ),
    # the way to the API
    "the port is open, but the TLS handshake does not come to its end": "포트는 열려 있지만 TLS 핸드셰이크가 "
    "끝나지 않는다",
    "the port is open, but no whole answer comes in time": "포트는 열려 있지만 제시간에 응답을 다 받지 못한다",
    "answers with more than {size} MiB": "{size} MiB 가 넘는 응답을 보낸다",
    "is it the right address?": "주소가 맞는가?",
    "is the name right in clouds.yaml and in the catalogue?": "clouds.yaml 과 서비스 카탈로그의 이름이 맞는가?",
    "the other side closed the connection during the TLS handshake": "상대가 TLS 핸드셰이크 도중 연결을 끊었다",
    "the other side closed the connection before it answered": "상대가 응답하기 전에 연결을 끊었다",
    "the other side closed the connection in the middle of its answer": "상대가 응답 도중 연결을 끊었다",
    "answers with headers of no reasonable size": "HTTP 헤더가 터무니없이 크다",
    "answers in a form that is not HTTP": "HTTP 가 아닌 응답을 보낸다",
    "the connection failed": "연결에 실패했다",
    "{does}, which is another place: nothing was sent there": "{does}. 다른 곳이므로 아무것도 보내지 않았다",
    "give that address in clouds.yaml if it is the right one": "그 주소가 맞다면 clouds.yaml 에 적는다",
    "the proxy {address} wants a login (407)": "프록시 {address} 이(가) 로그인을 요구한다 (407)",
    "HTTP_PROXY, HTTPS_PROXY and NO_PROXY of this machine's environment": (
        "이 컴퓨터의 환경 변수 HTTP_PROXY, HTTPS_PROXY, NO_PROXY 를 확인한다"
    ),
    # certificates
    "does not accept our client certificate": "우리 클라이언트 인증서를 받아 주지 않는다",
    "`cert` and `key` of the cloud in clouds.yaml": "clouds.yaml 에서 그 클라우드의 `cert` 와 `key` 를 확인한다",
    "the port is open, but does not speak TLS": "포트는 열려 있지만 TLS 로 말하지 않는다",
    "is it `http://` in clouds.yaml?": "clouds.yaml 에 `http://` 로 적어야 하는 것은 아닌가?",
    "the TLS handshake fails: {why}": "TLS 핸드셰이크가 실패한다: {why}",
    "its certificate expired on {date}": "인증서가 {date} 에 만료되었다",
    "its certificate is not valid before {date}": "인증서가 {date} 전에는 유효하지 않다",
    "its certificate is for other names: {names}": "인증서가 다른 이름의 것이다: {names}",
    "its certificate is signed by an authority we do not know: {issuer}": "모르는 인증 기관이 서명한 인증서다: "
    "{issuer}",
    "its certificate is not accepted: {why}": "인증서를 받아들일 수 없다: {why}",
    "renew it on the cloud's load balancer or controller; is the clock of this machine right?": "클라우드의 "
    "로드 밸런서나 컨트롤러에서 갱신한다. 이 장비의 시계는 맞는가?",
    "compare the clocks of this machine and of the controller": "이 장비와 컨트롤러의 시계를 비교한다",
    "use one of these in `auth_url` and in the catalogue": "`auth_url` 과 서비스 카탈로그에 이 이름 중 하나를 쓴다",
    "`cacert` of the cloud in clouds.yaml names the file of the right one": "clouds.yaml 에서 그 클라우드의 "
    "`cacert` 에 맞는 인증 기관 파일을 적는다",
    # answers
    "answers {what} instead of what was asked for ({why})": "물어본 것이 아니라 {what} 을(를) 보낸다 ({why})",
    "is a proxy or a portal in between?": "중간에 프록시나 로그인 포털이 있는가?",
    "answers {status}": "{status} 로 응답한다",
    "answers {status}, which leads nowhere": "{status} 로 응답하지만 어디로 가라는지 없다",
    "does not accept the token that Keystone gave": "Keystone 이 내준 토큰을 받아 주지 않는다",
    "does not accept the token that Keystone gave: {why}": "Keystone 이 내준 토큰을 받아 주지 않는다: {why}",
    "is the service's own login to Keystone (`keystone_authtoken`) in order?": "그 서비스가 Keystone 에 "
    "로그인하는 설정(`keystone_authtoken`)은 이상이 없는가?",
    "{service} does not let {who} look at {what}": "{service} 이(가) {who} 에게 {what} 을(를) 보여 주지 않는다",
    "a role that may: `admin`, or a reader of the whole system, by the service's policy": "볼 수 있는 역할이 "
    "필요하다: `admin`, 또는 서비스 정책에 따라 시스템 전체의 reader",
    "{service} has no `{path}`": "{service} 에 `{path}` 이(가) 없다",
    "{service} has no `{path}`: {why}": "{service} 에 `{path}` 이(가) 없다: {why}",
    "are the service and what it depends on running?": "그 서비스와 그것이 의존하는 것들이 돌고 있는가?",
    "answers in a form that is not known ({kind})": "알 수 없는 형식으로 응답한다 ({kind})",
    "is it an API of OpenStack?": "OpenStack API 가 맞는가?",
    "the cloud answered in a form that is not known": "클라우드가 알 수 없는 형식으로 응답했다",
    "the cloud gives an object an id that no object has": "클라우드가 있을 수 없는 ID 를 보내 왔다",
    "the cloud gave no answer": "클라우드가 응답하지 않았다",
    "the list of {what} has no end": "{what} 목록이 끝나지 않는다",
    # the login
    "the login cannot be tried: {why}": "로그인을 시도할 수 없다: {why}",
    "user, password, project and domains of the cloud, in clouds.yaml or OS_*": "clouds.yaml 이나 OS_* 의 사용자, "
    "비밀번호, 프로젝트, 도메인을 확인한다",
    "Keystone refuses the login of {user}: {why}": "Keystone 이 {user} 의 로그인을 거절한다: {why}",
    "Keystone cannot read the login of {user}: {why}": "{user} 의 로그인 정보가 Keystone 에 맞지 않는다: {why}",
    "has the token expired, or was it revoked?": "토큰이 만료되었거나 폐기되지 않았는가?",
    "Keystone cannot log anybody in: {why}": "Keystone 이 아무도 로그인시키지 못한다: {why}",
    "are Keystone and its database running?": "Keystone 과 그 데이터베이스가 돌고 있는가?",
    "is no Keystone that can be logged in to: {why}": "로그인할 수 있는 Keystone 이 아니다: {why}",
    "does `auth_url` end in `/v3`?": "`auth_url` 이 `/v3` 로 끝나는가?",
    "the catalogue: {why}": "서비스 카탈로그: {why}",
    "there is no {interface} endpoint for {service}": "{service} 의 {interface} 엔드포인트가 없다",
    "there is no {interface} endpoint for {service} in region {region}": "리전 {region} 에 {service} 의 "
    "{interface} 엔드포인트가 없다",
    "{what}: the cloud shows nothing, but would not show all to {user} (roles: {roles})": "{what}: 클라우드가 "
    "보여 주는 것이 없다. 그러나 {user} 에게는 다 보여 주지 않는다 (역할: {roles})",
    "a login with the role `admin`": "`admin` 역할이 있는 로그인이 필요하다",
    "the cloud has no router {router}": "클라우드에 라우터 {router} 이(가) 없다",
    "{count} routers have the name {name}": "이름이 {name} 인 라우터가 {count}개 있다",
    "{count} projects have the name {name}": "이름이 {name} 인 프로젝트가 {count}개 있다",
    "ask by the id of the one that is meant": "찾는 것의 ID 로 다시 묻는다",
    "`openstack router list` lists what the role may see": "`openstack router list` 로 이 역할이 볼 수 있는 것을 "
    "확인한다",
    "the cloud gives a subnet a network that is none": "클라우드가 서브넷의 대역으로 네트워크가 아닌 값을 준다",
    "the cloud has no subnet {subnet}": "클라우드에 서브넷 {subnet} 이(가) 없다",
    "`openstack subnet list` lists what the role may see": "`openstack subnet list` 가 볼 수 있는 서브넷을 "
    "보여 준다",
    # clouds.yaml, openrc, site.yaml
    "is it a clouds.yaml?": "clouds.yaml 이 맞는가?",
    "{file}: has no `clouds`": "{file}: `clouds` 가 없다",
    "are OS_AUTH_URL and the rest set?": "OS_AUTH_URL 등이 설정되어 있는가?",
    "there are: {names}": "있는 것: {names}",
    "{file}: names no cloud {cloud}": "{file}: {cloud} 라는 클라우드가 없다",
    "the cloud {cloud} cannot be used: {message}": "클라우드 {cloud} 을(를) 쓸 수 없다: {message}",
    "its name is not read as a word": "이름이 문자열로 읽히지 않는다",
    "put quotes around it": "따옴표로 감싼다",
    "there are no settings below it": "그 아래에 설정이 없다",
    "below it belongs `auth:` with `auth_url`, `username` and `password`": (
        "그 아래에 `auth:` 와 `auth_url`, `username`, `password` 를 적는다"
    ),
    "`auth` is not a mapping": "`auth` 가 `키: 값` 형식이 아니다",
    "its login lacks {names}": "로그인 정보에 {names} 이(가) 없다",
    "below `auth:` of the cloud, or in secure.yaml": "그 클라우드의 `auth:` 아래나 secure.yaml 에 적는다",
    "its `{key}` {path} is no file that can be read": "`{key}` 의 {path} 은(는) 읽을 수 있는 파일이 아니다",
    "a relative path starts at the folder deadhop is started in": "상대 경로는 deadhop 을 실행한 폴더에서 시작한다",
    "it lies on {host} and is not fetched: give the cloud a `config` in site.yaml": "그 파일은 {host} 에 있고 "
    "가져오지 않는다. site.yaml 에서 그 클라우드에 `config` 를 적는다",
    "`auth_url` begins with neither `http://` nor `https://`": "`auth_url` 이 `http://` 나 `https://` 로 시작하지 "
    "않는다",
    "`openstack --os-cloud NAME token issue` must work with the same file": "같은 파일로 `openstack --os-cloud "
    "이름 token issue` 가 되어야 한다",
    "{place}: has no line `export OS_AUTH_URL=…`": "{place}: `export OS_AUTH_URL=…` 줄이 없다",
    "{place}: {name} is what a shell would make of it, and no shell is run": "{place}: {name} 의 값은 셸이 "
    "계산해야 하는데, 셸을 실행하지 않는다",
    "write the value itself, or a clouds.yaml": "값을 그대로 적거나 clouds.yaml 을 쓴다",
    "has no credentials of a cloud where control nodes keep them": "컨트롤 노드가 보통 두는 곳에 클라우드 인증 "
    "정보가 없다",
    "give the cloud a `config` in site.yaml": "site.yaml 에서 그 클라우드에 `config` 를 적는다",
    "no cloud {cloud} in its files": "그 파일들에 {cloud} 라는 클라우드가 없다",
    "{path}, which its credentials name as `cacert`, cannot be read": "인증 정보가 `cacert` 로 적은 {path} "
    "을(를) 읽을 수 없다",
    "{name} is no name of a cloud": "{name} 은(는) 클라우드 이름이 아니다",
    "{name}: no clouds.yaml is known": "{name}: 알려진 clouds.yaml 이 없다",
    "give it a `config`, or a `host` that has one": "`config` 를 적거나, 그것이 있는 `host` 를 적는다",
}
