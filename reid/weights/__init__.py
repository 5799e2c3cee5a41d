"""Weights: shipped, pulled, and how they are run."""
