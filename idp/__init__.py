"""Who is this person, and for whom does he act? Knows nothing of licenses, seals or certificates."""
