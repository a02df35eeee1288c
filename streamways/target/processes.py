"""Processes of this machine, as far as the commands look at them: alive or not, children, memory."""

import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

BYTES_PER_KILOBYTE = 1024


@dataclass(frozen=True)
class Process:
    """One process. `memory_bytes` is what it holds alone plus its share of what it shares, where the system tells
    (Linux); else its resident memory."""

    pid: int
    parent: int
    zombie: bool
    memory_bytes: int


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie, which only waits to be reaped, does not."""
    return any(process.pid == pid and not process.zombie for process in all_processes())


def tree(root: int) -> list[Process]:
    """The process `root` and all below it."""
    processes = all_processes()
    children: dict[int, list[Process]] = defaultdict(list)
    for process in processes:
        children[process.parent].append(process)
    found = [process for process in processes if process.pid == root]
    for process in found:
        found.extend(children[process.pid])
    return found


def all_processes() -> list[Process]:
    """Every process that this user may look at."""
    if Path("/proc/self/stat").exists():
        return [found for path in Path("/proc").glob("[0-9]*") if (found := _from_proc(path)) is not None]
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat=,rss="], capture_output=True, text=True, check=True)
    return [from_ps(line) for line in listed.stdout.splitlines()]


def _from_proc(folder: Path) -> Process | None:
    """https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; None for a process that has just ended."""
    try:
        _, _, fields = (folder / "stat").read_text().rpartition(") ")
        state, parent, *_ = fields.split()
        memory = _proportional_bytes(folder)
    except OSError:
        return None
    return Process(int(folder.name), int(parent), state == "Z", memory)


def _proportional_bytes(folder: Path) -> int:
    try:
        summary = (folder / "smaps_rollup").read_text()
    except OSError:  # another user's, or a zombie
        return 0
    sizes = [line.split()[1] for line in summary.splitlines() if line.startswith("Pss:")]
    return int(sizes[0]) * BYTES_PER_KILOBYTE if sizes else 0


def from_ps(line: str) -> Process:
    """A line of `ps -o pid=,ppid=,stat=,rss=`, which macOS has in the place of /proc."""
    pid, parent, state, resident = line.split()
    return Process(int(pid), int(parent), state.startswith("Z"), int(resident) * BYTES_PER_KILOBYTE)
