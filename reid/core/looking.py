"""How often films are looked at."""

from typing import Final

AUTO: Final = 0
"""As `every`: look where something moves, instead of at every n-th frame."""
