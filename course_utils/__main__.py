"""`python -m course_utils`: whether this machine is ready, whether the notebooks are right, copies for a class."""

import sys

from course_utils.edition import INSTALL

if __name__ == "__main__":
    try:
        from course_utils.commands import main
    except ImportError as error:  # what the commands themselves are built on is not here
        sys.stderr.write(f"The commands of course_utils cannot work here, {error}: {INSTALL}\n")
        sys.exit(2)
    sys.exit(main())
