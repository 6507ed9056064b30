"""What every board shows, counted once more from the lines of the ledger: programs that need nothing of the house."""
