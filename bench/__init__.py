"""Published protocols and the speed of scoring. ``python -m bench.skab --data DIR`` and so on; `./run bench skab`."""
