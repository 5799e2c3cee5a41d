"""Benchmarks: one question each, on standard protocols."""
