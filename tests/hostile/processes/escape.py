"""Leaves its process group, its session, its parent, its streams and its environment, and refuses every signal that
can be refused. Writes its process id into the file that is its argument."""

import os
import signal
import sys
import time

file = os.path.abspath(sys.argv[1])
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.chdir("/")
os.closerange(0, 3)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)
if "ESCAPED" not in os.environ:
    os.execve(sys.executable, [sys.executable, os.path.abspath(__file__), file], {"ESCAPED": "1"})
with open(file + ".new", "w") as new:
    new.write(str(os.getpid()))
os.rename(file + ".new", file)
time.sleep(600)
