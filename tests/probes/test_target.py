import pytest

from base.text import Text
from probes.target import called, name_of


@pytest.mark.parametrize(
    ("target", "name", "text"),
    [
        ("host:compute", "compute", Text("compute", "compute")),
        ("cluster:lab", "lab", Text("cluster lab", "lab 클러스터")),
        ("cloud:lab", "lab", Text("cloud lab", "lab 클라우드")),
        ("console:compute", "compute", Text("console of compute", "compute 콘솔")),
        ("operator", "operator", Text("operator", "operator")),
        ("", "", Text("", "")),
        ("host:{name}", "{name}", Text("{name}", "{name}")),
        ("fe80::1", "fe80::1", Text("fe80::1", "fe80::1")),
    ],
)
def test_a_target_is_called_as_operators_do(target: str, name: str, text: Text) -> None:
    assert name_of(target) == name
    assert called(target) == text
