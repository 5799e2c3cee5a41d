"""Sources of frames: videos, streams, images, folders."""
