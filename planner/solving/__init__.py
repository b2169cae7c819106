"""From a network to decisions: ranks, cost, prices and ties on HiGHS, which ``session`` alone speaks to."""
