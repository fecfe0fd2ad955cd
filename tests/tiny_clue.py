"""CLUE in miniature: records of our own for each task, in the files, fields and types of the official zips."""

import json
import zipfile

from baihua.benchmarks.clue_tasks import CLUE_TASKS
from baihua.text.entities import Entity

IDIOMS = [
    "一帆风顺",
    "画龙点睛",
    "守株待兔",
    "井底之蛙",
    "亡羊补牢",
    "对牛弹琴",
    "掩耳盗铃",
    "刻舟求剑",
    "杯弓蛇影",
    "叶公好龙",
]
IDS = {"AFQMC": [31, 7, 20], "CSL": [2415, 2833, 9]}  # of tests whose ids are in no order


def lines(records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def tiny_files(name):
    """Return the files of a task's official zip, by name."""
    return {
        "AFQMC": _pairs("AFQMC", "花呗", with_ids=False),
        "TNEWS": _news(),
        "IFLYTEK": _apps(),
        "CMNLI": _pairs("CMNLI", "译文", with_ids=False),
        "OCNLI": {
            ("train.50k.json" if file == "train.json" else file): text for file, text in _pairs("OCNLI", "句子").items()
        },
        "WSC": _pronouns(),
        "CSL": _abstracts(),
        "CMRC2018": _passages(),
        "CHID": _idioms(),
        "C3": _choices(),
        "CLUENER": _entities(),
    }[name]


def write_tiny(folder, name, files=None, *, zipped=False):
    """Write the files of a task into a data folder, as a folder or as the official zip."""
    files = tiny_files(name) if files is None else files
    task = CLUE_TASKS[name]
    if zipped:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / task.archive, "w") as archive:
            for file, text in files.items():
                archive.writestr(f"{task.archive.removesuffix('.zip')}/{file}" if name == "CMNLI" else file, text)
        return folder / task.archive
    for file, text in files.items():
        path = folder / task.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / task.folder


def right_answers(name):
    """Return an answer to each id of the tiny test."""
    own = {
        "CMRC2018": ["北京", "一九四九年"],
        "CHID": [9, 0, 4],
        "C3": ["1", "0", "3"],
        "CLUENER": [[Entity(0, 2, "address"), Entity(3, 5, "address")], []],
    }
    labels = CLUE_TASKS[name].labels
    return own[name] if name in own else [labels[-1], labels[0], labels[-1]]


def _pairs(name, word, *, with_ids=True):
    labels = [*CLUE_TASKS[name].labels, *(["-"] if name in ("OCNLI", "CMNLI") else [])]
    rows = [
        {
            "sentence1": f"{word}第{number}句",
            "sentence2": f"又一句{word}",
            "label": label,
            **({"id": number} if with_ids else {}),
        }
        for number, label in enumerate(labels * 2)
    ]
    test = [{"id": one, "sentence1": f"{word}测试{one}", "sentence2": "另一句"} for one in IDS.get(name, [0, 1, 2])]
    return {"train.json": lines(rows), "dev.json": lines(rows[1:]), "test.json": lines(test)}


def _news():
    task = CLUE_TASKS["TNEWS"]
    rows = [
        {"label": label, "label_desc": task.descriptions[label], "sentence": f"第{label}条新闻", "keywords": ""}
        for label in task.labels
    ]
    tests = {
        file: lines({"id": one, "sentence": f"{kind}测试新闻{one}", "keywords": ""} for one in range(3))
        for file, kind in (("test.json", "新"), ("test1.0.json", "旧"))
    }
    return {"train.json": lines(rows), "dev.json": lines(rows[2:]), **tests}


def _apps():
    rows = [{"label": str(label), "label_des": "任意", "sentence": f"第{label}款应用"} for label in (0, 7, 118)]
    test = [{"id": one, "sentence": f"测试应用{one}"} for one in range(3)]
    return {"train.json": lines(rows), "dev.json": lines(rows[1:]), "test.json": lines(test)}


def _pronouns():
    def row(number, **more):
        target = {"span1_text": "小明", "span1_index": 4, "span2_text": "他", "span2_index": 11}
        return {"target": target, "text": f"第{number}天，小明见到老王，他很高兴。", **more}

    rows = [row(number, idx=number, label=("true", "false")[number % 2]) for number in range(4)]
    first = {"span1_text": "小明", "span1_index": 4, "span2_text": "他", "span2_index": 0}
    rows.append({"target": first, "text": "他笑了，小明哭了。", "idx": 4, "label": "false"})
    tests = {file: lines(row(number, id=number) for number in range(3)) for file in ("test.json", "test1.0.json")}
    return {"train.json": lines(rows), "dev.json": lines(rows[2:]), **tests}


def _abstracts():
    def row(one, **more):
        return {"id": one, "abst": f"第{one}篇研究水稻。", "keyword": ["水稻", f"试验{one}"], **more}

    rows = [row(one, label=str(one % 2)) for one in range(4)]
    test = [row(one) for one in IDS["CSL"]]
    return {"train.json": lines(rows), "dev.json": lines(rows[1:]), "test.json": lines(test)}


def _passages():
    context = (
        "𫚭是一种鱼。小王一九四九年去了北京。"  # the first character counts as two where places count UTF-16 units
    )

    def file(prefix, answers):
        asked = ["他去了哪里？", "他哪年去的？"]
        questions = [
            {"id": f"{prefix}_0_QUERY_{number}", "question": question, "answers": answers[number]}
            for number, question in enumerate(asked)
        ]
        paragraph = {"id": f"{prefix}_0", "context": context, "qas": questions}
        return json.dumps(
            {"version": "v1.0", "data": [{"title": "", "paragraphs": [paragraph]}]}, ensure_ascii=False, indent=2
        )

    def at(text, start):
        return {"text": text, "answer_start": start}

    one = [[at("北京", 16)], [at("一九四九年", 9)]]
    three = [
        [at("北京", 16), at("北京", 16), at("去了北京", 14)],
        [at("一九四九年", 9), at("1949年", -1), at("一九四九年", 9)],
    ]
    made_up = [[at("FAKE_ANSWER_1", -1)], [at("FAKE_ANSWER_1", -1)]]
    return {"train.json": file("TRAIN", one), "dev.json": file("DEV", three), "test.json": file("TEST", made_up)}


def _idioms():
    def row(first):
        blanks = [f"#idiom{first + number:06d}#" for number in range(3)]
        content = [f"他{blanks[0]}，又{blanks[1]}。", f"她真是{blanks[2]}啊。"]
        return {"content": content, "candidates": IDIOMS}, dict(zip(blanks, (9, 0, 4), strict=True))

    files = {}
    for number, part in enumerate(("train", "dev")):
        read = [row(100 * number + 10 * line) for line in range(2)]
        files[f"{part}.json"] = lines(record for record, _ in read)
        files[f"{part}_answer.json"] = json.dumps(read[0][1] | read[1][1])
    files["test1.0.json"], files["test1.1.json"] = lines([row(800)[0]]), lines([row(900)[0]])
    return files


def _choices():
    def file(number, *, test=False):
        said = [f"男：第{number}次去吗？", "女：不去了，雨大。"]
        asked = [
            {"question": "女的去不去？", "choice": ["去", "不去"], "answer": "不去"},
            {"question": "为什么？", "choice": ["下雨", "太远", "没钱"], "answer": "下雨"},
        ]
        more = {
            "question": "谁在说话？",
            "choice": ["一个人", "三个人", "没有人", "男的和女的"],
            "answer": "男的和女的",
        }
        if test:
            asked = [
                {"question": one["question"], "choice": one["choice"], "id": place}
                for place, one in enumerate([*asked, more])
            ]
            return json.dumps([[said, asked]], ensure_ascii=False, indent=1)
        return json.dumps([[said, asked, "47-275"], [[said[0]], [more], "47-276"]], ensure_ascii=False, indent=1)

    names = ("m-train", "d-train", "m-dev", "d-dev")
    tests = {"test1.0.json": file(8, test=True), "test1.1.json": file(9, test=True)}
    return {f"{name}.json": file(number) for number, name in enumerate(names)} | tests


def _entities():
    rows = [
        {"text": "北京的北京大学", "label": {"address": {"北京": [[0, 1]]}, "organization": {"北京大学": [[3, 6]]}}},
        {"text": "今天天气很好", "label": {}},
    ]
    test = [{"id": 0, "text": "上海离北京很远"}, {"id": 1, "text": "明天再说"}]
    return {"train.json": lines(rows), "dev.json": lines(rows[:1]), "test.json": lines(test)}
