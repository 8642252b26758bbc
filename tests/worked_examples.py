"""Where each worked example of the course is shown: the lesson, the cell, and what its stored output must say.

The ids are those of the list that the course was asked to implement; a figure is given as the cell prints it.
"""

WORKED = {}
LATER = {"G3", "G4", "N1"}  # static graphs and networks: lessons 11 and 13, which are being written
