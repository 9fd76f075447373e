import asyncio

import pytest

from room.sandbox.line import Full, Line


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def hold(line, done, places=None):
    async with line.place(places.append if places is not None else None):
        await done.wait()


async def test_whoever_waits_is_told_their_place_as_it_changes():
    line, first, second, third = Line(places=1, waiting=5), *(asyncio.Event() for _ in range(3))
    told = [], []
    inside = asyncio.ensure_future(hold(line, first))
    await settle()
    waiting = [
        asyncio.ensure_future(hold(line, e, t)) for e, t in zip((second, third), told, strict=True)
    ]
    await settle()
    assert told == ([1], [2])
    first.set()
    await settle()
    assert told == ([1], [2, 1])
    second.set()
    third.set()
    await asyncio.gather(inside, *waiting)


async def test_a_full_line_refuses_and_the_refused_takes_nothing():
    line, done = Line(places=1, waiting=1), asyncio.Event()
    tasks = [asyncio.ensure_future(hold(line, done)) for _ in range(2)]
    await settle()
    for _ in range(3):
        with pytest.raises(Full):
            await hold(line, done)
    done.set()
    await asyncio.gather(*tasks)
    await hold(line, done)


async def test_leaving_the_line_moves_the_others_up():
    line, done = Line(places=1, waiting=5), asyncio.Event()
    told = []
    inside = asyncio.ensure_future(hold(line, done))
    leaver = asyncio.ensure_future(hold(line, done))
    await settle()
    stayer = asyncio.ensure_future(hold(line, done, told))
    await settle()
    leaver.cancel()
    await settle()
    assert told == [2, 1]
    done.set()
    await asyncio.gather(inside, stayer)


async def test_a_place_given_to_one_who_leaves_in_that_moment_goes_on_to_the_next():
    line, first, rest = Line(places=1, waiting=5), asyncio.Event(), asyncio.Event()
    inside = asyncio.ensure_future(hold(line, first))
    await settle()
    leaver = asyncio.ensure_future(hold(line, rest))
    stayer = asyncio.ensure_future(hold(line, rest))
    await settle()
    first.set()
    await inside  # the leaver has just been admitted
    leaver.cancel()
    rest.set()
    await asyncio.wait_for(stayer, 1)
    await asyncio.wait_for(hold(line, rest), 1)
