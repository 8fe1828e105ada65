"""Where a size of packets stops, and which hop should have said so: the tail of a trace's sentence."""

from __future__ import annotations

from base.text import Text
from probes.path.mtu_facts import PathMtu


def lost(one: PathMtu) -> Text:
    """`up to 1400 bytes arrive, 1500 vanish without a word: …`."""
    lead = Text(
        f"echo requests of up to {one.largest} bytes arrive, those of {one.lost} vanish without a word",
        f"에코 요청은 {one.largest} 바이트까지 도착하고, {one.lost} 바이트는 아무 말 없이 사라진다",
    )
    where = _where(one)
    return Text(f"{lead.en}: {where.en}", f"{lead.ko}. {where.ko}")


def too_large(one: PathMtu) -> Text:
    """Somebody says so, as it should be: no fault of the way."""
    who = Text(one.told_by or f"{one.source} itself", f"{one.told_by or one.source} 가")
    return Text(
        f"{who.en} says that it takes {one.told_mtu} bytes; echo requests of {one.largest} arrive",
        f"{who.ko} {one.told_mtu} 바이트까지라고 답한다. 에코 요청은 {one.largest} 바이트까지 도착한다",
    )


def _where(one: PathMtu) -> Text:
    if one.silent_at:
        return _silent(one)
    if one.odd_host:
        return Text(
            f"between {one.before_host} and {one.after_host}: {one.odd_interface} of {one.odd_host} takes "
            f"{one.odd_mtu}, and its neighbours {one.common_mtu}",
            f"{one.before_host} 와(과) {one.after_host} 사이다. {one.odd_host} 의 {one.odd_interface} 는 "
            f"{one.odd_mtu} 이고 이웃은 {one.common_mtu} 이다",
        )
    if one.before_host and one.after_host:
        return Text(
            f"between {one.before_interface} of {one.before_host}, which takes {one.before_mtu}, and "
            f"{one.after_host}",
            f"{one.before_host} 의 {one.before_interface} ({one.before_mtu}) 와(과) {one.after_host} 사이다",
        )
    if one.before_host:
        return Text(f"behind {one.before_host}", f"{one.before_host} 다음에서 사라진다")
    return Text("nobody on the way tells where", "어디인지 말해 주는 곳이 없다")


def _silent(one: PathMtu) -> Text:
    should = Text(
        f"{one.silent_at} should have said that {one.silent_interface} takes {one.silent_mtu}",
        f"{one.silent_at} 가 {one.silent_interface} 는 {one.silent_mtu} 까지라고 알려야 한다",
    )
    if not one.hits:
        return should
    return Text(
        f"{should.en}, and {one.hits_host} drops what says so",
        f"{should.ko}. 그 응답은 {one.hits_host} 가 버린다",
    )
