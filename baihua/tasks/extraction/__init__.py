"""The parts of `baihua.tasks.extract`: texts as windows of tokens, training, prediction, and the saved folder."""
