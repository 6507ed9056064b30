"""What a person allows services to learn: the words that were shown, his yes or no, the receipt of it."""
