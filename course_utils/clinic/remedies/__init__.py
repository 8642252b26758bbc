"""The cures: a room for each family of ailments, whose public functions make leaflets."""
