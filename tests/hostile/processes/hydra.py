"""Goes on in a new process and a new session every few milliseconds, so that its process id is never known for long.
Touches the file that is its argument in each of them."""

import os
import sys
import time

while True:
    with open(sys.argv[1], "a") as file:
        file.write("%d\n" % os.getpid())
    time.sleep(0.003)
    if os.fork():
        os._exit(0)
    os.setsid()
