"""Many machines, by Ray: one process a camera, archives in shards.

What crosses between processes is words and numbers (`messages`). A camera's pixels are decoded,
detected, redacted and described in one process and leave it as stored sightings only. Ray is
imported in `ray_client`, when a cluster is asked for, and nowhere else.
"""
