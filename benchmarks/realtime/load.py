"""The generator: rooms of three, one of them typing. Reads a plan as JSON on standard input, prints figures as JSON.

It runs as a process of its own, pinned to a core of its own. The clients have real documents: a key counts as arrived when
the remote document has it. One process holds both ends, so both are on one clock.
"""

import asyncio
import contextlib
import gc
import heapq
import json
import random
import resource
import sys
import time

import uvloop
from pycrdt import Doc, Text

from benchmarks.realtime.wire import open_socket, read_uint, sized, uint

SYNC, AWARENESS, AUTH, SYNC_REPLY, ROOM = 0, 1, 2, 4, 100
STEP1, STEP2, UPDATE = 0, 1, 2


class Client:
    """A member with a document. ``dialect``: ``y`` (y-websocket), ``room`` (the same with Room's hello), ``hocuspocus``."""

    def __init__(self, dialect, name, root, on_change=None):
        self.dialect, self.on_change = dialect, on_change
        self.front = sized(name.encode()) if dialect == "hocuspocus" else b""
        self.doc = Doc()
        self.text = self.doc.get(root, type=Text)
        self.synced = asyncio.get_running_loop().create_future()
        self.acknowledged = 0
        self.awareness_clock = 0
        self.carets = 0
        self.root = root
        self.on_saved = None

    async def join(self, address):
        await open_socket(address, self._open, self._message)
        return self

    def _open(self, socket):
        self.socket = socket
        if self.dialect == "hocuspocus":
            self.socket.send(self.front + uint(AUTH) + uint(0) + sized(b"token") + sized(b"4.7.0"))
        if self.dialect == "room":
            self.socket.send(uint(ROOM) + sized(b'{"t":"hello","v":1}'))
        self._say(bytes((SYNC, STEP1)) + sized(self.doc.get_state()))

    def _say(self, message):
        self.socket.send(self.front + message)

    def _message(self, data):
        at = 0
        if self.front:
            length, at = read_uint(data, 0)
            at += length
        kind = data[at]
        if kind in (SYNC, SYNC_REPLY):
            step = data[at + 1]
            _, start = read_uint(data, at + 2)
            payload = data[start:]
            if step == STEP1:
                self._say(bytes((SYNC, STEP2)) + sized(self.doc.get_update(payload)))
                return
            self.doc.apply_update(payload)
            if step == STEP2 and not self.synced.done():
                self.synced.set_result(None)
            if self.on_change is not None:
                self.on_change(self)
        elif kind == AWARENESS:
            self.carets += 1
        elif kind == ROOM and b'"saved"' in data:
            self.acknowledged = json.loads(data[read_uint(data, 1)[1] :])["count"]
            if self.on_saved is not None:
                self.on_saved(self)

    def type(self, words):
        """Put words at the end and send the update; then where the caret is."""
        before = self.doc.get_state()
        self.text += words
        update = self.doc.get_update(before)
        self._say(bytes((SYNC, UPDATE)) + sized(update))

    def move_caret(self):
        client, self.awareness_clock = self.doc.client_id, self.awareness_clock + 1
        item = {"client": client, "clock": self.awareness_clock - 1}
        place = {"type": None, "tname": self.root, "item": item, "assoc": 0}
        user = {"name": "Maya", "color": "#2f6fb0", "colorLight": "#2f6fb033"}
        state = json.dumps(
            {"user": user, "cursor": {"anchor": place, "head": place}}, separators=(",", ":")
        )
        entry = uint(1) + uint(client) + uint(self.awareness_clock) + sized(state.encode())
        self._say(bytes((AWARENESS,)) + sized(entry))


class Room:
    def __init__(self, number, plan):
        self.number = number
        self.clients = []
        self.pressed = []
        """When each key was pressed."""
        self.seen = {}
        """Client → keys that its document has."""
        self.latencies = []
        self.saved_latencies = []
        self.saved = 0
        self.addresses = plan["rooms"][number]
        self.by_clock = False
        """Count keys by the typist's clock, not by the text's length: somebody else changes the text too."""
        self.root = self.addresses[0]["root"]
        self.name = self.addresses[0].get("name", "")
        self.dialect = plan["dialect"]

    async def join(self):
        for address in self.addresses:
            client = Client(self.dialect, self.name, self.root)
            await client.join(address)
            self.clients.append(client)
            await asyncio.wait_for(client.synced, 20)
        if self.dialect == "room":  # Its answer to the server's step 1 is counted too.
            await wait_for(lambda: self.clients[0].acknowledged)
        self.base = len(self.clients[0].text)
        for client in self.clients[1:]:
            self.seen[client] = 0
            client.on_change = self._changed
        self.before = self.clients[0].acknowledged
        self.clients[0].on_saved = self._saved

    def _changed(self, client):
        now = time.perf_counter()
        had = self.seen.get(client)
        if had is None:
            return
        have = self._clock(client) if self.by_clock else len(client.text) - self.base
        for key in range(had, have):
            self.latencies.append((self.pressed[key], now - self.pressed[key]))
        self.seen[client] = have

    def _clock(self, client):
        vector = client.doc.get_state()
        entries, at = read_uint(vector, 0)
        for _ in range(entries):
            number, at = read_uint(vector, at)
            clock, at = read_uint(vector, at)
            if number == self.clients[0].doc.client_id:
                return clock
        return 0

    def _saved(self, client):
        """Document messages before the first key are not counted; the rest are keys."""
        now = time.perf_counter()
        have = client.acknowledged - self.before
        for key in range(self.saved, min(have, len(self.pressed))):
            self.saved_latencies.append((self.pressed[key], now - self.pressed[key]))
        self.saved = max(self.saved, have)

    def key(self):
        self.pressed.append(time.perf_counter())
        self.clients[0].type("x")
        self.clients[0].move_caret()

    @property
    def missing(self):
        return sum(len(self.pressed) - seen for seen in self.seen.values())


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def ms(values, share):
    return round(percentile(values, share) * 1000, 3)


async def type_on(rooms, seconds, keys_per_s, lateness):
    """Every room's typist at an even pace with some jitter, each with a phase of its own."""
    dice = random.Random(7)
    start = time.perf_counter()
    due = [(start + dice.random() / keys_per_s, room.number) for room in rooms]
    heapq.heapify(due)
    by_number = {room.number: room for room in rooms}
    while due[0][0] < start + seconds:
        at, number = due[0]
        now = time.perf_counter()
        if at > now:
            await asyncio.sleep(at - now)
            continue
        lateness.append(now - at)
        by_number[number].key()
        heapq.heapreplace(due, (at + (0.8 + 0.4 * dice.random()) / keys_per_s, number))
        if len(lateness) % 8 == 0:  # Let what came in between be read.
            await asyncio.sleep(0)


async def cpu_mark(mark):
    """Ask the parent to read the server's clock: it answers at once."""
    print(json.dumps({"mark": mark}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def typing(plan):
    rooms = [Room(number, plan) for number in range(len(plan["rooms"]))]
    for first in range(0, len(rooms), 10):
        await asyncio.gather(*(room.join() for room in rooms[first : first + 10]))
    gc.collect()
    gc.freeze()
    lateness = []
    await type_on(rooms, plan["warm_up_s"], plan["keys_per_s"], [])
    await cpu_mark("start")
    keys_before = sum(len(room.pressed) for room in rooms)
    received_before = sum(c.socket.received for room in rooms for c in room.clients)
    began, own = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    await type_on(rooms, plan["seconds"], plan["keys_per_s"], lateness)
    ended = time.perf_counter()
    own_after = resource.getrusage(resource.RUSAGE_SELF)
    received = sum(c.socket.received for room in rooms for c in room.clients) - received_before
    await cpu_mark("end")
    is_room = plan["dialect"] == "room"
    with contextlib.suppress(TimeoutError):
        await wait_for(
            lambda: (
                not any(
                    room.missing or (is_room and room.saved < len(room.pressed)) for room in rooms
                )
            ),
            20,
        )
    keys = sum(len(room.pressed) for room in rooms)
    measured = [took for room in rooms for at, took in room.latencies if at >= began]
    saved = [took for room in rooms for at, took in room.saved_latencies if at >= began]
    missing = sum(room.missing for room in rooms)
    apart = await converged(rooms, plan)
    spent = own_after.ru_utime + own_after.ru_stime - own.ru_utime - own.ru_stime
    return {
        "keys": sum(1 for room in rooms for at in room.pressed if began <= at <= ended),
        "keys_all": keys,
        "keys_before": keys_before,
        "seconds": round(ended - began, 3),
        "p50_ms": ms(measured, 0.5),
        "p99_ms": ms(measured, 0.99),
        "max_ms": ms(measured, 1.0),
        "saved_p50_ms": ms(saved, 0.5) if saved else None,
        "saved_p99_ms": ms(saved, 0.99) if saved else None,
        "late_p99_ms": ms(lateness, 0.99),
        "generator_core": round(spent / (ended - began), 3),
        "messages_per_key": round(received / max(1, keys - keys_before), 2),
        "delivered": 1 - missing / max(1, keys * 2),
        "unsaved": sum(max(0, len(r.pressed) - r.saved) for r in rooms) if is_room else None,
        "rooms_apart": apart,
        "closed": sum(1 for room in rooms for c in room.clients if c.socket.closed),
    }


async def converged(rooms, plan):
    """How many rooms do not have the same text with all three and with somebody who comes fresh."""
    apart = 0
    for room in rooms:
        room.clients[2].socket.close()
    await asyncio.sleep(0.5)
    for room in rooms:
        fresh = Client(room.dialect, room.name, room.root)
        await fresh.join(room.addresses[2])
        await asyncio.wait_for(fresh.synced, 30)
        texts = {str(client.text) for client in (*room.clients, fresh)}
        if len(texts) != 1:
            apart += 1
        fresh.socket.close()
    return apart


async def joining(plan):
    """A document of many edits, then fresh joins to it: milliseconds until the newcomer's document has all of it."""
    room = Room(0, plan)
    await room.join()
    for client in room.clients:
        client.on_change = None
    typist = room.clients[0]
    dice, place = random.Random(3), 0
    for number in range(plan["edits"]):
        before = typist.doc.get_state()
        # Where the caret jumps now and then, so that the document is not one long run.
        length = len(typist.text)
        place = dice.randrange(length + 1) if number % 20 == 0 else min(place + 1, length)
        typist.text.insert(place, "x" if number % 60 else "\n")
        typist._say(bytes((SYNC, UPDATE)) + sized(typist.doc.get_update(before)))
        if number % 50 == 0:
            await asyncio.sleep(0)
        if number % 500 == 499:
            await wait_for(lambda: len(room.clients[1].text) >= len(typist.text) - 200)
    await wait_for(lambda: len(room.clients[1].text) == len(typist.text))
    expected = str(typist.text)
    room.clients[2].socket.close()
    await asyncio.sleep(1.0)
    took = []
    for _ in range(plan["joins"]):
        fresh = Client(room.dialect, room.name, room.root)
        began = time.perf_counter()
        await fresh.join(room.addresses[2])
        await asyncio.wait_for(fresh.synced, 60)
        took.append(time.perf_counter() - began)
        assert str(fresh.text) == expected
        fresh.socket.close()
        await asyncio.sleep(0.3)
    return {"join_p50_ms": ms(took, 0.5), "join_max_ms": ms(took, 1.0), "edits": plan["edits"]}


async def wait_for(is_so, seconds=120):
    until = time.perf_counter() + seconds
    while not is_so():
        if time.perf_counter() > until:
            raise TimeoutError
        await asyncio.sleep(0.01)


async def stalling(plan):
    """One reader stops reading while its room pastes; what the others' keys take, and whether the reader is cut."""
    rooms = [Room(number, plan) for number in range(len(plan["rooms"]))]
    await asyncio.gather(*(room.join() for room in rooms))
    await type_on(rooms, 2, plan["keys_per_s"], [])
    began = time.perf_counter()
    await type_on(rooms, plan["seconds"], plan["keys_per_s"], [])
    calm = [took for room in rooms for at, took in room.latencies if at >= began]
    await cpu_mark("start")
    room = rooms[0]
    typist, paster, stalled = room.clients
    stalled.socket.transport.pause_reading()
    room.seen.pop(stalled)
    room.by_clock = True
    began = time.perf_counter()

    pasting = asyncio.create_task(paste_text(paster, plan))
    await type_on(rooms, plan["seconds"], plan["keys_per_s"], [])
    await pasting
    stalled_times = [took for r in rooms for at, took in r.latencies if at >= began]
    await cpu_mark("end")
    stalled.socket.transport.resume_reading()
    await wait_for(lambda: str(paster.text) == str(typist.text))
    await asyncio.sleep(1)
    return {
        "calm_p99_ms": ms(calm, 0.99),
        "stalled_p99_ms": ms(stalled_times, 0.99),
        "pasted_bytes": plan["paste_bytes"],
        "closed_with": stalled.socket.closed,
        "document_bytes": len(typist.doc.get_update()),
    }


async def paste_text(paster, plan):
    """Paste pieces that replace one another: much traffic, a document that stays of one piece's size."""
    piece, pasted = 40_000, 0
    while pasted < plan["paste_bytes"]:
        before = paster.doc.get_state()
        with paster.doc.transaction():
            if pasted:
                del paster.text[:piece]
            paster.text.insert(0, "y" * piece)
        paster._say(bytes((SYNC, UPDATE)) + sized(paster.doc.get_update(before)))
        pasted += piece
        await asyncio.sleep(plan["seconds"] * 0.9 * piece / plan["paste_bytes"])


KINDS = {"typing": typing, "joining": joining, "stalling": stalling}


def main():
    plan = json.loads(sys.stdin.readline())
    figures = uvloop.run(KINDS[plan["kind"]](plan))
    print(json.dumps({"figures": figures}), flush=True)


if __name__ == "__main__":
    main()
