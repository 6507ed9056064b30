"""What programs ask of unified service management: one blueprint for each topic."""
