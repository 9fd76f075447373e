"""What one interview and one account may run in a while, so that nobody who runs without pause stands in others' way. Pure.

Each has three purses: runs, bytes of output, seconds of computing. A purse fills steadily up to its size. A run is let in
while every purse has something in it and is paid for when it has ended, so one run may overdraw a purse, and the next
waits for that. Hidden tests have purses of their own: nothing of them can be felt in a visible run.
"""

from __future__ import annotations

import math

import msgspec

from room.sandbox.spec import Lane

FORGET_AFTER_S = 3600.0


class Payer(msgspec.Struct, frozen=True):
    """Who runs: an interview of an account."""

    session: str
    account: str


class Allowance(msgspec.Struct, frozen=True):
    """How much fits into the purses, and how much comes back in a minute."""

    runs: float
    output_bytes: float
    cpu_s: float
    runs_a_minute: float
    output_bytes_a_minute: float
    cpu_s_a_minute: float


MEBI = 1_048_576
SESSION = Allowance(40, 48 * MEBI, 120, 20, 16 * MEBI, 40)
ACCOUNT = Allowance(160, 192 * MEBI, 480, 80, 64 * MEBI, 160)


class Budgets:
    """The purses of everybody who ran lately. Times are seconds of any steady clock."""

    def __init__(self, session: Allowance = SESSION, account: Allowance = ACCOUNT) -> None:
        self._allowances = {"session": session, "account": account}
        self._purses: dict[tuple[str, str, Lane], _Purses] = {}

    def admit(self, payer: Payer, lane: Lane, now: float) -> int:
        """0 lets the run in, and it counts; else in how many seconds one may ask again."""
        purses = self._of(payer, lane, now)
        wait = max(one.wait_s() for one in purses)
        if wait > 0:
            return max(1, math.ceil(wait))
        for one in purses:
            one.runs -= 1
        return 0

    def charge(
        self, payer: Payer, lane: Lane, now: float, *, output_bytes: int, cpu_s: float
    ) -> None:
        """Pay for what a run used."""
        for one in self._of(payer, lane, now):
            one.output_bytes -= output_bytes
            one.cpu_s -= cpu_s

    def _of(self, payer: Payer, lane: Lane, now: float) -> list[_Purses]:
        self._forget(now)
        found = []
        for kind, name in (("session", payer.session), ("account", payer.account)):
            key = (kind, name, lane)
            if key not in self._purses:
                self._purses[key] = _Purses(self._allowances[kind], now)
            self._purses[key].fill(now)
            found.append(self._purses[key])
        return found

    def _forget(self, now: float) -> None:
        """Purses that nobody used for an hour are full again: nothing is lost with them."""
        old = [key for key, one in self._purses.items() if now - one.at > FORGET_AFTER_S]
        for key in old:
            if self._purses[key].is_full(now):
                del self._purses[key]


class _Purses:
    def __init__(self, allowance: Allowance, now: float) -> None:
        self.allowance = allowance
        self.at = now
        self.runs, self.output_bytes, self.cpu_s = (
            allowance.runs,
            allowance.output_bytes,
            allowance.cpu_s,
        )

    def fill(self, now: float) -> None:
        minutes = max(0.0, now - self.at) / 60
        a = self.allowance
        self.runs = min(a.runs, self.runs + minutes * a.runs_a_minute)
        self.output_bytes = min(
            a.output_bytes, self.output_bytes + minutes * a.output_bytes_a_minute
        )
        self.cpu_s = min(a.cpu_s, self.cpu_s + minutes * a.cpu_s_a_minute)
        self.at = max(self.at, now)

    def wait_s(self) -> float:
        """Seconds until every purse has something in it; a run needs a whole one."""
        a = self.allowance
        return 60 * max(
            (1 - self.runs) / a.runs_a_minute,
            -self.output_bytes / a.output_bytes_a_minute,
            -self.cpu_s / a.cpu_s_a_minute,
        )

    def is_full(self, now: float) -> bool:
        self.fill(now)
        a = self.allowance
        return (self.runs, self.output_bytes, self.cpu_s) == (a.runs, a.output_bytes, a.cpu_s)
