"""The figures of the design, measured: one benchmark a figure, a peer beside it in the same run."""
