"""The command line: one file per verb family; every verb calls one public function."""
