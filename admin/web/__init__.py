"""The pages of unified service management, by topic: one blueprint each."""
