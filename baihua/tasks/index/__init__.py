"""The parts of a library: its one SQLite file, its vectors, its words, and how they are ranked."""
