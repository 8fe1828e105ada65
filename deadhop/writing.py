"""deadhop kb new, schema: a start for those who write knowledge."""

from __future__ import annotations

import os
import re
from pathlib import Path

from base.errors import ConfigError, UsageError
from base.paths import config_dir, make_private
from deadhop.front import Front
from deadhop.output import to_json
from knowledge.scaffold import new_cases, new_cause, new_symptom

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def new(front: Front) -> int:
    """Three files that pass `kb lint` and `kb test`, to be filled with what the author knows."""
    name, layer = front.arguments.id, front.arguments.layer
    for word in (name, layer):
        if not _ID.fullmatch(word):
            message = front.say("`{}` is no id", "`{}` 은(는) id 로 쓸 수 없다").format(word[:60])
            raise UsageError(
                message, hint=front.say("small letters, digits and hyphens", "영문 소문자, 숫자, 하이픈")
            )
    folder = Path(front.arguments.folder) if front.arguments.folder else config_dir() / "knowledge"
    written = [
        _write(folder / "symptoms" / layer / f"{name}.yaml", new_symptom(name)),
        _write(folder / "symptoms" / layer / f"{name}.cases.yaml", new_cases(name)),
        _write(folder / "causes" / layer / f"{name}-cause.yaml", new_cause(name)),
    ]
    if front.out.json:
        front.out.object("kb-new", {"files": [str(path) for path in written]})
        return 0
    for path in written:
        front.out.line(str(path))
    front.out.talk(front.say("next: deadhop kb lint, deadhop kb test", "다음: deadhop kb lint, deadhop kb test"))
    return 0


def _write(path: Path, text: str) -> Path:
    try:
        make_private(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="deadhop kb new OTHER-ID, --folder FOLDER") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def schema(front: Front) -> int:
    """JSON Schema of one kind of file. It is JSON either way; `--json` puts it into the usual envelope."""
    document = _of_file(front.arguments.what)
    if front.out.json:
        front.out.object("kb-schema", {"of": front.arguments.what, "schema": document})
    else:
        front.out.raw(to_json(document) + "\n")
    return 0


def _of_file(what: str) -> dict[str, object]:
    """A cases file is a list of cases."""
    from knowledge.schema import json_schema

    if what != "cases":
        return json_schema(what)
    case = json_schema("case")
    shared: dict[str, object] = {key: case.pop(key) for key in ("$schema", "$defs") if key in case}
    return {**shared, "type": "array", "items": case}
