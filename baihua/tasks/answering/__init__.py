"""The parts of `baihua.tasks.answer`."""
