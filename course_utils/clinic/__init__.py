"""The clinic: an autograd error in plain words, with its cure, at the place where it happened.

`reception` takes an error in and `ailments` knows it by its text. `site` to `outofplace` read and mend the learner's
code, `remedies` has the cures, and a `leaflet` tells them.
"""

from course_utils.clinic.reception import close_clinic, leaflet_for, open_clinic, read_error

__all__ = ["close_clinic", "leaflet_for", "open_clinic", "read_error"]
