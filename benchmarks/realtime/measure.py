"""Measures the live room against y-websocket and Hocuspocus, all in one run on the same wire.

    python benchmarks/realtime/measure.py                the tables of docs/realtime.md, as Markdown (about ten minutes)
    python benchmarks/realtime/measure.py --quick        shorter, for a first look
    python benchmarks/realtime/measure.py --only room --rooms 200 --seconds 10      one of them, as JSON lines

The server has one core and the generator another. A run during which other processes took more than a tenth of either core is
repeated; after the last try it is printed with a mark. Take the ratios, the milliseconds are this machine's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.realtime import servers
from benchmarks.realtime.servers import Hocuspocus, Room, YWebsocket

KINDS = {"y-websocket": YWebsocket, "hocuspocus": Hocuspocus, "room": Room}
ROOT = Path(__file__).parents[2]
DISTURBED = 0.10


class Bench:
    def __init__(self, options):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            sys.exit("This needs two cores: one for the server, one for the generator.")
        self.server_core, self.load_core = cores[0], cores[1]
        self.options = options
        self.before = servers.FIRST if options.first else ()
        os.sched_setaffinity(0, {self.load_core})

    def once(self, kind, plan, rooms):
        """One run of one server; figures with CPU, memory and what others took of the two cores."""
        with servers.running(KINDS[kind], self.server_core, self.before) as server:
            addresses = server.addresses(rooms)
            server.settled()
            idle_mb = server.rss_mb()
            plan = plan | {"dialect": server.dialect, "rooms": addresses}
            command = [
                *self.before,
                "taskset",
                "-c",
                str(self.load_core),
                sys.executable,
                "-m",
                "benchmarks.realtime.load",
            ]
            load = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            load.stdin.write(json.dumps(plan) + "\n")
            load.stdin.flush()
            marks = {}
            figures = None
            for line in load.stdout:
                told = json.loads(line)
                if "mark" in told:
                    marks[told["mark"]] = self._reading(server, load.pid)
                    if self.options.spy and told["mark"] == "start":
                        self._spy(server)
                    load.stdin.write("\n")
                    load.stdin.flush()
                else:
                    figures = told["figures"]
            if load.wait() or figures is None:
                raise RuntimeError(
                    f"{kind}: the generator failed; {(server.folder / 'log').read_text()[-1500:]}"
                )
            figures |= {"server": server.name, "rooms": rooms, "idle_mb": round(idle_mb, 1)}
            if marks:
                a, b = marks["start"], marks["end"]
                wall = b["at"] - a["at"]
                spent = b["cpu"] - a["cpu"]
                figures["rss_mb"] = round(b["rss"], 1)
                figures["grown_mb"] = round(b["rss"] - a["rss"], 1)
                figures["room_kb"] = round((b["rss"] - idle_mb) * 1024 / rooms, 1)
                figures["server_core"] = round(spent / wall, 3)
                figures["others_server_core"] = round((b["core"] - a["core"] - spent) / wall, 3)
                figures["others_load_core"] = round(
                    (b["load_core"] - a["load_core"] - (b["load"] - a["load"])) / wall, 3
                )
                if "keys" in figures:
                    figures["cpu_per_1000"] = round(spent * 1000 / figures["keys"], 4)
            if self.options.json:
                print(json.dumps(figures), flush=True)
            return figures

    def _spy(self, server):
        """Have py-spy look on while it is measured (which costs the server something)."""
        spy, file = self.options.spy
        seconds = str(int(self.options.seconds) - 1)
        subprocess.Popen(
            [
                spy, "record", "--nonblocking", "--gil", "-p", str(server.process.pid), "-d", seconds, "-r", "250",
                "-t", "-f", "raw", "-o", file,
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _reading(self, server, load_pid):
        fields = Path(f"/proc/{load_pid}/stat").read_text().rsplit(")", 1)[1].split()
        return {
            "at": time.monotonic(), "cpu": server.cpu_s(), "rss": server.rss_mb(),
            "core": servers.core_busy_s(self.server_core), "load_core": servers.core_busy_s(self.load_core),
            "load": (int(fields[11]) + int(fields[12])) / servers.TICK,
        }  # fmt: skip

    def undisturbed(self, kind, plan, rooms):
        """Run until nobody disturbs it; the least disturbed one, marked, when that does not come."""
        tries = []
        for _ in range(self.options.tries):
            figures = self.once(kind, plan, rooms)
            figures["others"] = max(
                figures.get("others_server_core", 0), figures.get("others_load_core", 0)
            )
            tries.append(figures)
            if figures["others"] <= DISTURBED:
                break
        return min(tries, key=lambda f: f["others"])


def heading(*names):
    print(f"| {' | '.join(names)} |\n|{' --- |' * len(names)}", flush=True)


def of(figures, key):
    return [f[key] for f in figures]


def typing_table(bench, kinds, counts, seconds, repeats):
    heading(
        "rooms × 3", "server", "p50 ms", "p99 ms", "CPU s / 1,000 keys", "core", "RSS MB", "KB a room",
        "delivered, rooms apart", "others' load",
    )  # fmt: skip
    ratios = []
    for rooms in counts:
        plan = {"kind": "typing", "seconds": seconds, "warm_up_s": 3, "keys_per_s": 8}
        found = {kind: [] for kind in kinds}
        for _ in range(repeats):  # In turns, so that what else the machine does falls on all alike.
            for kind in kinds:
                found[kind].append(bench.undisturbed(kind, plan, rooms))
        median = {
            kind: {
                key: statistics.median(of(runs, key))
                for key in ("p50_ms", "p99_ms", "cpu_per_1000", "server_core", "rss_mb", "room_kb")
            }
            for kind, runs in found.items()
        }
        for kind in kinds:
            runs, m = found[kind], median[kind]
            delivered = f"{min(of(runs, 'delivered')):.2%}, {sum(of(runs, 'rooms_apart'))}"
            others = max(of(runs, "others"))
            mark = " (disturbed)" if others > DISTURBED else ""
            print(
                f"| {rooms} | {runs[0]['server']} | {m['p50_ms']:.2f} | {m['p99_ms']:.1f} | {m['cpu_per_1000']:.3f} | "
                f"{m['server_core']:.0%} | {m['rss_mb']:.0f} | {m['room_kb']:.0f} | {delivered} | "
                f"{others:.0%}{mark} |",
                flush=True,
            )
        peers = [kind for kind in kinds if kind != "room"]
        if "room" in kinds and peers:
            best = {key: min(median[kind][key] for kind in peers) for key in median["room"]}
            ratio = {key: median["room"][key] / best[key] for key in best}
            saved = found["room"]
            ratios.append(
                f"| {rooms} | {ratio['p50_ms']:.2f} | {ratio['p99_ms']:.2f} | {ratio['cpu_per_1000']:.2f} | "
                f"{ratio['room_kb']:.2f} | {statistics.median(of(saved, 'saved_p50_ms')):.0f} / "
                f"{statistics.median(of(saved, 'saved_p99_ms')):.0f} | "
                f"{max(max(of(runs, 'generator_core')) for runs in found.values()):.0%} |"
            )
    if ratios:
        print("\nRoom to the best peer (1.0 is as good; less is better):\n")
        heading(
            "rooms × 3", "p50", "p99", "CPU", "memory a room",
            "key to disk and acknowledged, p50 / p99 ms", "generator's core, at most",
        )  # fmt: skip
        print("\n".join(ratios), flush=True)


def joining_table(bench, kinds, edits):
    plan = {"kind": "joining", "edits": edits, "joins": 15}
    print(f"\n| fresh join to {edits:,} edits | p50 ms | ratio to the best peer |")
    print("| --- | --- | --- |")
    found = {kind: bench.once(kind, plan, 1) for kind in kinds}
    best = min((f["join_p50_ms"] for k, f in found.items() if k != "room"), default=float("nan"))
    for figures in found.values():
        print(
            f"| {figures['server']} | {figures['join_p50_ms']:.1f} | {figures['join_p50_ms'] / best:.2f} |",
            flush=True,
        )


def stalling_table(bench, kinds, seconds):
    plan = {"kind": "stalling", "seconds": seconds, "keys_per_s": 8, "paste_bytes": 24_000_000}
    print(
        "\n| one stalled reader, 24 MB pasted | others' p99 ms before → during | ratio | grown MB | closed with |"
    )
    print("| --- | --- | --- | --- | --- |")
    for kind in kinds:
        f = bench.undisturbed(kind, plan, 10)
        print(
            f"| {f['server']} | {f['calm_p99_ms']:.1f} → {f['stalled_p99_ms']:.1f} | "
            f"{f['stalled_p99_ms'] / f['calm_p99_ms']:.2f} | {f['grown_mb']:.0f} | {f['closed_with'] or 'never'} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=KINDS)
    parser.add_argument("--part", action="append", choices=("typing", "joining", "stalling"))
    parser.add_argument("--rooms", type=int, action="append")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument(
        "--first", action="store_true",
        help="server and generator go before the machine's other work (as root, where the kernel groups by session)",
    )  # fmt: skip
    parser.add_argument(
        "--spy",
        nargs=2,
        metavar=("PY_SPY", "FILE"),
        help="profile the server into a file of stacks",
    )
    parser.add_argument(
        "--kept", type=Path, help="folder in which Room's interviews are kept from run to run"
    )
    parser.add_argument(
        "--json", action="store_true", help="also print every run as one line of JSON"
    )
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.repeats, options.tries, options.edits = 6, 1, 1, 20_000
    kinds = options.only or list(KINDS)
    if set(kinds) - {"room"} and not (servers.PEERS / "node_modules").exists():
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=servers.PEERS, check=True,
        )  # fmt: skip
    bench = Bench(options)
    with tempfile.TemporaryDirectory() as scratch:
        Room.kept = options.kept or Path(scratch) / "data"
        run(bench, options, kinds)


def run(bench, options, kinds):
    parts = options.part or ["typing", "joining", "stalling"]
    if "typing" in parts:
        typing_table(
            bench, kinds, options.rooms or [50, 200, 300], options.seconds, options.repeats
        )
    if "joining" in parts:
        joining_table(bench, kinds, options.edits)
    if "stalling" in parts:
        stalling_table(bench, kinds, min(options.seconds, 12))


if __name__ == "__main__":
    main()
