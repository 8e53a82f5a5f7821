"""The faults of a run, all drawn from a seed before it begins. A plan is text: it is printed, and can be read back.

    at 12.0 for 3.5 kill 2          SIGKILL, and a start 3.5 s later; several nodes are written 1,2,3
    at 20.0 for 4.0 restart 1       SIGTERM, and a start
    at 20.0 for 4.0 stop 1          SIGSTOP, and SIGCONT
    at 20.0 for 4.0 stutter 1       stopped 500 of every 600 ms
    at 20.0 for 4.0 cut 1>2         nothing that node 1 sends reaches node 2; * is every other node
    at 20.0 for 4.0 isolate 2       nothing reaches node 2, and nothing that it sends arrives
    at 20.0 for 4.0 delay 1>2 80    milliseconds, and up to as many again by chance
    at 20.0 for 4.0 loss 1>2 0.2    the part of the datagrams that is lost
    at 20.0 for 4.0 full 2          the disk has no room
    at 20.0 for 4.0 clock 2 250     milliseconds that the clock of this node is ahead
"""

import random
from dataclasses import dataclass

# Faults come in spells; the calm after one lets the cluster decide what the spell left undecided.
SPELL_SECONDS = 40.0
CALM_SECONDS = 10.0
GAP_SECONDS = 4.0
SHORTEST_SECONDS, LONGEST_SECONDS = 1.5, 8.0
HOUR_MS = 3_600_000
KINDS = {"kill": 4, "restart": 2, "stop": 3, "stutter": 2, "cut": 4, "isolate": 2, "delay": 3, "loss": 3, "full": 1, "clock": 3}


@dataclass(frozen=True)
class Fault:
    """A fault: when it begins, how long it lasts, whom it strikes."""

    at: float
    seconds: float
    kind: str
    nodes: tuple = ()
    pairs: tuple = ()
    value: float = 0.0

    def __str__(self):
        target = ",".join(map(str, self.nodes)) if self.nodes else ",".join(f"{a}>{b}" for a, b in self.pairs)
        value = f" {self.value:g}" if self.kind in ("delay", "loss", "clock") else ""
        return f"at {self.at:.1f} for {self.seconds:.1f} {self.kind} {target}{value}"


def parse_plan(text, nodes):
    """The faults that a printed plan names; empty lines and comments do not count."""
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    return [parse_fault(words, nodes) for words in lines if words]


def parse_fault(words, nodes):
    try:
        at_word, at, for_word, seconds, kind, target, *value = words
        if (at_word, for_word) != ("at", "for") or kind not in KINDS or len(value) != (kind in ("delay", "loss", "clock")):
            raise ValueError("it is not of the form: at SECONDS for SECONDS KIND TARGET [VALUE]")
        which = {"pairs": parse_pairs(target, nodes)} if kind in ("cut", "delay", "loss") else {"nodes": parse_numbers(target, nodes)}
        return Fault(float(at), float(seconds), kind, value=float(value[0]) if value else 0.0, **which)
    except ValueError as error:
        raise SystemExit(f"a fault cannot be read: {' '.join(words)}: {error}") from None


def parse_numbers(text, nodes):
    numbers = tuple(range(1, nodes + 1)) if text == "*" else tuple(int(part) for part in text.split(","))
    if not all(1 <= number <= nodes for number in numbers):
        raise ValueError(f"nodes are 1 to {nodes}")
    return numbers


def parse_pairs(text, nodes):
    ends = [part.partition(">") for part in text.split(",")]
    return tuple((a, b) for left, _, right in ends for a in parse_numbers(left, nodes) for b in parse_numbers(right, nodes) if a != b)


def draw_plan(seed, seconds, nodes, small_disks):
    """Faults for a run of so many seconds. Disks fill only on the nodes of `small_disks`."""
    source, faults = random.Random(f"faults of {seed}"), []
    kinds = {kind: weight for kind, weight in KINDS.items() if small_disks or kind != "full"}
    start = 3.0
    while start + SHORTEST_SECONDS < seconds:
        end = min(start + SPELL_SECONDS, seconds)
        at = start + source.expovariate(1 / GAP_SECONDS)
        while at + SHORTEST_SECONDS < end:
            (kind,) = source.choices(list(kinds), list(kinds.values()))
            length = min(source.uniform(SHORTEST_SECONDS, LONGEST_SECONDS), end - at)
            faults.append(draw_fault(source, round(at, 1), round(length, 1), kind, nodes, small_disks))
            at += source.expovariate(1 / GAP_SECONDS)
        start = end + CALM_SECONDS
    return faults


def draw_fault(source, at, seconds, kind, nodes, small_disks):
    everyone = list(range(1, nodes + 1))
    victim = source.choice(everyone)
    if kind == "full":
        return Fault(at, seconds, kind, nodes=(source.choice(small_disks),))
    if kind == "kill":
        count = source.choices((1, 2, nodes), (8, 1, 1))[0]
        return Fault(at, seconds, kind, nodes=tuple(sorted(source.sample(everyone, min(count, nodes)))))
    if kind == "clock":
        # Mostly what is within the bound of trust or near it; now and then far off.
        offset = source.choice((-HOUR_MS, HOUR_MS)) if source.random() < 0.15 else source.choice((-1, 1)) * source.randrange(20, 700)
        return Fault(at, seconds, kind, nodes=(victim,), value=offset)
    if kind in ("cut", "delay", "loss"):
        pairs = [(victim, other) for other in everyone if other != victim]
        chosen = source.choice((pairs[:1], pairs, [pair[::-1] for pair in pairs], [pairs[-1], pairs[-1][::-1]]))
        value = {"cut": 0.0, "delay": source.choice((5, 30, 100, 400)), "loss": source.choice((0.02, 0.1, 0.3, 0.6))}[kind]
        return Fault(at, seconds, kind, pairs=tuple(chosen), value=value)
    return Fault(at, seconds, kind, nodes=(victim,))
