import os

# A detector's matrices are small: linear algebra threads cost ten times what they save, and change the last bits of
# results with the number of cores. Read when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
