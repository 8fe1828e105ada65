"""Walks and repairs of the lab's outage, over SSH, in processes that are going to be killed: argument, the site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from diagnosis.session import Session, open_session
from tests.journal.drilled_child import Watched, serve

if TYPE_CHECKING:
    from knowledge.model import Knowledge


def session(folder: Path, knowledge: Knowledge) -> Session:
    found = open_session(Path(sys.argv[1]), argv=["crash test"])
    header = {"argv": ["crash test"], "drill": False, "site": found.site.source}
    found._journal = Watched.create(folder / "sessions", header)
    found._knowledge = knowledge
    return found


if __name__ == "__main__":
    serve(session)
