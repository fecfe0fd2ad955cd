"""Training an embedder by comparison: on texts alone (SimCSE), or on pairs that people have judged."""
