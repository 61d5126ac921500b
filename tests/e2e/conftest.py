"""The binary under test is $TERRAZZO_BIN, else that of the newest build."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def binary():
    if "TERRAZZO_BIN" in os.environ:
        return os.environ["TERRAZZO_BIN"]
    built = sorted(ROOT.glob("build/*/bin/terrazzo"), key=lambda path: path.stat().st_mtime)
    if not built:
        pytest.exit("set TERRAZZO_BIN or build the target terrazzo")
    return str(built[-1])


class Program:
    """Runs terrazzo in one folder, with no settings from outside."""

    def __init__(self, folder):
        self.folder = folder
        self.path = binary()
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("TC_", "TERRAZZO_"))}
        self.started = []

    def __call__(self, *words, code=0, env=None, text=None, timeout=120):
        done = subprocess.run([self.path, *map(str, words)], cwd=self.folder, capture_output=True, text=True,
                              input=text, timeout=timeout, env={**self.environment, **(env or {})})
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        if code:
            assert "error: " in done.stderr or done.stdout
        return done

    def json(self, *words, **named):
        return json.loads(self(*words, "--json", **named).stdout)

    def start(self, *words, env=None):
        process = subprocess.Popen([self.path, *map(str, words)], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**self.environment, **(env or {})})
        self.started.append(process)
        return process

    def start_server(self, *words, **named):
        """Starts serve or connect; returns the process and what it says of itself."""
        process = self.start(*words, "--json", **named)
        text = ""
        while True:
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"it did not start: {text} {process.stderr.read()}")
            text += line
            try:
                return process, json.loads(text)
            except ValueError:
                continue

    def stop_all(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def end(process, sign=signal.SIGTERM, timeout=30):
    process.send_signal(sign)
    process.communicate(timeout=timeout)
    return process.returncode


def get(url, timeout=20):
    request = urllib.request.Request(url, headers={"Accept": "*/*"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.read()


def get_json(url):
    return json.loads(get(url))


def wait_for(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.005)


@pytest.fixture
def terrazzo(tmp_path):
    program = Program(tmp_path)
    yield program
    program.stop_all()


@pytest.fixture
def occupied():
    """Listens on a port of the loopback: occupied(5000)."""
    sockets = []

    def occupy(port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except OSError:
            pass  # somebody else has it, which serves as well
        sockets.append(listener)

    yield occupy
    for listener in sockets:
        listener.close()
