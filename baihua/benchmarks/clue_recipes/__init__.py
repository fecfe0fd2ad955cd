"""One short file per task of CLUE: what the input looks like, the idea, the head. Start with `tnews`.

Each has one function, ``learn(lesson)``, that trains an encoder and returns a function that answers a part of the task.
"""
