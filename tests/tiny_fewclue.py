"""FewCLUE in miniature: records of our own for each of the nine tasks, in the fields and types of the public files."""

import json

from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS

IDIOMS = ["一帆风顺", "画龙点睛", "守株待兔", "井底之蛙", "亡羊补牢", "对牛弹琴", "掩耳盗铃"]


def tiny_record(task, number, label=None):
    """Return record number so and so of a task; the same number is the same question."""
    fields = {
        "EPRSTMT": {"sentence": f"第{number}件商品"},
        "CSLDCP": {"content": f"第{number}篇摘要"},
        "TNEWS": {"sentence": f"第{number}条新闻", "label_desc": "news_any", "keywords": ""},
        "IFLYTEK": {"sentence": f"第{number}款应用", "label_des": "任意"},
        "OCNLI": {"sentence1": f"这是第{number}句", "sentence2": "这是一句话", "genre": "lit"},
        "BUSTM": {"sentence1": f"打开第{number}个闹钟", "sentence2": f"闹钟{number}开一下"},
        "CSL": {"abst": f"第{number}篇研究水稻。", "keyword": ["水稻", f"试验{number}"]},
        "CHID": {"content": f"第{number}次，#idiom#，果然。", "candidates": IDIOMS},
        "CLUEWSC": {
            "text": f"第{number}天，小明见到老王，他很高兴。",
            "target": {"span1_text": "小明", "span1_index": 3 + len(str(number)), "span2_text": "他"},
        },
    }[task]
    if task == "CLUEWSC":
        fields["target"]["span2_index"] = fields["text"].index("他")
    record = {"idx" if task == "CLUEWSC" and label is not None else "id": number, **fields}
    if label is not None:
        field = FEWCLUE_TASKS[task].label_field
        record[field] = int(label) if task in ("TNEWS", "IFLYTEK", "CHID") else label
    return record


def write_tiny(folder, task, file, records):
    """Write one file of a task into a data folder."""
    path = folder / "FewCLUE" / task.lower() / f"{file}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    return path


def write_splits(folder, task, dev, *, train=range(100, 104)):
    """Write training and development files; ``dev`` holds the numbers of the records of each."""
    labels = FEWCLUE_TASKS[task].labels
    for split, numbers in enumerate(dev):
        trained = [tiny_record(task, number + 10 * split, labels[number % len(labels)]) for number in train]
        write_tiny(folder, task, f"train_{split}", trained)
        rows = [tiny_record(task, number, labels[number % len(labels)]) for number in numbers]
        write_tiny(folder, task, f"dev_{split}", rows)
