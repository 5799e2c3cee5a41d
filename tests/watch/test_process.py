"""A process with many threads begins without a deadlock, and always ends."""

import signal
import subprocess
import sys
import time

import pytest

RUNS = 4

TOGETHER = """
import sys, threading
import numpy as np
from reid.loading import load_embedder, load_tracker, warm
from reid.weights.openvino import compile_model
from reid.weights import registry

warm()
path = registry.find_embedder().folder / "appearance.xml"
models = [compile_model(path) for _ in range(8)]
shape = models[0].input(0).get_partial_shape()
picture = np.zeros([1, *[shape[i].get_length() for i in (1, 2, 3)]], np.uint8)
begin = threading.Barrier(len(models))

def first_call(model):
    begin.wait()
    model(picture)

threads = [threading.Thread(target=first_call, args=(model,)) for model in models]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("all answered")
"""

UNPREPARED = """
import threading
from reid.loading import load_embedder, load_tracker, warm

begin = threading.Barrier(3)

def camera():
    begin.wait()
    warm(load_embedder(), load_tracker())

threads = [threading.Thread(target=camera) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("all answered")
"""


def run(program: str, seconds: float) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=seconds, check=True
    )
    return done.stdout


@pytest.mark.parametrize("number", range(RUNS))
def test_threads_that_make_the_first_call_together_do_not_hang(number: int) -> None:
    assert "all answered" in run(TOGETHER, 60)


def test_threads_that_load_their_models_together_do_not_hang() -> None:
    assert "all answered" in run(UNPREPARED, 120)


START = """
import ctypes, signal, sys, threading, time
from reid.watch import process
stop = threading.Event()
process.STUCK_AFTER, process.END_WITHIN, process.TOLD_AGAIN = 1.0, END, 0.2
process.end_on_signals(stop)
process.still_runs()
print("ready", flush=True)
"""
HOLDS_THE_INTERPRETER = """
lock, mutex = ctypes.PyDLL(None).pthread_mutex_lock, ctypes.create_string_buffer(64)
lock(mutex), lock(mutex)  # the second waits for the first for ever
"""
NEVER_ENDS = "while True: time.sleep(0.05); stop.is_set() or process.still_runs()"


def started(body: str, end: float = 1.0) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"END = {end}\n{START}\n{body}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_native_code_that_holds_the_interpreter_does_not_hold_the_process() -> None:
    process = started(HOLDS_THE_INTERPRETER)
    process.send_signal(signal.SIGTERM)  # seen by nobody
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "most recent call first" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_even_where_something_never_ends(number: signal.Signals) -> None:
    process = started(NEVER_ENDS)
    time.sleep(1.5)
    assert process.poll() is None, "it runs for as long as it says so"
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 1


def test_the_second_signal_ends_it_at_once() -> None:
    process = started(NEVER_ENDS, end=60)
    for _ in range(2):  # as `timeout` does, to the process and to its group
        process.send_signal(signal.SIGTERM)
    time.sleep(0.6)
    assert process.poll() is None, "the same signal twice is one"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
