"""``baihua`` itself: the group every verb registers with."""

from baihua.cli.verb import root_group

app = root_group(
    zh="用大白话理解中文：求句向量、白化、比较与评测，断网也能用。每个动词都接受 --json、--quiet 与 --lang。",
    en="Chinese language understanding in plain language: embed, whiten, compare and measure, offline. "
    "Every verb takes --json, --quiet and --lang.",
)
