"""For whom a person acts: mandates in families and companies, wards, and the record of each use."""
