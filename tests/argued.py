"""Faults that no run can see, each with the reason: {lesson: {fault: why nothing that is shown can change}}."""

ARGUED = {}
