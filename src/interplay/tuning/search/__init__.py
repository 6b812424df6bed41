"""The search loop: rounds of cells, the driver's book of them, schedulers, the study to run next."""
