"""Live cameras and alerts."""
