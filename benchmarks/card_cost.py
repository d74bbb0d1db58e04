"""What it costs that devices have processes of their own, in pairs on the tests' virtual card.

    python benchmarks/card_cost.py --both --pairs 6

One JSON object a run: how many ms after its last sample a frame arrives, how long before a sound is
heard it is asked for (medians), memory in MB and processor time in % of a core of all processes
together, and how often a device ran dry. Without `--both` only the microphone runs, as it does
while the assistant sleeps.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from soundcard import SoundCard

from assistant.audio.portaudio import PortAudioLoudspeaker, PortAudioMicrophone
from assistant.config import Audio

SETTLE_S = 2.0


def processes():
    """Return this process and its children."""
    own = Path("/proc/self")
    files = [task / "children" for task in (own / "task").iterdir()]
    return [own, *(Path("/proc", number) for file in files for number in file.read_text().split())]


def memory(process):
    """Return the proportional set size in MB."""
    lines = (process / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def spent(process):
    """Return the processor time in s."""
    fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(apart, both, seconds):
    """Print one line of figures."""
    ages, leads = [], []
    microphone = PortAudioMicrophone(Audio(process=apart), print)
    loudspeaker = PortAudioLoudspeaker(Audio(process=apart), print)

    def source(out, audible_at):
        leads.append(audible_at - time.monotonic())
        out[:] = 100

    microphone.start(lambda frame: ages.append(time.monotonic() - frame.end))
    if both:
        loudspeaker.start(source)
    time.sleep(SETTLE_S)
    ages.clear()
    leads.clear()
    dry, before = loudspeaker.underflows, sum(map(spent, processes()))
    time.sleep(seconds)
    figures = {
        "apart": apart,
        "frame_late_ms": round(1000 * statistics.median(ages), 1),
        "asked_early_ms": round(1000 * statistics.median(leads), 1) if both else None,
        "memory_mb": round(sum(map(memory, processes())), 1),
        "processor_percent": round((sum(map(spent, processes())) - before) / seconds * 100, 1),
        "ran_dry": loudspeaker.underflows - dry,
    }
    print(json.dumps(figures), flush=True)
    microphone.stop()
    loudspeaker.stop()


def main():
    """Run all pairs, each run in a new process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--both", action="store_true")
    parser.add_argument("--run", choices=["apart", "within"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run == "apart", options.both, options.seconds)
        return
    with SoundCard() as card:
        for _ in range(options.pairs):
            for where in ("within", "apart"):
                command = [sys.executable, __file__, *sys.argv[1:], "--run", where]
                subprocess.run(command, env=card.env, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
