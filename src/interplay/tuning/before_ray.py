"""What ray reads when it is imported: whatever imports it imports this before."""

from __future__ import annotations

import logging
import os
import warnings

# Read when ray is imported: no banners, no usage reports, the working folder kept, no loggers
# that would write every row again, and Ctrl-C for us to handle.
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_CHDIR_TO_TRIAL_DIR", "0")
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

# In a notebook ray asks for widgets, when it is imported, that it would show nothing of ours in.
logging.getLogger("ray.widgets.util").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", "IProgress not found")
