"""The nouns of unified service management, one file each."""
