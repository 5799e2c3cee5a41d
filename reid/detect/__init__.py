"""Frame → people, heads and tracklets."""
