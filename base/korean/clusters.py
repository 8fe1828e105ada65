"""What the connection to a cluster says."""

from __future__ import annotations

from collections.abc import Mapping

CLUSTERS: Mapping[str, str] = {
    # the kubeconfig
    "no cluster is known ({site})": "알려진 클러스터가 없다 ({site})",
    "{name}: no kubeconfig is known": "{name}: 알려진 kubeconfig 가 없다",
    "KUBECONFIG, ~/.kube/config, or `clusters:` in site.yaml": "KUBECONFIG, ~/.kube/config, 또는 site.yaml 의 "
    "`clusters:` 를 확인한다",
    "{file}: no context {context}": "{file}: {context} 컨텍스트가 없다",
    "contexts there: {contexts}": "있는 컨텍스트: {contexts}",
    "{place}: there is no cluster {cluster}": "{place}: {cluster} 클러스터가 없다",
    "{place}: there is no user {user}": "{place}: {user} 사용자가 없다",
    "`kubectl config view` shows what there is": "`kubectl config view` 로 내용을 본다",
    "an entry of `{list}` has no name": "`{list}` 항목에 이름이 없다",
    "write `name: …`": "`name: …` 을 적는다",
    "write `{list}:` and lines with `- name: …`": "`{list}:` 아래에 `- name: …` 줄을 적는다",
    "{key}-data is not base64": "{key}-data 가 base64 가 아니다",
    "`kubectl config set-… --embed-certs` writes it": "`kubectl config set-… --embed-certs` 로 다시 쓴다",
    "{url} is no address of an API": "{url} 은(는) API 주소가 아니다",
    "{url} is no HTTP proxy": "{url} 은(는) HTTP 프록시가 아니다",
    "SOCKS is not spoken here; a cluster with `host` and no `kubeconfig` in site.yaml is asked over SSH": "SOCKS "
    "는 쓰지 못한다. site.yaml 에서 클러스터에 `kubeconfig` 없이 `host` 만 적으면 SSH 로 묻는다",
    "{place}: the auth-provider `{name}` holds no token": "{place}: auth-provider `{name}` 에 토큰이 없다",
    "kubectl has given up auth-providers: an exec plugin takes their place": "kubectl 은 auth-provider 를 더 이상 "
    "지원하지 않는다. exec 플러그인으로 바꾼다",
    "exec names no command": "exec 에 command 가 없다",
    "write `command: …`": "`command: …` 를 적는다",
    "write `name: …` and `value: …`": "`name: …` 과 `value: …` 를 적는다",
    "{name} is no name of a variable": "{name} 은(는) 변수 이름이 아니다",
    "{place}: the token holds what no token can": "{place}: 토큰에 들어갈 수 없는 글자가 있다",
    "is it cut or wrapped?": "잘리거나 줄이 바뀌지 않았는지 확인한다",
    "{place}: the certificates cannot be used: {message}": "{place}: 인증서를 쓸 수 없다: {message}",
    "are they PEM, and does the key belong to the certificate?": "PEM 형식인지, 키가 그 인증서의 것인지 확인한다",
    "{name} is no name of a cluster": "{name} 은(는) 클러스터 이름이 아니다",
    "without spaces or characters that are not seen": "공백이나 보이지 않는 글자 없이 쓴다",
    "{host} is no host of this site": "{host} 은(는) 이 사이트의 호스트가 아니다",
    "`hosts:` or the SSH configuration": "`hosts:` 나 SSH 설정을 확인한다",
    "give it a `kubeconfig`, or a `host` that has one": "`kubeconfig` 나, 그것이 있는 `host` 를 적는다",
    # exec plugins
    "the exec plugin `{command}` cannot be run: {message}": "exec 플러그인 `{command}` 을(를) 실행할 수 없다: "
    "{message}",
    "{place} names it": "{place} 에 적혀 있다",
    "the exec plugin `{command}` said {status}: {output}": "exec 플러그인 `{command}` 종료 코드 {status}: {output}",
    "run kubectl once by hand": "kubectl 을 직접 한 번 실행해 본다",
    "the exec plugin `{command}` gave no ExecCredential": "exec 플러그인 `{command}` 의 출력이 ExecCredential 이 "
    "아니다",
    "the exec plugin `{command}` speaks {versions}": "exec 플러그인 `{command}` 의 버전이 다르다: {versions}",
    "`apiVersion` in the kubeconfig": "kubeconfig 의 `apiVersion` 을 확인한다",
    "the exec plugin `{command}` gave neither token nor certificate": "exec 플러그인 `{command}` 이(가) 토큰도 "
    "인증서도 주지 않았다",
    "the exec plugin `{command}` says too much": "exec 플러그인 `{command}` 의 출력이 너무 많다",
    "is it logged in?": "그 도구가 로그인되어 있는지 확인한다",
    "the exec plugin gave nothing within {seconds} s": "exec 플러그인이 {seconds}초 안에 아무것도 주지 않았다",
    # the way there
    "the name {name} is not known: {message}": "{name} 이름을 찾을 수 없다: {message}",
    "/etc/hosts, /etc/resolv.conf, or `server` in the kubeconfig": "/etc/hosts, /etc/resolv.conf, 또는 kubeconfig "
    "의 "
    "`server` 를 확인한다",
    "/etc/hosts or /etc/resolv.conf": "/etc/hosts 나 /etc/resolv.conf 를 확인한다",
    "{address} refuses connections": "{address} 이(가) 연결을 거절한다",
    "does the API server run? `crictl ps -a` on a control node": "API 서버가 떠 있는지 본다: 제어 노드에서 "
    "`crictl ps -a`",
    "there is no route to {address}: {message}": "{address} 까지 가는 경로가 없다: {message}",
    "no answer from {address}": "{address} 에서 응답이 없다",
    "no answer from {address} within {seconds} s": "{address} 에서 {seconds}초 안에 응답이 없다",
    "no connection to {address}: {message}": "{address} 에 연결할 수 없다: {message}",
    "a firewall that drops, or a machine that is down": "패킷을 버리는 방화벽이거나 꺼진 장비다",
    "the proxy {address} refuses to connect: {message}": "프록시 {address} 이(가) 연결을 거절한다: {message}",
    "the proxy {address} does not answer: {message}": "프록시 {address} 이(가) 응답하지 않는다: {message}",
    "no answer through the proxy {address} within {seconds} s": "프록시 {address} 를 거쳐 {seconds}초 안에 응답이 "
    "없다",
    "`proxy-url` in the kubeconfig, or HTTPS_PROXY": "kubeconfig 의 `proxy-url` 이나 HTTPS_PROXY 를 확인한다",
    # TLS
    "{address} does not speak TLS": "{address} 은(는) TLS 로 말하지 않는다",
    "the TLS handshake with {address} fails: {message}": "{address} 와(과) TLS 핸드셰이크가 실패한다: {message}",
    "{address} is open, but no TLS handshake comes within {seconds} s": "{address} 은(는) 열려 있지만 {seconds}초 "
    "안에 TLS 핸드셰이크가 오지 않는다",
    "is the API server frozen, or out of file descriptors?": "API 서버가 멈췄거나 파일 디스크립터가 모자란지 본다",
    "is it the API server? `server` in the kubeconfig names it": "API 서버가 맞는지 kubeconfig 의 `server` 를 "
    "확인한다",
    "the certificate of {address} expired on {date}": "{address} 의 인증서가 {date} 에 만료되었다",
    "`kubeadm certs check-expiration` on a control node": "제어 노드에서 `kubeadm certs check-expiration`",
    "the certificate of {address} is not valid before {date}": "{address} 의 인증서는 {date} 부터 유효하다",
    "compare the clocks of this machine and of the control node": "이 장비와 제어 노드의 시계를 비교한다",
    "the certificate of {address} is for other names: {names}": "{address} 의 인증서는 다른 이름의 것이다: {names}",
    "use one of these in `server`, or set `tls-server-name`": "그중 하나를 `server` 에 쓰거나 `tls-server-name` 을 "
    "정한다",
    "the certificate of {address} is signed by an authority the kubeconfig does not know: {issuer}": "{address} 의 "
    "인증서를 kubeconfig 가 모르는 CA 가 서명했다: {issuer}",
    "is it another cluster's, or was its CA renewed? compare `certificate-authority-data`": "다른 클러스터인지, "
    "CA 가 "
    "바뀌었는지 `certificate-authority-data` 를 대조한다",
    "the certificate of {address} is not accepted: {message}": "{address} 의 인증서를 받아들일 수 없다: {message}",
    "our client certificate ({name}) expired on {date}": "내 클라이언트 인증서({name})가 {date} 에 만료되었다",
    "{message}; and our client certificate ({name}) expired on {date}": (
        "{message}. 게다가 내 클라이언트 인증서({name})도 {date} 에 만료되었다"
    ),
    "have a new one issued for this user (`kubectl certificate`), and put it into the kubeconfig": (
        "이 사용자의 인증서를 새로 발급받아(`kubectl certificate`) kubeconfig 에 넣는다"
    ),
    "`kubeadm certs renew admin.conf` on a control node, then copy it here": "제어 노드에서 `kubeadm certs renew "
    "admin.conf` 를 하고 이리로 복사한다",
    "{message}; and our client certificate ({name}) is not valid before {date}": (
        "{message}. 내 클라이언트 인증서({name})도 {date} 부터 유효하다"
    ),
    "our client certificate ({name}) is not valid before {date}": "내 클라이언트 인증서({name})는 {date} 부터 "
    "유효하다",
    "is the clock of this machine right?": "이 장비의 시계가 맞는지 확인한다",
    # HTTP
    "{address} does not answer in HTTP: {message}": "{address} 의 응답이 HTTP 가 아니다: {message}",
    "{address} closed amid its answer": "{address} 이(가) 응답 도중에 연결을 끊었다",
    "{address} closed without an answer": "{address} 이(가) 응답 없이 연결을 끊었다",
    "{address} took the question and did not answer within {seconds} s": "{address} 이(가) 질문을 받고 {seconds}초 "
    "안에 답하지 않았다",
    "{address} had no time for this question within {seconds} s": "{address}: {seconds}초 안에 이 질문의 차례가 "
    "오지 않았다",
    "{address} did not end its answer within {seconds} s": "{address} 의 응답이 {seconds}초 안에 끝나지 않았다",
    "is etcd slow? its disk decides": "etcd 가 느린지, 특히 그 디스크를 본다",
    "the API does not accept our credentials (401)": "API 가 우리 자격 증명을 받아들이지 않는다 (401)",
    "are they expired? {place} names them": "{place} 에 적힌 인증서나 토큰이 만료되었는지 확인한다",
    "the API does not accept the credentials of the control node (401)": "API 가 제어 노드의 자격 증명을 "
    "받아들이지 "
    "않는다 (401)",
    "{user} may not {verb} {resource} in the namespace {namespace} (403)": "{user} 은(는) {namespace} "
    "네임스페이스에서 "
    "{resource} 을(를) {verb} 할 권한이 없다 (403)",
    "{user} may not {verb} {resource} in the whole cluster (403)": "{user} 은(는) 클러스터 전체에서 {resource} "
    "을(를) "
    "{verb} 할 권한이 없다 (403)",
    "`kubectl auth can-i {verb} {resource} -n {namespace}`": "`kubectl auth can-i {verb} {resource} -n "
    "{namespace}` 로 "
    "확인한다",
    "`kubectl auth can-i {verb} {resource} -A`": "`kubectl auth can-i {verb} {resource} -A` 로 확인한다",
    "not allowed to read {path} (403): {message}": "{path} 을(를) 읽을 권한이 없다 (403): {message}",
    "there is no {name} among {kind} (404)": "{kind} 중에 {name} 이(가) 없다 (404)",
    "is it in another namespace?": "다른 네임스페이스에 있는지 확인한다",
    "the API does not know {path} (404)": "API 가 {path} 을(를) 모른다 (404)",
    "is the CRD or the aggregated API installed?": "CRD 나 확장 API 가 설치되어 있는지 확인한다",
    "what was asked for changed meanwhile ({status}): {message}": "묻는 사이에 바뀌었다 ({status}): {message}",
    "see /readyz and the API server's log": "/readyz 와 API 서버 로그를 본다",
    "the API answers {status}: {message}": "API 응답 {status}: {message}",
    "{target}: the API answers {status}": "{target}: API 응답 {status}",
    "KUBECONFIG names {file}, which is not there": "KUBECONFIG 에 적힌 {file} 이(가) 없다",
    "kubectl leaves it out, too": "kubectl 도 건너뛴다",
    "the context {name} is left out for its name": "컨텍스트 {name} 은(는) 이름 때문에 제외된다",
    "`kubectl config rename-context` gives it one without spaces; or name it as `context` in site.yaml": (
        "`kubectl config rename-context` 로 공백 없는 이름을 주거나, site.yaml 에 `context` 로 적는다"
    ),
    "`current-context` names {name}, which is no context of the kubeconfig": (
        "`current-context` 가 가리키는 {name} 은(는) kubeconfig 에 없는 컨텍스트다"
    ),
    "it says to ask again at once, and refuses then as well": "바로 다시 물으라고 하지만 그때도 거절한다",
    "it asks for {seconds} s of patience": "{seconds}초 뒤에 다시 물으라고 한다",
    "the API sends us elsewhere ({status}): {place}": "API 가 다른 곳으로 보낸다 ({status}): {place}",
    "not followed; is `server` in the kubeconfig right?": "따라가지 않았다. kubeconfig 의 `server` 가 맞는지 "
    "확인한다",
    # policies
    "policies could not be read, whether one of them denies it cannot be told: {message}": "네트워크 정책을 읽지 "
    "못해 정책이 막는 것인지 알 수 없다: {message}",
    "policies of Calico or Cilium may apply and are not judged here ({count}): {names}": "Calico 나 Cilium 의 자체 "
    "정책이 적용될 수 있지만 여기서 판단하지 않았다({count}건): {names}",
    # the answer
    "the answer is packed in a way nobody asked for": "요청하지 않은 방식으로 압축된 응답이다",
    "the answer is no gzip: {message}": "응답이 gzip 이 아니다: {message}",
    "the answer ends in the middle of its gzip": "응답의 gzip 이 중간에서 끊겼다",
    "the API's answer is larger than {size}": "API 응답이 {size} 보다 크다",
    "ask for less: a namespace, a selector": "네임스페이스나 셀렉터로 줄여 묻는다",
    "a web page instead of an answer: {output}": "응답 대신 웹 페이지가 왔다: {output}",
    "a proxy or a login page stands in between": "중간에 프록시나 로그인 페이지가 있다",
    "the answer is not in its form: {why}: {output}": "응답 형식이 맞지 않는다: {why}: {output}",
    "{target}: the answer is not in its form: {why}": "{target}: 응답 형식이 맞지 않는다: {why}",
    "what answers there is no API server": "거기서 응답하는 것은 API 서버가 아니다",
    "`server` in the kubeconfig": "kubeconfig 의 `server` 를 확인한다",
    "the API is not ready: {checks}": "API 가 준비되지 않았다: {checks}",
    "etcd comes first: without it nothing works": "etcd 부터 본다. etcd 없이는 아무것도 되지 않는다",
    # through a control node
    "{target}: no network namespace there has {pod}": "{target}: {pod} 주소를 가진 네트워크 네임스페이스가 없다",
    "is the pod gone since?": "그 사이에 파드가 사라졌는지 확인한다",
    "{host} has none of {files}": "{host} 에 이 파일이 하나도 없다: {files}",
    "is it a control node? `host:` of the cluster names it": "제어 노드가 맞는지 클러스터의 `host:` 를 확인한다",
    "kubectl on {host} said so": "{host} 의 kubectl 이 한 말이다",
    "kubectl failed without a word": "kubectl 이 아무 말 없이 실패했다",
}
