"""Plays a provider that lies, to see which lies a department's site believes. Keys of its own, loopback only."""
