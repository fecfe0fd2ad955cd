"""Public benchmarks as frozen records, their readers and the numbers measured on them."""
