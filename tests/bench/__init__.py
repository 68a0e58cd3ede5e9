"""`python -m tests.bench`: how long pages, search and a rename take, as ratios of one run on one machine."""
