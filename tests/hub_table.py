"""What a class on a hub cost: seconds and memory of each student, and the table of them beside one student alone."""

from dataclasses import dataclass
from statistics import median

import psutil

STEPS = ("login", "ready", "pull", "lesson")
HEAD = f"{'':22}{'alone':>9}{'median':>9}{'max':>9}{'ratio':>9}"


@dataclass
class Cost:
    """What a hub takes, in mebibytes (proportional set size: what is shared counts once) and in seconds of processors.

    Attributes:
        hub, proxy: mebibytes; None where the system does not tell.
        servers, kernels: the same, by student.
        work: seconds of processors so far, by student, of server and kernel together.
    """

    hub: float | None
    proxy: float | None
    servers: dict
    kernels: dict
    work: dict


def processes(hub):
    """By student the process of the server and the processes of the kernels; under "" the rest, the hub's own."""
    found = {"": [hub]}
    for process in hub.children(recursive=True):
        try:
            found.setdefault(process.environ().get("JUPYTERHUB_USER", ""), []).append(process)
        except psutil.Error:  # it ended meanwhile
            continue
    return found


def is_kernel(process):
    return any("ipykernel" in word for word in process.cmdline())


def kernel_of(hub, name):
    """The process of the one kernel of a student."""
    [kernel] = [process for process in processes(hub)[name] if is_kernel(process)]
    return kernel


def cost(hub):
    """What the hub and all students take now."""
    found = processes(hub)
    own = found.pop("")
    kernels = {name: total(filter(is_kernel, group)) for name, group in found.items()}
    servers = {name: total(one for one in group if not is_kernel(one)) for name, group in found.items()}
    work = {name: sum(sum(one.cpu_times()[:4]) for one in group) for name, group in found.items()}
    return Cost(total(own[:1]), total(own[1:]), servers, kernels, work)


def total(group):
    """The mebibytes of processes; None where the system does not tell, as on macOS."""
    sizes = [getattr(process.memory_full_info(), "pss", None) for process in group]
    return None if None in sizes else sum(sizes) / 2**20


def both(took):
    """By student the mebibytes of the server and the kernel together."""
    pairs = ((took.servers[name], took.kernels[name]) for name in took.servers)
    return [None if None in pair else sum(pair) for pair in pairs]


def row(what, alone, values, form=".1f"):
    """A line of the table: what it was alone, the median and the largest of a class, and the median beside alone."""
    if not values or None in (alone, *values):
        return f"{what:22}{'not known':>18}"
    middle = median(values)
    ratio = f"{middle / alone:8.1f}x" if alone else ""
    return f"{what:22}{alone:>9{form}}{middle:>9{form}}{max(values):>9{form}}{ratio}"


def seconds(alone, students):
    """The lines about seconds, of those who got through all steps."""
    done = [one.seconds for one in students if not one.fault]
    for step in STEPS:
        yield row(f"{step}, s", alone.seconds.get(step), [one[step] for one in done])
    yield row("all four, s", sum(alone.seconds.values()), [sum(one.values()) for one in done])


def costs(before, after):
    """The lines about processors and memory: with one student, and with the class."""
    yield row("of a processor, s", next(iter(before.work.values()), None), [*after.work.values()])
    for what, parts in (
        ("server, MiB", lambda took: [*took.servers.values()]),
        ("kernel, MiB", lambda took: [*took.kernels.values()]),
        ("server + kernel, MiB", both),
    ):
        yield row(what, next(iter(parts(before)), None), parts(after), ".0f")
    everything = [after.hub, after.proxy, *both(after)]
    if None not in everything:
        yield f"hub {after.hub:.0f} MiB, proxy {after.proxy:.0f} MiB, all together {sum(everything):.0f} MiB"


def verdict(students, cells, equal, differ):
    """The line on who finished and who is right, and whether that is all of them.

    Args:
        students: the class.
        cells: how many code cells the lesson has.
        equal: by student how many cells were equal to the stored ones.
        differ: by student what was said of the others.
    """
    finished = [one.name for one in students if not one.fault]
    right = [name for name in finished if equal.get(name, 0) == cells and not differ.get(name)]
    total = f"{sum(equal.get(one.name, 0) for one in students)} of {cells * len(students)} cells equal"
    line = f"finished {len(finished)}/{len(students)}, right {len(right)}/{len(students)} ({total})"
    if lost := [f"{one.name}: {', '.join(one.lost)}" for one in students if one.lost]:
        times = sum(len(one.lost) for one in students)
        line += f"; a kernel was lost, and the lesson begun anew, {times} times ({'; '.join(lost)})"
    return line, bool(cells) and len(right) == len(students)
