"""Looks from pods that were started for them."""

from __future__ import annotations

from collections.abc import Mapping

PODS: Mapping[str, str] = {
    "not-agreed": "파드를 띄우는 데 동의하지 않았다",
    "nothing could be tried from a pod: no node can be entered from here": (
        "파드에서 시도하지 못했다. 여기서 들어갈 수 있는 노드가 없다"
    ),
    "a short-lived pod can try it: `--pod-look` asks before it makes one; in the app the key `p` does": (
        "잠시 띄운 파드에서 시도할 수 있다. `--pod-look` 은 띄우기 전에 묻는다. 앱에서는 `p` 키"
    ),
    "`deadhop fix SESSION --pod-look` looks from short-lived pods, and asks before it makes them": (
        "`deadhop fix SESSION --pod-look` 은 잠시 띄운 파드에서 확인한다. 띄우기 전에 묻는다"
    ),
    "{job} is no Job that deadhop made": "{job} 은(는) deadhop 이 만든 Job 이 아니다",
    "name one that this cluster can pull: `--look-image IMAGE`, or `look_image` of the cluster in site.yaml": (
        "이 클러스터가 받을 수 있는 이미지를 지정한다: `--look-image IMAGE`, 또는 site.yaml 클러스터의 `look_image`"
    ),
    "the cluster makes no pod: {output}": "클러스터가 파드를 만들지 않는다: {output}",
    "no pod was made for the Job: does kube-controller-manager run?": (
        "Job 의 파드가 만들어지지 않았다. kube-controller-manager 가 동작하는가?"
    ),
    "no pod was made there": "그곳에는 파드가 만들어지지 않았다",
    "the image {image} cannot be pulled ({reason}): {output}": (
        "이미지 {image} 을(를) 받을 수 없다 ({reason}): {output}"
    ),
    "the container cannot be started ({reason}): {output}": "컨테이너를 시작할 수 없다 ({reason}): {output}",
    "the container ended with {status} ({reason}): {output}": "컨테이너가 {status} 로 끝났다 ({reason}): {output}",
    "the pod finds no place: {output}": "파드를 둘 노드가 없다: {output}",
    "the node did not take the pod ({reason}): {output}": "노드가 파드를 받지 않았다 ({reason}): {output}",
    "the pod did not come to its end in time": "파드가 시간 안에 끝나지 않았다",
    "the pod did not come to the end of its tries": "파드가 시도를 끝까지 마치지 못했다",
    "the image has no programs to try anything with": "이미지에 시도할 때 쓸 프로그램이 없다",
    "it wants {programs}": "필요한 것: {programs}",
    "what pods said is not in its form: {output}": "파드의 출력을 읽을 수 없다: {output}",
    "the pod could not be made: {output}": "파드를 만들 수 없었다: {output}",
    "the pods of the look were not removed: {output}": "확인에 쓴 파드를 지우지 못했다: {output}",
    "the look was cut short": "확인이 중간에 끊겼다",
    "the pods of the look are gone": "확인에 쓴 파드는 이미 없다",
    "the pods of a look are still there": "확인에 쓴 파드가 아직 남아 있다",
    "undo removes them": "되돌리면 지워진다",
    "whether the pods of a look are still there could not be seen": "확인에 쓴 파드가 남아 있는지 볼 수 없었다",
}
