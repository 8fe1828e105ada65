"""Texts made to bite: more than 500, by what they would do where they are taken for more than text.

Every payload that could run something creates a file named `PWNED` or says the value of DEADHOP_CANARY."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

CANARY_FILE = "PWNED"
CANARY_NAME, CANARY_VALUE = "DEADHOP_CANARY", "c4nary-was-read"

_RUN = (f"touch {CANARY_FILE}", f"echo ${CANARY_NAME}", f"id>{CANARY_FILE}")


def _shell() -> Iterator[str]:
    for run in _RUN:
        yield from (f"$({run})", f"`{run}`", f"; {run}", f"x;{run};", f"| {run}", f"|| {run}", f"&& {run}")
        yield from (f"& {run} &", f"'; {run}; '", f'"; {run}; "', f"\n{run}\n", f"\\\n{run}", f"<({run})")
        yield from (f"a'$({run})'b", f'a"`{run}`"b', f"-oProxyCommand={run}", f"--\n{run}", f"# {run}\n{run}")
    yield from (
        "${IFS}",
        "$IFS$9",
        "~root",
        "*",
        "?[a-z]",
        "{a,b}",
        "!!",
        "-rf",
        "--",
        "-",
        "\\",
        "'",
        '"',
        "$",
        "`",
    )
    yield f"${{{CANARY_NAME}}}"
    yield f"$(<{CANARY_FILE})"
    yield f"%{CANARY_NAME}%"


def _cel() -> Iterator[str]:
    yield from (
        '" || true || "',
        "' || true || '",
        "true",
        "size([1,2].map(x, x))",
        "has(a.b)",
        'x.matches("(a+)+$")',
    )
    yield from (
        "[" * 200,
        "(" * 200 + ")" * 200,
        "!" * 500 + "true",
        "1" + "+1" * 2000,
        "a" + ".b" * 1000,
        "9" * 5000,
    )
    yield from ('"\\u0000"', "r'''x", "b'\\xff'", 'f("")[0]', "{1: {2: {3: 4}}}", "1/0", "-9223372036854775809")


def _jinja() -> Iterator[str]:
    insides = ("7*7", "config", "self.__init__.__globals__", "''.__class__.__mro__[1].__subclasses__()", "cycler")
    for inside in (*insides, "lipsum.__globals__['os'].popen('touch PWNED')", "request|attr('application')"):
        yield from (f"{{{{{inside}}}}}", f"{{%- print({inside}) -%}}", f"a{{{{ {inside} }}}}b")
    yield from (
        "{% for x in range(10**9) %}{% endfor %}",
        "{# hidden #}",
        "{% raw %}",
        "{{",
        "}}",
        "{%",
        "{{ '' ",
        "#}",
    )


def _markup() -> Iterator[str]:
    tags = (
        "red",
        "bold",
        "/",
        "link=https://evil.example",
        "@click=app.quit",
        "reverse blink",
        "conceal",
        "$error",
    )
    for tag in (
        *tags,
        "@click=screen.mode('raw')",
        "on white",
        "/bold",
        "u",
        "not bold",
        "link='file:///etc/passwd'",
    ):
        yield from (f"[{tag}]x[/]", f"[{tag}]", f"a[{tag}]b[/{tag}]c", f"\\[{tag}]x")
    yield from (
        "[",
        "]",
        "[[",
        "[/",
        "[/]",
        "[]",
        "[ ]",
        "\\[",
        ":smile:",
        ":skull:",
        "[red",
        "[=",
        "[[bold]]x[[/]]",
    )


def _ansi() -> Iterator[str]:
    for begin in ("\x1b[", "\x9b"):
        for body in (
            "2J",
            "H",
            "31m",
            "0m",
            "?1049h",
            "?25l",
            "999;999H",
            "6n",
            "5i",
            "c",
            ">c",
            "?1000h",
            "2K",
            "1A",
        ):
            yield f"a{begin}{body}b"
    for begin in ("\x1b]", "\x9d"):
        for body in (
            "0;title", "2;title", "52;c;dG91Y2ggUFdORUQ=", "52;c;?", "8;;https://evil.example", "9;notify",
            "777;notify;a;b", "1337;File=inline=1:AAAA", "4;0;#ffffff", "10;?", "50;font", "133;A",
        ):  # fmt: skip
            yield from (f"a{begin}{body}\x07b", f"a{begin}{body}\x1b\\b", f"{begin}{body}")
    yield from (
        "\x1bc",
        "\x1b#8",
        "\x1b(0",
        "\x1bP$qm\x1b\\",
        "\x1b_Gi=1\x1b\\",
        "\x1b^x\x1b\\",
        "\x1bXx\x1b\\",
        "\x1b",
    )
    yield from (
        "\x1b[200~touch PWNED\n\x1b[201~",
        "\x9c",
        "\x1b[8;1;1t",
        "\x1b[21t",
        "\x1b[38;5;",
        "\x1b[" + "1;" * 999,
    )


def _controls() -> Iterator[str]:
    yield from (f"a{chr(code)}b" for code in (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)))
    yield from (
        "\x00",
        "a\x00.txt",
        "\x08" * 80,
        "\r" * 10 + "fake",
        "\x0e\x0f",
        "a\vb\fc",
        "\x07" * 50,
        "\x7f" * 9,
    )


def _bidi() -> Iterator[str]:
    for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)):
        yield from (f"a{chr(code)}b", f"{chr(code)}fdp.exe", f"user{chr(code)} \u2066// admin\u2069")


def _zero_width() -> Iterator[str]:
    codes = (0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x180B, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0x2061, 0x2064)
    for code in (
        *codes,
        0x206A,
        0x206F,
        0x3164,
        0xFE00,
        0xFE0F,
        0xFEFF,
        0xFFA0,
        0xFFF9,
        0xFFFB,
        0xE0001,
        0xE0041,
        0xE0100,
    ):
        yield f"ro{chr(code)}ot"
    yield from (
        "\u200b" * 200,
        "a" + "\u0301" * 300,
        "e\u0489" * 40,
        "\u0e47" * 30,
        "".join(map(chr, range(0x300, 0x370))),
    )


def _html() -> Iterator[str]:
    yield from ("<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>")
    yield from (
        "<svg/onload=alert(1)>",
        "<iframe src=javascript:alert(1)>",
        "<a href='javascript:x'>x</a>",
        "<!--",
        "-->",
    )
    yield from (
        "<style>*{display:none}</style>",
        "<base href=//evil.example>",
        "<meta http-equiv=refresh content=0>",
    )
    yield from (
        "</pre>",
        "</code></pre><h1>x",
        "&lt;b&gt;",
        "&#x3c;b&#x3e;",
        "&nbsp;",
        "<![CDATA[",
        "<?xml?>",
        "<!DOCTYPE x>",
    )
    yield from (
        "<form action=//evil.example><input name=x>",
        "<details open ontoggle=alert(1)>",
        "<math><mi//xlink:href='x'>",
    )
    yield from (
        '" onmouseover="alert(1)',
        "' onfocus='alert(1)",
        "<div\n>",
        "<b",
        "<https://evil.example>",
        "<a@evil.example>",
    )


def _markdown() -> Iterator[str]:
    yield from (
        "[x](https://evil.example)",
        "![x](https://evil.example/p.png)",
        "[x][1]\n\n[1]: https://evil.example",
    )
    yield from (
        "https://evil.example",
        "www.evil.example",
        "a@evil.example",
        "mailto:a@evil.example",
        "ftp://evil.example",
    )
    yield from (
        "# heading",
        "## heading\ntext",
        "- item",
        "* item",
        "1. item",
        "> quote",
        "---",
        "***",
        "===\n",
        "    code",
    )
    yield from (
        "```",
        "````",
        "```\n# out\n```",
        "`",
        "``",
        "`` ` ``",
        "~~~",
        "~~~\n# out\n~~~",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    )
    yield from (
        "**bold**",
        "__bold__",
        "*i*",
        "_i_",
        "~~s~~",
        "\\",
        "\\`",
        "[^1]",
        "[^1]: note",
        "- [ ] task",
        ":::",
        "$$x$$",
    )
    yield from (
        "[x](javascript:alert(1))",
        "[x](<a b>)",
        "![][x]",
        "\n\n# heading\n\n",
        "  \n# x",
        "\t# code",
        "&copy;",
        "<x@y.z>",
    )


def _yaml() -> Iterator[str]:
    yield from (
        "!!python/object/apply:os.system ['touch PWNED']",
        "!!python/name:os.system",
        "!!binary aGk=",
        "!x y",
    )
    yield from (
        "&a [*a]",
        "*a",
        "<<: *a",
        "? x",
        "- - -",
        "key: value",
        "{a: b}",
        "[a, b]",
        "'",
        '"',
        "|",
        ">",
        "%YAML 1.3",
    )
    yield from (
        "---",
        "...",
        "--- !!set",
        "a: b: c",
        "@x",
        "`x",
        "null",
        "~",
        "yes",
        "0x10",
        "1e400",
        ".nan",
        ".inf",
        "2001-01-01",
    )


def _paths() -> Iterator[str]:
    for up in ("../", "..\\", "..%2f", "%2e%2e/", "....//", "..;/", "/../", "..\u2215"):
        yield from (up * 8 + "etc/passwd", "x/" + up * 3 + "etc/shadow", up)
    yield from (
        "/etc/passwd",
        "/dev/zero",
        "/dev/stdin",
        "/proc/self/environ",
        "file:///etc/passwd",
        "~/.ssh/id_ed25519",
    )
    yield from (
        "/etc/passwd\x00.png",
        "C:\\x",
        "\\\\evil\\share",
        "//evil/share",
        "CON",
        ".",
        "..",
        "/",
        "a/" * 2000,
    )


def _formats() -> Iterator[str]:
    yield from (
        "%s" * 50,
        "%n",
        "%x%x%x",
        "%1000000d",
        "%(x)s",
        "%%",
        "{0}",
        "{}",
        "{0.__class__}",
        "{x!r:>{y}}",
        "{:>1000000}",
    )
    yield from (
        f"{{0.__init__.__globals__[{CANARY_NAME}]}}",
        "${x}",
        "$x",
        "#{x}",
        "%c" * 9,
        "{0[0]}",
        "{{}}",
        "%h %r %p",
        "%d",
    )


def _long() -> Iterator[str]:
    yield from (
        "A" * 100_000,
        "한" * 30_000,
        "a b " * 20_000,
        "\n" * 5_000,
        "x\n" * 5_000,
        "😀" * 5_000,
        "\t" * 2_000,
    )
    yield from (
        "[" * 10_000,
        "<" * 10_000,
        "`" * 3_000,
        "\\" * 5_000,
        "a\u0301" * 5_000,
        "../" * 5_000,
        "=" * 9_999,
    )


def _lines() -> Iterator[str]:
    for end in ("\n", "\r", "\r\n", "\n\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"):
        yield from (f"a{end}b", f"host{end}error: forged line", f"{end}{end}✓ all is well{end}")


def _homoglyphs() -> Iterator[str]:
    for old, new in zip("aeopcxyi", "аеорсхуі", strict=True):
        yield from (f"m{old}ster".replace(old, new), f"{new}dmin")
    yield from (
        "ｒｏｏｔ",
        "𝐫𝐨𝐨𝐭",
        "ⅿaster",
        "1０.0.0.1",
        "١٢٣",
        "10。0。0。1",
        "ﬁle",
        "ſudo",
        "K8s",
        "İ",
        "ß",
        "\U0001f1e6\U0001f1e7",
    )


def _surrogates() -> Iterator[str]:
    """What Python makes of invalid UTF-8 in names of files, arguments and the environment."""
    yield from ("\ud800", "\udfff", "a\udc80b", "\udcff\udcfe", "\ud83d", "\ude00\ud83d", "x\udcc3\udc28y")
    yield from ("\ufffe", "\uffff", "\U0010ffff", "\ue000", "\uf8ff", "\ufffd", "\U000f0000")


HOSTILE: Mapping[str, tuple[str, ...]] = {
    name: tuple(make())
    for name, make in {
        "shell": _shell,
        "cel": _cel,
        "jinja": _jinja,
        "markup": _markup,
        "ansi": _ansi,
        "control": _controls,
        "bidi": _bidi,
        "zero-width": _zero_width,
        "html": _html,
        "markdown": _markdown,
        "yaml": _yaml,
        "path": _paths,
        "format": _formats,
        "long": _long,
        "line": _lines,
        "homoglyph": _homoglyphs,
        "surrogate": _surrogates,
    }.items()
}
ALL: tuple[str, ...] = tuple(dict.fromkeys(text for texts in HOSTILE.values() for text in texts))
SHORT: tuple[str, ...] = tuple(text for text in ALL if len(text) <= 2000)

INVALID_UTF8: tuple[bytes, ...] = (
    b"\xff", b"\xfe\xff", b"a\x80b", b"\xc3\x28", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xc1\xbf",
    b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80" * 100,
    b"ok\xffok\n", b"\x00\xff\x00", bytes(range(256)),
)  # fmt: skip


_HANGUL_FILLERS = "\u115f\u1160\u3164\uffa0"
_IGNORED = "\u034f\u17b4\u17b5" + _HANGUL_FILLERS


def acts(letter: str) -> bool:
    """Whether a character does something other than stand where it is: controls, formats, separators, halves of
    pairs, selectors and fillers nobody sees."""
    if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") or letter in _IGNORED:
        return True
    return 0xFE00 <= ord(letter) <= 0xFE0F or 0x180B <= ord(letter) <= 0x180F or 0xE0000 <= ord(letter) <= 0xE0FFF


def acting(text: str, allowed: str = "\n") -> set[str]:
    """Characters of the text that do something, but for the allowed ones."""
    return {f"U+{ord(letter):04X}" for letter in set(text) if letter not in allowed and acts(letter)}
