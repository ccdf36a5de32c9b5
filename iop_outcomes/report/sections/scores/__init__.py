"""The scores of the table of symptoms: which there are, in what words, and why one is left out.

Records come in; the scales of depression, anxiety and the Brief Addiction Monitor go out.
"""
