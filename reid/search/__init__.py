"""Questions to a venue: one search for desk and research."""
