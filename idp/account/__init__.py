"""An account from its making to its closing: what belongs to it, what becomes of it, the ways back into it."""
