"""The scripts that make parts of the documentation."""
