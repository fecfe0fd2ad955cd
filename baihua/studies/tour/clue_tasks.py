"""The stop of the tour about CLUE: blanks answered together, and a file for the board that is looked through before it is sent."""

import json
import tempfile
from pathlib import Path

from baihua.benchmarks.clue_tasks import find_task
from baihua.benchmarks.clue_validator import check_submission
from baihua.benchmarks.idiom_blanks import split_blanks
from baihua.language import say
from baihua.maths.assignment import accuracy_of_assignment, assign, independent
from baihua.studies.tour.part import TourPart

# Written for the tour in the form of ChID, and the scores with it, which no model gave: two blanks want the same idiom, and the
# first of them can better do without it.
SENTENCES = (
    "读了这本书，我#idiom000001#，写文章的思路一下子打开了。",
    "听老师这么一讲，大家才#idiom000002#，原来是自己看错了题。",
    "孩子们围着爷爷，听故事听得#idiom000003#。",
)
IDIOMS = ("恍然大悟", "络绎不绝", "茅塞顿开", "津津有味")
SCORES = ((3.1, -1.0, 2.8, 0.2), (3.0, -0.8, 1.2, 0.4), (0.1, 0.3, -0.2, 2.5))
RIGHT = (2, 0, 3)
NUM_BLANKS, MARGIN, NUM_TRIALS = 7, 2.5, 2000
TASK, NUM_LINES = "TNEWS", 3


def clue_part() -> TourPart:
    """Fill blanks each by itself and together, simulate what that gains, and have a broken file refused."""
    alone, together = independent(SCORES).tolist(), assign(SCORES).tolist()
    right = [sum(one == other for one, other in zip(chosen, RIGHT, strict=True)) for chosen in (alone, together)]
    found = accuracy_of_assignment(NUM_BLANKS, margin=MARGIN, num_trials=NUM_TRIALS)
    shares = f"{100 * found.independent:.1f} → {100 * found.assigned:.1f}"
    lines = [
        say(
            zh=f"成语填空（例子与分数都是写好的，候选 {'、'.join(IDIOMS)}）：各自选对 {right[0]}/{len(RIGHT)} 个，"
            f"一起选（不重复）对 {right[1]} 个：",
            en=f"Blanks for idioms (example and scores are written; candidates {', '.join(IDIOMS)}): each by itself {right[0]} of "
            f"{len(RIGHT)} right, together, none twice, {right[1]}:",
        ),
        *_filled(alone, together),
        say(
            zh=f"模拟：{NUM_BLANKS} 个空、十个候选，一起选的正确率 {shares}。",
            en=f"Simulated, {NUM_BLANKS} blanks and ten candidates: answering together takes accuracy {shares}.",
        ),
        say(zh=f"坏的提交文件不放行：{_refused()}", en=f"A broken submission is not let through: {_refused()}"),
        say(
            zh="在 CLUE 上训练与打分：baihua evaluate clue；检查并打包：baihua submit clue；论断：baihua study clue",
            en="Train and score on CLUE: baihua evaluate clue; check and pack: baihua submit clue; the claims: baihua study clue",
        ),
    ]
    numbers = {
        "idioms_alone": right[0] / len(RIGHT),
        "idioms_together": right[1] / len(RIGHT),
        "assignment_gain": found.gain,
    }
    return TourPart(say(zh="CLUE：成语填空与提交", en="CLUE: blanks for idioms, and handing in"), lines, numbers)


def _filled(alone: list[int], together: list[int]) -> list[str]:
    """Return each sentence with the idiom chosen together, after the one chosen alone where that is another; * marks what is right."""
    lines = []
    for question, first, then, wanted in zip(split_blanks(SENTENCES), alone, together, RIGHT, strict=True):
        sentence = "____".join(question.pieces)
        chosen = IDIOMS[then] if first == then else f"{IDIOMS[first]} → {IDIOMS[then]}"
        lines.append(f"  {'*' if then == wanted else ' '} {chosen}  {sentence}")
    return lines


def _refused() -> str:
    """Return what is wrong with a file of a few lines whose labels are words instead of numbers."""
    task = find_task(TASK)
    label = next(iter(task.descriptions.values()))
    with tempfile.TemporaryDirectory() as folder:
        written = [json.dumps({"id": str(number), "label": label}) for number in range(NUM_LINES)]
        (Path(folder) / task.submission().name).write_text("\n".join(written) + "\n", encoding="utf-8")
        report = check_submission(folder, tasks=[TASK])
    return " ".join(map(str, report.findings))
