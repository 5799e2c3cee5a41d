"""A deterministic simulator: one seed drives clock, crashes, disks, writers and messages.

The desk's own code runs, with its real SQLite database; only what would make a run differ from
another is simulated: the clock, who runs when, locks between processes, random keys, the network.
"""
