"""What the live rooms count for Prometheus. Numbers only: no ids, names, code or notes become labels."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ROOMS: Final = Gauge("room_open_rooms", "Rooms in memory")
SEATS: Final = Gauge("room_seats", "Connected sockets")
FRAMES: Final = Counter("room_frames", "Frames from browsers", ["kind"])
EVENTS: Final = Counter("room_events", "Events recorded")
CLOSED: Final = Counter("room_sockets_closed", "Sockets that the server closed", ["code"])
REFUSED: Final = Counter("room_commands_refused", "Commands refused", ["reason"])
BROKEN: Final = Counter("room_rooms_broken", "Rooms that closed and opened again from the journal")
REBUILT: Final = Counter("room_documents_rebuilt", "Documents that came again from the journal")
RUNS: Final = Counter("room_runs", "Runs that ended", ["kind", "verdict"])
COMMIT_SECONDS: Final = Histogram(
    "room_journal_commit_seconds",
    "From the first waiting batch to all of them on disk",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
COMMIT_EVENTS: Final = Histogram(
    "room_journal_commit_events", "Events in one commit", buckets=(1, 2, 5, 10, 20, 50, 100, 500)
)


_frames: dict[type, int] = {}
_events = [0]


def count_frame(kind: type) -> None:
    """One more frame of this type. A counter has a lock, and every keystroke comes through here: see :func:`settle`."""
    _frames[kind] = _frames.get(kind, 0) + 1


def count_event() -> None:
    """One more event, recorded as cheaply."""
    _events[0] += 1


def settle() -> None:
    """Bring the counters up to date; called when somebody asks for them, on the event loop."""
    for kind, count in _frames.items():
        FRAMES.labels(kind.__name__).inc(count)
    _frames.clear()
    EVENTS.inc(_events[0])
    _events[0] = 0
