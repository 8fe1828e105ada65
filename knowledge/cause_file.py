"""One cause's file: from what its author wrote to the frozen model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from base.text import Text
from knowledge.expressions import Reading, check_kind, expressions, facts_of, item_of
from knowledge.file_edit import FileEdit
from knowledge.mistakes import did_you_mean
from knowledge.model import WORLDS, Action, Cause, CauseValue, Explains, Fix, ProbeUse, Risk, StateUse
from knowledge.notes import Notes
from knowledge.positions import Document, Where
from knowledge.schema import ActionSchema, CauseSchema, FixSchema, LookSchema, TextSchema, VerifySchema
from knowledge.shapes import BOOL, Catalog, shape_of_kind
from knowledge.style import check_names, check_texts
from knowledge.template import Template

CLIENTS = {"cluster": "kubectl ", "cloud": "openstack "}
_ONE_CLIENT = "one call of the client, for it is run where the client and its credentials are"


@dataclass(frozen=True, slots=True)
class CauseFile:
    cause: Cause
    document: Document


def build_cause(document: Document, layer: str, catalog: Catalog, notes: Notes) -> CauseFile | None:
    """None when something is wrong; `notes` says what."""
    try:
        schema = CauseSchema.model_validate(document.plain)
    except ValidationError as error:
        notes.add_schema_errors(CauseSchema, error)
        return None
    check_texts(notes)
    cause = _Builder(schema, document, notes, catalog).cause(layer)
    return None if notes.problems else CauseFile(cause, document)


def _text(schema: TextSchema | None) -> Text | None:
    return Text(schema.en, schema.ko) if schema else None


@dataclass
class _Builder:
    schema: CauseSchema
    document: Document
    notes: Notes
    catalog: Catalog

    def cause(self, layer: str) -> Cause:
        schema = self.schema
        check_names(self.notes, ("values",), schema.values)
        for name, value in schema.values.items():
            short = isinstance(self._plain(("values", name)), str)
            check_kind(self.notes, ("values", name) if short else ("values", name, "is"), value.kind)
        self._check_target()
        fixes = tuple(self._fix(("fixes", index), fix) for index, fix in enumerate(schema.fixes))
        self._check_recommended()
        return Cause(
            id=schema.id,
            layer=layer,
            title=Text(schema.title.en, schema.title.ko),
            why=Text(schema.why.en, schema.why.ko),
            values={n: CauseValue(n, v.kind, _text(v.text), v.optional) for n, v in schema.values.items()},
            fixes=fixes,
            place=self.document.place(("id",)),
            sure=_text(schema.sure),
            target=schema.target,
            references=tuple(schema.references),
            subject=self._values_named("subject", self.schema.subject, "name values that tell two of them apart"),
            crowd=self._crowd(),
            explains=Explains(tuple(schema.explains.causes), tuple(schema.explains.symptoms)),
            may_be_meant=schema.may_be_meant,
            differs=tuple(schema.differs),
        )

    def _values_named(self, key: str, names: list[str], hint: str) -> tuple[str, ...]:
        for index, name in enumerate(names):
            if name not in self.schema.values:
                message = f"the {key} `{name}` is none of the values"
                self.notes.add((key, index), message, did_you_mean(name, self.schema.values) or hint)
        return tuple(names)

    def _crowd(self) -> tuple[str, ...]:
        """A fix is for one of them: none could be offered for all."""
        if self.schema.crowd and self.schema.fixes:
            self.notes.add(("crowd",), "a cause with fixes is one for each target", "leave `crowd` or `fixes` away")
        return self._values_named("crowd", self.schema.crowd, "name what they share: a wire, a host")

    def _plain(self, where: Where) -> object:
        plain = self.document.plain
        for part in where:
            plain = plain[part] if isinstance(plain, (dict, list)) else None  # type: ignore[index]
        return plain

    def _check_target(self) -> None:
        if self.schema.target not in (*self.schema.values, "operator"):
            hint = did_you_mean(self.schema.target, self.schema.values)
            message = f"the target `{self.schema.target}` is none of the values"
            self.notes.add(("target",), message, hint or "name the value that says where the cause sits")

    def _check_recommended(self) -> None:
        recommended = [fix for fix in self.schema.fixes if fix.recommended]
        if self.schema.fixes and not recommended:
            self.notes.add(("fixes",), "no fix is recommended", "write `recommended: true` in one")
        if len(recommended) > 1 and not all(fix.when for fix in recommended):
            hint = "only one can be, unless each says by `when` for which values it is meant"
            self.notes.add(("fixes",), f"{len(recommended)} fixes are recommended", hint)
        ids = [fix.id for fix in self.schema.fixes]
        for index, name in enumerate(ids):
            if name in ids[:index]:
                self.notes.add(("fixes", index, "id"), f"two fixes are called `{name}`")

    # ------------------------------------------------------------ what can be read

    def _kinds(self) -> dict[str, str]:
        return {name: value.kind for name, value in self.schema.values.items()}

    def _reading(self, look: str = "", probe: str = "", item: str = "") -> Reading:
        kinds = self._kinds() | ({"item": item} if item else {})
        shapes = {name: shape_of_kind(kind) for name, kind in kinds.items()}
        if look:
            shapes[look] = facts_of(probe, self.catalog)
        return Reading(self.notes, shapes, kinds)

    # ------------------------------------------------------------ fixes

    def _fix(self, where: Where, fix: FixSchema) -> Fix:
        if fix.irreversible and fix.risk == "reversible":
            self.notes.add((*where, "risk"), "an irreversible fix is not `reversible`", "disruptive or destructive")
        self._check_loss(where, fix)
        when = self._reading().expression((*where, "when"), fix.when, BOOL) if fix.when else None
        return Fix(
            id=fix.id,
            title=Text(fix.title.en, fix.title.ko),
            risk=Risk(fix.risk),
            impact=Text(fix.impact.en, fix.impact.ko),
            actions=self._actions((*where, "actions"), fix.actions, fix),
            verify=self._look((*where, "verify"), "verify", fix.verify),
            place=self.document.place(where),
            recommended=fix.recommended,
            irreversible=fix.irreversible,
            precondition=self._precondition(where, fix),
            persist=self._actions((*where, "persist"), fix.persist, fix),
            when=when,
            caution=_text(fix.caution),
            loses=fix.loses,
            together=fix.together,
        )

    def _check_loss(self, where: Where, fix: FixSchema) -> None:
        if fix.loses and fix.loses not in self.schema.values:
            hint = f"one of: {', '.join(self.schema.values) or 'none'}"
            self.notes.add((*where, "loses"), f"no value is called `{fix.loses}`", hint)
        elif fix.risk == "destructive" and not fix.loses:
            hint = "`loses: NAME` of the value that the operator types before it"
            self.notes.add((*where, "risk"), "a destructive fix names what is lost", hint)

    def _precondition(self, where: Where, fix: FixSchema) -> ProbeUse | None:
        if fix.precondition is None:
            return None
        return self._look((*where, "precondition"), "precondition", fix.precondition)

    def _look(self, where: Where, name: str, look: LookSchema) -> ProbeUse:
        reading = self._reading()
        arguments = reading.arguments(where, look.probe, look.arguments, self.catalog)
        seen = self._reading(name, look.probe)
        return ProbeUse(
            probe=look.probe,
            on=reading.on((*where, "on"), look.on, look.probe, self.catalog),
            arguments=expressions(arguments),
            when=seen.expression((*where, "when"), look.when, BOOL),
            text=_text(look.text),
            attempts=look.attempts if isinstance(look, VerifySchema) else 1,
            wait=look.wait if isinstance(look, VerifySchema) else 1.0,
        )

    # ------------------------------------------------------------ actions

    def _actions(self, where: Where, actions: list[ActionSchema], fix: FixSchema) -> tuple[Action, ...]:
        return tuple(self._action((*where, index), action, fix) for index, action in enumerate(actions))

    def _action(self, where: Where, action: ActionSchema, fix: FixSchema) -> Action:
        action = self._with_file(where, action)
        if action.undo is None and not fix.irreversible:
            hint = "write how it is taken back, or `irreversible: true` for the fix"
            self.notes.add(where, "`undo` is missing", hint)
        item = self._item(where, action)
        commands = {key: self._command((*where, key), key, action, item) for key in ("run", "undo", "unless")}
        assert commands["run"] is not None
        return Action(
            on=self._reading(item=item).host((*where, "on"), action.on),
            world=self._world(where, action),
            state=self._state((*where, "state"), action, item),
            run=commands["run"],
            undo=commands["undo"],
            sudo=action.sudo,
            unless=commands["unless"],
            each=action.each,
            text=_text(action.text),
            timeout=action.timeout,
        )

    def _with_file(self, where: Where, action: ActionSchema) -> ActionSchema:
        """The same action with the commands that its `file` stands for."""
        if action.file is None:
            if action.run is None:
                self.notes.add(where, "`run` is missing", "write the command, or the `file` it changes")
            return action if action.run is not None else action.model_copy(update={"run": "true"})
        edit = FileEdit(**{**action.file.model_dump(), "lines": tuple(action.file.lines)})
        mistake = edit.mistake({name for name, kind in self._kinds().items() if kind == "path"})
        if mistake:
            self.notes.add((*where, "file"), mistake)
            return action.model_copy(update={"run": "true", "undo": "true"})
        for key in ("run", "undo", "unless"):
            if getattr(action, key) is not None:
                self.notes.add_key((*where, key), f"`file` has its own `{key}`", "leave it out")
        return action.model_copy(update=edit.commands())

    def _state(self, where: Where, action: ActionSchema, item: str) -> StateUse | None:
        if action.state is None:
            return None
        name, reading = action.state.probe, self._reading(item=item)
        arguments = reading.arguments(where, name, action.state.arguments, self.catalog)
        shape = self.catalog.probes.get(name)
        if shape is not None and shape.facts.name != "State":
            hint = did_you_mean(
                name, [known for known, one in self.catalog.probes.items() if one.facts.name == "State"]
            )
            self.notes.add((*where, "probe"), f"`{name}` shows no state", hint or "such as `linux.state`")
        on = action.state.on or action.on
        place = (*where, "on") if action.state.on else (*where[:-1], "on")
        return StateUse(name, reading.on(place, on, name, self.catalog), expressions(arguments))

    def _world(self, where: Where, action: ActionSchema) -> str:
        """`cluster` or `cloud` where `on` names one; its commands are then the client's."""
        world = self._kinds().get(action.on.strip(), "")
        if world not in WORLDS:
            return ""
        for key in ("run", "undo", "unless"):
            if not (getattr(action, key) or CLIENTS[world]).startswith(CLIENTS[world]):
                self.notes.add((*where, key), f"does not begin with `{CLIENTS[world].strip()}`", _ONE_CLIENT)
        if action.sudo:
            self.notes.add_key((*where, "sudo"), "the client's place says whether it needs root", "leave it out")
        return world

    def _item(self, where: Where, action: ActionSchema) -> str:
        """Kind of `item` in this action; empty if it is not repeated."""
        if not action.each:
            return ""
        lists = [name for name, kind in self._kinds().items() if item_of(kind)]
        if action.each not in lists:
            hint = did_you_mean(action.each, lists) or "values of a kind such as `name[]`"
            self.notes.add((*where, "each"), f"`{action.each}` is no list among the values", hint)
            return "line"
        return item_of(self._kinds()[action.each])

    def _command(self, where: Where, key: str, action: ActionSchema, item: str) -> Template | None:
        source: str | None = getattr(action, key)
        if source is None:
            return None
        template = Template(source)
        kinds: Mapping[str, str] = self._kinds() | ({"item": item} if item else {})
        lists = frozenset(name for name, kind in kinds.items() if item_of(kind))
        mistakes = template.mistakes(sudo=action.sudo, lists=lists)
        self.notes.add_mistakes(where, mistakes)
        if not mistakes:
            self._check_variables(where, template, kinds)
        return template

    def _check_variables(self, where: Where, template: Template, kinds: Mapping[str, str]) -> None:
        for name in sorted(template.variables() - set(kinds)):
            hint = "`item` needs `each`" if name == "item" else did_you_mean(name, kinds)
            self.notes.add(where, f"`{name}` is none of the values", hint)
