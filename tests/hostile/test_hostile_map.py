"""A map of a site whose APIs are silent, wrong or hostile: it comes, in time, and nothing is taken for well."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from base.text import Lang, inert
from probes.site import Cloud, Cluster, Site
from probes.toolbox import LiveToolbox
from sitemap.model import SiteMap, State
from sitemap.selecting import selected
from sitemap.whatis import known_in
from sitemap.words import pods_line, says
from tests.hostile.hostile_http import Asked, Writer, answer, serving
from tests.hostile.strings import SHORT
from tests.hostile.test_hostile_cluster import item, says_nothing
from tests.probes.pki import kubeconfig


def site(folder: Path, url: str) -> Site:
    file = kubeconfig(folder / "lab.conf", url, name="lab", user={"token": "t"})
    clouds = folder / "clouds.yaml"
    auth = {"auth_url": f"{url}/v3", "username": "u", "password": "p", "project_name": "p", "user_domain_name": "d",
            "project_domain_name": "d"}  # fmt: skip
    clouds.write_text(json.dumps({"clouds": {"c": {"auth": auth}}}))
    return Site("test", clusters=(Cluster("lab", (file,)),), clouds=(Cloud("c", clouds),))


async def mapped(where: Site, seconds: float) -> SiteMap:
    async with LiveToolbox(where) as toolbox:
        return [found.lexicon.map async for found in selected(toolbox, seconds=seconds)][-1]


async def test_apis_that_never_answer(tmp_path: Path) -> None:
    async with serving(says_nothing) as served, asyncio.timeout(30):
        found = await mapped(site(tmp_path, served.url), seconds=2.0)
    assert found.strips == ()
    assert len(found.unseen) == 9
    assert all("no answer" in one.why.en and one.why.ko != one.why.en for one in found.unseen)


async def test_nobody_there(tmp_path: Path) -> None:
    found = await mapped(site(tmp_path, "http://127.0.0.1:1"), seconds=20.0)
    assert {one.target for one in found.unseen} == {"cluster:lab", "cloud:c"}


async def test_a_cloud_that_is_not_configured_as_it_says(tmp_path: Path) -> None:
    where = Site("test", clouds=(Cloud("c", tmp_path / "none.yaml"),))
    assert len((await mapped(where, seconds=20.0)).unseen) == 6


@pytest.mark.parametrize("code", [401, 403, 503])
async def test_a_cluster_that_refuses(tmp_path: Path, code: int) -> None:
    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(answer(code, {"message": "no", "details": {"kind": "nodes"}}))

    async with serving(behave) as served, asyncio.timeout(60):
        found = await mapped(Site("test", clusters=site(tmp_path, served.url).clusters), seconds=25.0)
    assert (found.strips, {one.target for one in found.unseen}) == ((), {"cluster:lab"})


async def test_hostile_names_stay_text(tmp_path: Path) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in SHORT]
    items: list[Any] = [*map(item, texts)]

    async def behave(asked: Asked, writer: Writer) -> None:
        writer.write(answer(200, {"items": items}))

    async with (
        serving(behave) as served,
        LiveToolbox(Site("t", clusters=site(tmp_path, served.url).clusters)) as toolbox,
    ):
        found = [one async for one in selected(toolbox)][-1]
    assert len(found.lexicon.map.nodes) == len(texts)
    for strip in found.lexicon.map.nodes:
        assert strip.server.state is State.UNKNOWN
        for lang in Lang:
            said = inert("".join(says(cell, lang) for cell in strip.cells) + pods_line(strip.pods, 5, lang))
            assert "\x1b" not in said
    assert known_in("\n".join(texts), found.lexicon) is not None
