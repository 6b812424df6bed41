"""The `interplay` command whose workers are in its own process, where Ray is not what is tested:

python -m tests.tuning.driver tune STUDY [KEY=VALUE …]
"""

import torch

from interplay.tuning import execute
from tests.tuning.fake import in_ones_own


def without_ray() -> None:
    """What this process trains from now on, it trains itself."""
    torch.set_num_threads(1)  # as in a worker
    execute.RaySession = in_ones_own


if __name__ == "__main__":
    from interplay.cli.app import main

    without_ray()
    main()
