"""Whole venues: a map, people on routes, clips with ground truth: ``reid synth venue``."""
