"""Which packages of kubelet and kubeadm a machine has, and which it could have."""

from probes.node.versions import newest, parse_installed, parse_offered

MADISON = """\
   kubelet | 1.37.0-1.1 | https://pkgs.example/core:/stable:/v1.37/deb  Packages
   kubelet | 1.35.10-1.1 | https://pkgs.example/core:/stable:/v1.35/deb  Packages
   kubelet | 1.35.4-1.1 | https://pkgs.example/core:/stable:/v1.35/deb  Packages
   kubelet | 1.3.5-00 | https://old.example Packages
   kubeadm | 1.37.0-1.1 | https://pkgs.example/core:/stable:/v1.37/deb  Packages
   kubeadm | 1.35.4-1.1 | https://pkgs.example/core:/stable:/v1.35/deb  Packages
N: something apt has to say
"""


def test_the_newest_of_the_minor_version_that_both_have() -> None:
    offered = parse_offered(MADISON)
    assert newest(offered, 35) == "1.35.4-1.1"
    assert newest(offered, 37) == "1.37.0-1.1"
    assert [newest(offered, minor) for minor in (0, 3, 36)] == ["", "", ""]


def test_nothing_is_offered_where_there_is_no_apt() -> None:
    assert newest(parse_offered(""), 35) == ""


def test_what_is_installed_and_not_what_was_once() -> None:
    text = "kubelet hold installed 1.37.0-1.1\nkubeadm deinstall config-files 1.36.1-1.1\n"
    assert parse_installed(text) == ({"kubelet": "1.37.0-1.1"}, True)
    assert parse_installed("kubelet install installed 1.37.0-1.1\n") == ({"kubelet": "1.37.0-1.1"}, False)
    assert parse_installed("") == ({}, False)
