"""What is measured, as ratios in one run. Each file prints its rows and leaves them in results/."""
