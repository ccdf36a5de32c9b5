"""Scores and daily life: which rows their tables have, in what words, and why one is left out.

Records come in; the scales of depression, anxiety and the Brief Addiction Monitor go out, and the
domains of work, housing and more with what each tells.
"""
