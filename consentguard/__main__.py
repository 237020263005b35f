"""`python -m consentguard` is the same as `consentguard`."""

import sys

from consentguard.cli import main

sys.exit(main())
