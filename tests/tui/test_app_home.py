"""Home, driven by keys on drawn views."""

import threading

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from base.errors import ConfigError
from base.text import Lang, Text
from tests.tui.scripted import HOSTS, MATCH, SECOND, FoundAll, ScriptedSession
from tui.app import DeadhopApp
from tui.screens.home import HEALTH_PACE, HomeScreen
from tui.screens.inputs import InputForm
from tui.screens.walk import WalkScreen

PASTE = "root@master:~# ping 192.168.100.101\n" + "From 10.10.10.1 icmp_seq=1 Destination Port Unreachable\n" * 213


def app_of(session: ScriptedSession, **options: object) -> DeadhopApp:
    return DeadhopApp(lambda: session, lang=options.pop("lang", Lang.EN), **options)  # type: ignore[arg-type]


def shown(app: DeadhopApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).visual)


def picture(app: DeadhopApp) -> str:
    """All text on the screen."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def settle(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause(HEALTH_PACE)


async def found(pilot: Pilot[int], text: str = PASTE) -> HomeScreen:
    home = pilot.app.screen
    assert isinstance(home, HomeScreen)
    home.ask.put(text)
    await pilot.pause()
    await settle(pilot)
    return home


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_home_fills_in(size: tuple[int, int], lang: Lang) -> None:
    app = app_of(ScriptedSession(), lang=lang)
    async with app.run_test(size=size) as pilot:
        for _ in range(100):  # health comes in as it is known
            await settle(pilot)
            text = picture(app)
            if "✗ compute2: " in text and "✓ openstack-host" in text:
                break
        assert app.words.question in text
        assert "✗ compute2: " in text
        assert "✓ openstack-host" in text
        assert app.words.key_quit in text


async def test_a_paste_is_kept_whole_and_searched() -> None:
    session = ScriptedSession()
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot)
        assert session.searched[-1] == PASTE
        text = picture(app)
        assert "… 214 lines pasted (12 KB)" in text
        assert 'Ping to an instance answers "Destination Port Unreachable"' in text
        assert "the text holds `Destination Port Unreachable`" in text
        await pilot.press("m", "y", "space", "v", "m")
        await pilot.pause()
        await settle(pilot)
        assert session.searched[-1] == "my vm\n" + PASTE


async def test_backspace_or_escape_forgets_the_paste() -> None:
    app = app_of(ScriptedSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        home = await found(pilot)
        await pilot.press("backspace")
        assert home.ask.text == ""
        await found(pilot)
        await pilot.press("a", "escape")
        assert home.ask.text == ""


async def test_a_paste_of_one_megabyte_blocks_no_key() -> None:
    session = ScriptedSession()
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        home = app.screen
        assert isinstance(home, HomeScreen)
        big = ("\x1b[31m" + "x" * 95 + "\n") * 10_000
        home.ask.put(big)
        assert len(home.ask.value) < 100  # the field never holds it: keys are as quick as before
        await settle(pilot)
        assert session.searched[-1] == big
        assert "10,000 lines pasted (1.0 MB)" in picture(app)
        await found(pilot, "y" * 1_000_000)
        assert "… 1 line pasted (1.0 MB)" in picture(app)


async def test_binary_and_markup_in_a_paste_are_inert() -> None:
    app = app_of(ScriptedSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        home = await found(pilot, "[bold red]a[/] \x1b]0;title\x07\x00\x9b\u202e")
        assert home.ask.value == "[bold red]a[/] ␀<U+009B><U+202E>"
        await found(pilot, bytes(range(256)).decode("latin-1") * 4)
        assert not set(picture(app)) & {chr(code) for code in range(32) if chr(code) != "\n"}


async def test_enter_asks_only_for_what_is_missing() -> None:
    session = ScriptedSession()
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot)
        await pilot.press("enter")
        await pilot.pause()
        form = app.screen
        assert isinstance(form, InputForm)
        assert form.focused is form.query_one("#in-source")
        assert form.query_one("#in-target", Input).value == "192.168.100.101"
        assert "from your text" in picture(app)
        await pilot.press(*"nowhere", "enter")
        await pilot.pause()
        assert "'nowhere' is no host of the site" in picture(app)
        assert "hint: `deadhop site show`" in picture(app)
        form.query_one("#in-source", Input).value = "master"
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, WalkScreen)


async def test_values_that_fail_their_kind_never_start_a_walk() -> None:
    session = ScriptedSession()
    app = app_of(session, lang=Lang.KO)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot)
        await pilot.press("enter")
        await pilot.pause()
        form = app.screen
        form.query_one("#in-source", Input).value = "master; rm -rf /"
        form.query_one("#in-target", Input).value = "$(id)"
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is form
        assert "여기에 맞지 않는다" in picture(app)
        assert "IP 주소, 예: 192.168.100.101" in picture(app)
        assert session.walks == []
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_nothing_missing_starts_at_once() -> None:
    known = FoundAll((type(MATCH)(**{**vars(MATCH), "inputs": {"source": "master", "target": "10.0.0.1"}}),), True)
    app = app_of(ScriptedSession(results=known))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, WalkScreen)


async def test_enter_right_after_the_paste_waits_for_the_search() -> None:
    app = app_of(ScriptedSession())
    async with app.run_test(size=(80, 24)) as pilot:
        home = app.screen
        assert isinstance(home, HomeScreen)
        home.ask.put(PASTE)
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, InputForm)


async def test_an_unsure_search_says_so_and_offers_the_nearest() -> None:
    app = app_of(ScriptedSession(results=FoundAll((SECOND,), confident=False)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot, "something odd")
        assert "Not sure what this is. The nearest:" in picture(app)
        assert "Ping gets no answer at all" in picture(app)


async def test_a_ping_that_works_is_said_to_work() -> None:
    well = Text("All 3 were answered", "3 개 모두 응답이 왔다")
    app = app_of(ScriptedSession(results=FoundAll(well=well)), lang=Lang.KO)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot, "3 packets transmitted, 3 received, 0% packet loss")
        assert "✓ 3 개 모두 응답이 왔다" in picture(app)


async def test_nothing_found_is_said() -> None:
    app = app_of(ScriptedSession(results=FoundAll()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await found(pilot, "zzz")
        assert "Nothing known looks like this" in picture(app)
        await pilot.press("enter")
        assert isinstance(app.screen, HomeScreen)


async def test_arrows_choose_while_the_input_keeps_the_focus() -> None:
    app = app_of(ScriptedSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        home = await found(pilot)
        await pilot.press("down")
        assert home.query_one("#results", OptionList).highlighted == 1
        assert home.focused is home.ask
        await pilot.press("up", "x")
        assert home.ask.value == "x"


async def test_the_first_text_is_searched() -> None:
    session = ScriptedSession()
    app = app_of(session, text=PASTE)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert session.searched == [PASTE]


async def test_newest_search_wins_and_only_one_runs() -> None:
    class Slow(ScriptedSession):
        typed = threading.Event()
        running = 0
        most = 0

        def search(self, text: str) -> FoundAll:
            self.running += 1
            self.most = max(self.most, self.running)
            assert self.typed.wait(60)
            self.running -= 1
            return super().search(text)

    session = Slow()
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(*"destination")
        session.typed.set()
        await settle(pilot)
        assert session.searched[-1] == "destination"
        assert len(session.searched) <= 2  # the one that ran, and the newest
        assert session.most == 1


async def test_question_mark_is_help_until_something_is_typed() -> None:
    app = app_of(ScriptedSession())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Nothing is changed on any machine" in picture(app)
        await pilot.press("escape")
        await pilot.press("a", "question_mark")
        home = app.screen
        assert isinstance(home, HomeScreen)
        assert home.ask.value == "a?"
        await pilot.press("f1")
        await pilot.pause()
        assert not isinstance(app.screen, HomeScreen)


async def test_a_site_that_cannot_be_read_is_said_with_its_hint() -> None:
    def broken() -> ScriptedSession:
        raise ConfigError("site.yaml:3:1: unknown key `hots`", hint="did you mean `hosts`?")

    app = DeadhopApp(broken, lang=Lang.EN)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "site.yaml:3:1: unknown key `hots`" in picture(app)
        assert "hint: did you mean `hosts`?" in picture(app)


async def test_a_small_terminal_says_what_it_needs() -> None:
    app = app_of(ScriptedSession())
    async with app.run_test(size=(40, 10)) as pilot:
        await settle(pilot)
        text = picture(app)
        assert "This terminal is 40×10" in text
        assert "60×16" in text
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "What is wrong?" in picture(app)


async def test_a_drill_says_so() -> None:
    app = app_of(ScriptedSession(drill=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "DRILL" in picture(app)


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
async def test_quitting_closes_the_session(key: str) -> None:
    session = ScriptedSession()
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(key)
        await pilot.pause()
    assert session.closed
    assert app.return_code == 0


async def test_thousand_hosts_draw() -> None:
    from probes.site import Host, Site

    session = ScriptedSession(site=Site("big", tuple(Host(f"node{n:04}") for n in range(1000))))
    app = app_of(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "✓ 999 answer" in picture(app)
    assert HOSTS
