"""The parts of `baihua.tasks.choose`."""
