import os

# The matrices of a detector are small: threads of the linear algebra cost ten times what they save, and leave other
# bits in the last place on a machine of other cores. Read when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
