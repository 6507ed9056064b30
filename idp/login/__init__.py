"""Signing in: the factors, each with its library behind this door, the steps, and the session that comes of them."""
