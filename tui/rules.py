"""The site's rules for fixes, asked by the app. Decided in `diagnosis.policy`, said in the operator's language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from base.errors import DeadhopError
from base.text import Lang

if TYPE_CHECKING:
    from diagnosis.views import FixView
    from probes.site import Site


def forbidden(
    site: Site, fix: FixView, lang: Lang, *, second: str = "", asked: bool = False, persist: bool = False
) -> DeadhopError | None:
    """What forbids this fix here and now. Until the second person was `asked` for, that one is not missed."""
    from diagnosis.policy import own_name, refusals

    policy = site.fixes if asked else replace(site.fixes, second_person=False)
    found = refusals(policy, fix, now=datetime.now(UTC), confirmed_by=(own_name(), second), persist=persist)
    return DeadhopError(found[0].message[lang], hint=found[0].hint[lang]) if found else None


def confirmed(how: str, second: str) -> str:
    """What the journal keeps: how it was confirmed, and by whom."""
    from diagnosis.policy import confirmation, own_name

    return confirmation(how, own_name(), second)
