"""Results: records of runs, tables, plots, pages."""
