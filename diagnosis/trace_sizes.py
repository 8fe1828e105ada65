"""Where a size of packets stops, and which hop should have said so: the tail of a trace's sentence."""

from __future__ import annotations

from base.text import Text
from probes.path.mtu_facts import PathMtu
from probes.trace.facts import OwnSizes


def lost(one: PathMtu) -> Text:
    """`up to 1400 bytes arrive, 1500 vanish without a word: …`."""
    lead = Text(
        f"echo requests of up to {one.largest} bytes arrive, those of {one.lost} vanish without a word",
        f"에코 요청은 {one.largest} 바이트까지 도착하고, {one.lost} 바이트는 아무 말 없이 사라진다",
    )
    where = _where(one)
    return Text(f"{lead.en}: {where.en}", f"{lead.ko}. {where.ko}")


def own(one: OwnSizes, echo: tuple[PathMtu, ...]) -> Text:
    """What the traced protocol's own sizes come to, and beside it echo requests that meet something else."""
    said = _by_itself(one)
    other = next(iter(echo), None)
    if other is None:
        return said
    if other.lost:
        also = lost(other)
    elif one.lost and other.largest >= one.lost:
        also = Text(
            f"echo requests of {other.largest} bytes arrive", f"에코 요청은 {other.largest} 바이트도 도착한다"
        )
    else:
        return said
    return Text(f"{said.en}; {also.en}", f"{said.ko}. {also.ko}")


def _by_itself(one: OwnSizes) -> Text:
    what = _SEGMENTS if one.protocol == "tcp" else _QUESTIONS
    if not one.largest:
        return Text(
            f"by {one.protocol.upper()} no size could be tried", f"{one.protocol.upper()} 로는 크기를 재지 못했다"
        )
    if not one.lost:
        return _all_arrive(one, what)
    fits = Text(
        f"{what.en} of up to {one.largest} bytes arrive, those of {one.lost} vanish",
        f"{what.ko} {one.largest} 바이트까지 도착하고, {one.lost} 바이트는 사라진다",
    )
    if not one.hits:
        return fits if one.protocol == "tcp" else Text(fits.en + _OR_IGNORED.en, fits.ko + _OR_IGNORED.ko)
    return Text(f"{fits.en}: a rule of {one.hits_host} takes them", f"{fits.ko}. {one.hits_host} 의 규칙이 버린다")


def _all_arrive(one: OwnSizes, what: Text) -> Text:
    arrives = Text(f"{what.en} of up to {one.largest} bytes arrive", f"{what.ko} {one.largest} 바이트까지 도착한다")
    if not one.chosen or one.chosen > one.largest:
        return arrives
    return Text(
        f"{arrives.en}, the largest that the two kernels agreed on", f"{arrives.ko}. 두 커널이 합의한 최대 크기다"
    )


_OR_IGNORED = Text(
    " (or the server does not answer such large ones)", " (서버가 이렇게 큰 질의에 답하지 않는 것일 수도 있다)"
)
_SEGMENTS = Text("segments of TCP", "TCP 세그먼트는")
_QUESTIONS = Text("questions by UDP", "UDP 질의는")


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
