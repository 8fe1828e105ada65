"""The map on the screen: rows, one strip, red words, what could not be looked at; at home, names of a paste."""

import asyncio

import pytest
from textual.widgets import OptionList

from base.text import Lang, Text
from sitemap.join import joined
from sitemap.model import SiteMap
from sitemap.whatis import Known
from tests.sitemap.samples import S1, blind, cloud, cluster, gathered, node
from tests.tui.scripted import ScriptedSession
from tests.tui.test_app_home import app_of, found, picture, settle
from tui.app import DeadhopApp
from tui.screens.home import HomeScreen
from tui.screens.sitemap import SiteMapScreen

CONTRADICTING = joined(
    gathered(clusters=(cluster([node("w1", "10.0.0.7", provider=S1), node("m0", "172.20.0.9")]),))
)
KNOWN = Known("10.244.1.7", Text("pod default/web-0 on w1", "파드 default/web-0 (노드 w1)"), ("cluster:k",))


async def opened(session: ScriptedSession, app: DeadhopApp, pilot: object) -> None:
    for _ in range(50):
        await settle(pilot)  # type: ignore[arg-type]
        if app.session is not None:
            break
    await pilot.press("f3")  # type: ignore[attr-defined]
    await settle(pilot)  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_strip_of_the_chosen_node(size: tuple[int, int], lang: Lang) -> None:
    session = ScriptedSession(maps=(joined(gathered()),))
    app = app_of(session, lang=lang)
    async with app.run_test(size=size) as pilot:
        await opened(session, app, pilot)
        assert isinstance(app.screen, SiteMapScreen)
        text = picture(app)
        assert "w1 → k8s-w1 → 10.0.0.5 → compute → tap3e6cb21a-00" in text
        await pilot.press("down")  # the list begins with m0
        await settle(pilot)
        text = picture(app)
        for word in ("k8s-w1", "fa:16:3e:00:00:01", "cluster:k", "cloud:c"):
            assert word in text, word
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)


async def test_contradictions_are_red_and_first() -> None:
    session = ScriptedSession(maps=(CONTRADICTING,))
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(session, app, pilot)
        text = picture(app)
        assert "✗ w1 → k8s-w1" in text
        assert "1 contradictions" in text
        assert "the node says 10.0.0.7, the port says 10.0.0.5" in text
        strips = app.screen._compositor.render_strips()
        said = [one for strip in strips for one in strip if "the node says" in one.text]
        assert said
        colours = {one.style.color.number for one in said if one.style and one.style.color}
        assert colours == {1}, "the terminal's own red"


async def test_what_could_not_be_looked_at_is_said() -> None:
    whole = cluster()
    dark = joined(
        gathered(
            clusters=(type(whole)("k", blind(whole.nodes), blind(whole.pods), blind(whole.services)),),
            clouds=(),
            plugs={},
        )
    )
    session = ScriptedSession(maps=(dark,))
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(session, app, pilot)
        text = picture(app)
        assert "? 3 could not be asked" in text
        assert "? cluster:k k8s.nodes: nobody answered" in text


async def test_no_key_for_a_map_that_is_not_there() -> None:
    session = ScriptedSession()
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(session, app, pilot)
        assert isinstance(app.screen, HomeScreen)
        assert "F3" not in picture(app)


async def test_addresses_of_a_paste_are_told_at_home() -> None:
    session = ScriptedSession(maps=(SiteMap(),), known=(KNOWN,))
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot, "dial tcp 10.244.1.7:80: i/o timeout")
        assert "10.244.1.7 = pod default/web-0 on w1" in picture(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "web-0" not in picture(app)


async def test_a_thousand_rows_and_the_choice_stays() -> None:
    many = joined(
        gathered(
            clusters=(
                cluster(
                    [node(f"n{number:04}", f"10.9.{number // 250}.{number % 250 + 1}") for number in range(1000)]
                ),
            ),
            clouds=(cloud(),),
        )
    )
    session = ScriptedSession(maps=(many, many))
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(session, app, pilot)
        await pilot.press(*["down"] * 5)
        strips = app.screen.query_one("#strips", OptionList)
        await pilot.press("r")
        await settle(pilot)
        assert (strips.option_count, strips.highlighted) == (1002, 5)
        await asyncio.sleep(0)


async def test_hostile_names_are_text() -> None:
    name = "n1\x1b]0;owned\x07[red]x[/]\u202e\n"
    found_ = joined(gathered(clusters=(cluster([node(name, "10.0.0.7", provider=S1)]),)))
    app = app_of(session := ScriptedSession(maps=(found_,)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(session, app, pilot)
        text = picture(app)
        assert "n1␛]0;owned␇[red]x[/]" in text
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
