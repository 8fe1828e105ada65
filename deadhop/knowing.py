"""deadhop kb list, show, search: what is known, for people and programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from base.errors import ConfigError, DeadhopError, UsageError
from base.text import clip
from deadhop.asking import checked_paste, given_text, read_stdin
from deadhop.commands.diagnose import warn_of_mistakes
from deadhop.front import Front
from deadhop.output import block, wrap
from knowledge.model import Branch, Cause, CauseRef, Destination, EndRef, Goto, Jump, Knowledge, Symptom

if TYPE_CHECKING:
    from knowledge.load import Loaded
    from knowledge.search import Index, Results


def folders(front: Front) -> list[Path]:
    """The shipped knowledge, the operator's own, and what `--folder` adds."""
    from base.paths import config_dir
    from knowledge.load import shipped

    given = [Path(folder) for folder in front.arguments.folder]
    for folder in given:
        if not folder.is_dir():
            raise ConfigError(
                front.say("{}: there is no such folder", "{}: 그런 폴더가 없다").format(folder),
                hint="deadhop kb new ID",
            )
    own = config_dir() / "knowledge"
    return [shipped(), *([own] if own.is_dir() else []), *given]


def loaded(front: Front) -> Loaded:
    from diagnosis.catalog import catalog
    from knowledge.load import load

    found = load(folders(front), catalog())
    if front.arguments.verb not in ("lint", "test"):
        warn_of_mistakes(front, len(found.problems))
    return found


# ------------------------------------------------------------------ list


def list_all(front: Front) -> int:
    found = loaded(front)
    known = found.knowledge
    if front.out.json:
        from deadhop.checking import cases_of, counts, problem_json

        sums = counts(cases_of(known, folders(front)))
        problems = [problem_json(problem) for problem in found.problems]
        front.out.object("kb", listing(known) | sums | {"problems": problems})
        return 0
    shelves: tuple[tuple[str, Iterable[Symptom | Cause]], ...] = (
        (front.say("symptoms", "증상"), known.symptoms.values()),
        (front.say("causes", "원인"), known.causes.values()),
    )
    for title, entries in shelves:
        front.out.line(f"{title}:")
        for entry in sorted(entries, key=lambda entry: (entry.layer, entry.id)):
            front.out.line(f"  {entry.layer}/{entry.id}")
            front.out.line(wrap(front.text(entry.title), "      "))
    return 0


def listing(known: Knowledge) -> dict[str, object]:
    return {
        "symptoms": [_entry(symptom) for symptom in known.symptoms.values()],
        "causes": [_entry(cause) for cause in known.causes.values()],
    }


def _entry(entry: Symptom | Cause) -> dict[str, object]:
    return {"id": entry.id, "layer": entry.layer, "title": asdict(entry.title), "file": entry.place.file}


# ------------------------------------------------------------------ show


def show(front: Front) -> int:
    known = loaded(front).knowledge
    wanted = front.arguments.id
    entry = known.symptoms.get(wanted) or known.causes.get(wanted)
    if entry is None:
        close = get_close_matches(wanted, [*known.symptoms, *known.causes], n=1)
        hint = (
            front.say("did you mean `{}`?", "`{}` 을(를) 쓰려 했는가?").format(close[0])
            if close
            else "deadhop kb list"
        )
        message = front.say("neither symptom nor cause: `{}`", "증상도 원인도 아니다: `{}`").format(
            clip(wanted, 80)
        )
        raise UsageError(message, hint=hint)
    if front.out.json:
        kind = "symptom" if isinstance(entry, Symptom) else "cause"
        front.out.object(kind, _entry(entry) | {"source": Path(entry.place.file).read_text(encoding="utf-8")})
        return 0
    lines = _symptom_lines(front, known, entry) if isinstance(entry, Symptom) else _entry_lines(front, entry)
    for line in lines:
        front.out.line(line)
    return 0


def _symptom_lines(front: Front, known: Knowledge, symptom: Symptom) -> Iterator[str]:
    yield f"{symptom.layer}/{symptom.id}   {symptom.place.file}"
    yield wrap(front.text(symptom.title), "  ")
    yield f"\n{front.say('inputs', '입력')}:"
    for spec in symptom.inputs.values():
        yield wrap(f"{spec.name} ({spec.kind}): {front.text(spec.ask)}", "    ", first="  ")
    yield f"\n{front.say('steps', '단계')}:"
    for step in symptom.steps.values():
        yield wrap(f"{step.id}: {front.text(step.ask)}", "    ", first="  ")
        if step.probe:
            yield block(f"{step.probe} @ {step.on.source if step.on else ''}", "      ")
        for branch in step.branches:
            yield from _branch_lines(front, known, symptom, branch)
        unknown = front.say("could not look", "확인하지 못함")
        yield wrap(f"{unknown} → {_way(front, known, symptom, step.unknown)}", "        ", first="      ? ")


def _branch_lines(front: Front, known: Knowledge, symptom: Symptom, branch: Branch) -> Iterator[str]:
    when = branch.when.source if branch.when else front.say("otherwise", "그 밖에")
    yield wrap(f"{when} → {_way(front, known, symptom, branch.destination)}", "        ", first="      - ")


def _way(front: Front, known: Knowledge, symptom: Symptom, destination: Destination) -> str:
    match destination:
        case Goto(step):
            return step
        case CauseRef(cause):
            return f"{front.say('cause', '원인')} {cause}"
        case Jump(other):
            return f"{front.say('symptom', '증상')} {other}"
        case EndRef(end):
            return front.text(symptom.ends[end].text)


def _entry_lines(front: Front, cause: Cause) -> Iterator[str]:
    yield f"{cause.layer}/{cause.id}   {cause.place.file}"
    yield wrap(front.text(cause.title), "  ")
    yield wrap(front.text(cause.why), "  ")
    if cause.sure is not None:
        yield block(front.text(cause.sure).rstrip(), "  ")
    for fix in cause.fixes:
        from deadhop.showing import RISKS

        yield wrap(
            f"{front.say('fix', '조치')} {fix.id} ({front.text(RISKS[fix.risk.value])}): {front.text(fix.title)}",
            "  ",
        )
        for action in fix.actions:
            yield block(f"{action.on.source}: {action.run.source.strip()}", "    ")
            if action.undo is not None:
                yield block(f"{front.say('undo', '되돌리기')}: {action.undo.source.strip()}", "      ")
    yield from (f"  {reference}" for reference in cause.references)


# ------------------------------------------------------------------ search


def search(front: Front) -> int:
    from knowledge.search import Index

    words, batch = front.arguments.text, front.arguments.batch
    if bool(words) == bool(batch):
        raise UsageError(
            front.say("give a text or --batch FILE", "글이나 --batch FILE 중 하나를 준다"),
            hint="deadhop kb search TEXT",
        )
    text = "" if batch else read_stdin(front.say) if words == ["-"] else given_text(words, front.say)
    index = Index(loaded(front).knowledge.symptoms.values())
    hosts = _hosts(front)
    if batch:
        return _search_batch(front, index, hosts, batch)
    results = index.search(text, hosts=hosts)
    if front.out.json:
        front.out.object("search", results_json(results))
    else:
        for line in _result_lines(front, results):
            front.out.line(line)
    return 0 if results.matches or results.well else 2


def _hosts(front: Front) -> tuple[str, ...]:
    """Names of the site, which are recognised in texts. A site that cannot be read matters only when named."""
    from probes.site_file import load_site

    if front.site is not None:
        return tuple(load_site(front.site).by_name)
    with suppress(DeadhopError):
        return tuple(load_site().by_name)
    return ()


def _result_lines(front: Front, results: Results) -> Iterator[str]:
    if results.well is not None:
        yield front.text(results.well)
    elif not results.matches:
        yield front.say("no symptom looks like this", "이와 비슷한 증상이 없다")
    for match in results.matches:
        yield f"{match.score:5.1f}  {match.symptom}"
        yield wrap(front.text(match.title), "       ")
        yield wrap(front.text(match.reason), "       ")
        if match.inputs:
            yield wrap("  ".join(f"{name}={value}" for name, value in match.inputs.items()), "       ")


def results_json(results: Results) -> dict[str, object]:
    matches = [
        {
            "symptom": match.symptom,
            "title": asdict(match.title),
            "score": round(match.score, 1),
            "reason": asdict(match.reason),
            "inputs": dict(match.inputs),
        }
        for match in results.matches
    ]
    return {"matches": matches, "confident": results.confident}


def _search_batch(front: Front, index: Index, hosts: tuple[str, ...], source: str) -> int:
    wrong = 0
    for number, line in enumerate(_batch_lines(source), 1):
        try:
            text = _string(line, number, front)
        except UsageError as error:
            wrong += 1
            front.out.object("error", {"message": error.message, "hint": error.hint, "exit_code": 3})
            continue
        front.out.object("search", results_json(index.search(text, hosts=hosts)))
    if wrong:
        front.out.talk(front.say("{} lines were no JSON strings", "JSON 문자열이 아닌 줄 {} 개").format(wrong))
    return 3 if wrong else 0


def _batch_lines(source: str) -> Iterable[str]:
    if source == "-":
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
        return _filled(sys.stdin)
    try:
        return _filled(Path(source).open(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror}", hint="--batch FILE") from error


def _filled(file: TextIO) -> Iterator[str]:
    with file:
        yield from (line for line in file if line.strip())


def _string(line: str, number: int, front: Front) -> str:
    try:
        text = json.loads(line)
    except (ValueError, RecursionError):
        text = None
    if not isinstance(text, str):
        raise UsageError(
            front.say("line {}: not a JSON string", "{} 번째 줄: JSON 문자열이 아니다").format(number),
            hint='"ping: …"',
        )
    return checked_paste(text.encode("utf-8", "surrogatepass"), front.say)
