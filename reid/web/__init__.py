"""The staff web app: pages over the desk, and alerts as they are raised."""
