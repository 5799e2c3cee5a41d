"""Watching live cameras: index them all, compare with watched cases, raise alerts."""
