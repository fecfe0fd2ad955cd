"""kill -9 in the middle of three tasks of CLUE: does the same command, run again, end in the same table?

Task: `baihua evaluate clue WSC CSL CHID --save FOLDER` is run once whole, and once killed in the second task, as soon as that has a
    checkpoint, and run again. Compared are the scores of every task; what was recorded at the kill stands beside them.
Data: the FewCLUE forms of the three tasks.
Command: python recipes/clue_kill.py [--epochs 3]
Score: share of the tasks with exactly the same scores; has to be 1. See results/clue_kill.json.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from baihua.results import Result

TASKS = ("WSC", "CSL", "CHID")
WAIT = 0.05  # seconds between two looks for a checkpoint


def start(folder: Path, epochs: int) -> subprocess.Popen[bytes]:
    """Start the three tasks, with a checkpoint every second."""
    numbers = ["--set", f"epochs={epochs}", "--set", "save_every=1"]
    command = ["-m", "baihua", "evaluate", "clue", *TASKS, *numbers, "--save", str(folder), "--quiet", "--json"]
    return subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)


def scores_of(folder: Path, task: str) -> dict[str, Any]:
    """All scores in a task's record, without seconds; empty where there is none."""
    path = folder / "clue" / "article" / task / "dev" / "bundled.json"
    if not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))["settings"]["of_each_seed"]["0"]
    return {name: value for name, value in found.items() if not name.endswith("seconds")}


def kill_in_the_second(folder: Path, epochs: int) -> dict[str, Any]:
    """Kill a run once its second task has a checkpoint, and return what is there by then."""
    with start(folder, epochs) as process:
        while not (left := list(folder.glob(f"checkpoints/clue/article/{TASKS[1]}/**/state.json"))):
            if process.poll() is not None:
                raise SystemExit("The run ended before it could be killed.")
            time.sleep(WAIT)
        process.kill()
    step = json.loads(left[0].read_text(encoding="utf-8"))["step"]
    return {"recorded": [task for task in TASKS if scores_of(folder, task)], "killed_in": TASKS[1], "at_step": step}


def main() -> None:
    """Run whole, run with a kill, compare, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        whole, cut = Path(place) / "whole", Path(place) / "cut"
        start(whole, given.epochs).wait()
        left = kill_in_the_second(cut, given.epochs)
        start(cut, given.epochs).wait()
        found = {task: [scores_of(whole, task), scores_of(cut, task)] for task in TASKS}
    same = [bool(one) and one == other for one, other in found.values()]
    record = Result(
        "clue_kill",
        "share of tasks with the same scores",
        (sum(same) / len(same),),
        settings={"encoder": "bundled", "epochs": given.epochs, "after_the_kill": left, "whole_and_killed": found},
        num_examples=len(TASKS),
        seconds=round(time.perf_counter() - started, 1),
        command=f"python recipes/clue_kill.py --epochs {given.epochs}",
    )
    record.save("results")
    print(json.dumps(record.settings, indent=1))
    sys.exit(not all(same))


if __name__ == "__main__":
    main()
