"""Numbers that stand on papers: each kind with its own rules. Refuses to know whose number it is, or whether anyone holds it."""
