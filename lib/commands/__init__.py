"""The commands of `python -m lib`, one file for each subject."""
