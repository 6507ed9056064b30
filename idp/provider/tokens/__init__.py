"""Tokens in and out: what we sign, and what we believe of what others hand in. With `registers` the only door to joserfc."""
