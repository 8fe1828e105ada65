"""No value breaks out of its word, whatever it is; what could let one is refused at load."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from knowledge.template import RenderError, Template, _parsed, _parts

HOSTILE = (
    "10.0.0.1; rm -rf /",
    "$(id)",
    "`id`",
    "a'b",
    'a"b',
    "a\\",
    "a\nb",
    "| tee /x",
    "&& id",
    "> /x",
    "# x",
    "{{ 7*7 }}",
    "{% raw %}",
    "\\' ; id #",
    "",
    " ",
    "*",
    "~",
    "-e",
    "!x",
    "한글",
)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("source", ["printf %s {{ x }}", "printf %s pre.{{ x }}.post", "printf %s {{ x }}{{ x }}"])
def test_a_value_stays_one_word_of_a_real_shell(source: str, value: str) -> None:
    template = Template(source)
    assert template.mistakes(sudo=True) == ()
    expected = source.removeprefix("printf %s ").replace("{{ x }}", value)
    command = template.render({"x": value})
    assert shlex.split(command) == ["printf", "%s", expected]
    for shell in ("sh", "bash"):
        run = subprocess.run([shell, "-c", command], capture_output=True, text=True, check=True)
        assert run.stdout == expected


def test_the_safe_way_into_a_script_is_a_positional_parameter() -> None:
    template = Template("sh -c 'printf %s \"$1\" | cat' sh {{ line }}")
    assert template.mistakes(sudo=True) == ()
    for value in HOSTILE:
        run = subprocess.run(
            ["sh", "-c", template.render({"line": value})], capture_output=True, text=True, check=True
        )
        assert run.stdout == value


def test_kinds_of_values() -> None:
    template = Template("iptables -D INPUT {{ spec }} {{ n }} {{ flag }}")
    rendered = template.render({"spec": ("-s", "1.2.3.4", "--comment", "a b"), "n": 3, "flag": True})
    assert rendered == "iptables -D INPUT -s 1.2.3.4 --comment 'a b' 3 true"
    assert template.variables() == {"spec", "n", "flag"}


def test_a_missing_value_is_no_empty_word() -> None:
    with pytest.raises(RenderError, match="'x' is undefined"):
        Template("rm {{ x }}").render({})


def test_only_values_are_written() -> None:
    with pytest.raises(RenderError, match="a dict cannot be part of a command"):
        Template("echo {{ x }}").render({"x": {}})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "source",
    [
        "echo '{{ x }}'",
        'echo "{{ x }}"',
        "echo \\{{ x }}",
        "echo ${{ x }}",
        "echo $'{{ x }}'",
        "echo {{ x | upper }}",
        "echo {{ x.y }}",
        "echo {{ x() }}",
        "echo {{ 'x' }}",
        "echo {{ true }}",
        "echo {{- x }}",
        "echo {% if x %}y{% endif %}",
        "echo {# x #}",
        "echo {{ x",
        "{{ x }} y",
        "true && {{ x }}",
        "a; b",
        "a | b",
        "a & b",
        "a < b",
        "a $(b)",
        "a `b`",
        'a "$(b)"',
        "a $HOME",
        "a\nb",
        "(a)",
        "a # {{ x }}",
        "a 'b",
        'a "b',
        "",
        "sh -c {{ x }}",
        "bash -c 'a '{{ x }}",
        "eval a {{ x }}",
        "ssh host {{ x }}",
        "sudo su - -c {{ x }}",
        "sed -i s/a/{{ x }}/ /etc/f",
        "awk {{ x }} /etc/f",
        "python3 -c {{ x }}",
    ],
)
def test_refused(source: str) -> None:
    assert Template(source).mistakes(sudo=False)


@pytest.mark.parametrize("source", ["a && b", "a > /etc/x", "a >> {{ x }}"])
def test_sudo_is_one_simple_command(source: str) -> None:
    assert Template(source).mistakes(sudo=False) == ()
    (mistake,) = Template(source).mistakes(sudo=True)
    assert "without sudo" in mistake.message
    assert mistake.offset == 2


def test_a_list_stands_alone() -> None:
    lists = frozenset({"x"})
    assert Template("a {{ x }} b").mistakes(sudo=True, lists=lists) == ()
    assert Template("a b{{ x }}").mistakes(sudo=True, lists=lists)


@pytest.mark.parametrize("source", ["a {{ x }} b.{{y}}.c", "{{ a }}", "no hole", "a\n", " {{  x  }} "])
def test_the_short_way_reads_what_jinja_reads(source: str) -> None:
    assert _parts(source) == _parsed(source)
