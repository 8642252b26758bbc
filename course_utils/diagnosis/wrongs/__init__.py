"""The silent wrongs: a room for each family, whose public functions look for it in a checkup."""
