"""Every family of the model in optima solved by hand: the derivation in the docstring, the numbers below it."""
