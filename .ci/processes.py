"""Processes that end with the script that started them."""

import atexit
import re
import subprocess

running = []


def start(*command, **options):
    """Starts a process that ends with this one."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    running.append(process)
    return process


@atexit.register
def stop_all():
    for process in running:
        if process.poll() is None:
            process.terminate()
    for process in running:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def demo(binary, log_level):
    """Starts the demo on a free port; its address, or None where it ended without printing one."""
    process = start(
        binary, "demo", "--web.listen-address", "127.0.0.1:0", "--log.level", log_level,
        stdout=subprocess.PIPE, text=True,
    )
    for line in process.stdout:
        if found := re.search(r"http://([\d.]+:\d+)/metrics", line):
            return found[1]
    return None
