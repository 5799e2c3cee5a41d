"""Metrics: ranking, calibration, intervals, open set, head coverage."""
