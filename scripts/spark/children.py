"""Processes that the comparison starts, and ends again: these and no others."""

import json
import os
import queue
import signal
import subprocess
import threading
import time

# How long a process may take to end once it has been asked to.
TO_END_S = 10
# So much of a dead process's stderr tells what it died of.
LAST_LINES = 8

# All that run, so that whatever ends the comparison can end them.
running = []


class Died(Exception):
    """A process that ended before it was asked to, or says nothing any more."""


class Child:
    """A process whose stdout is read line by line, and whose stderr goes to a file."""

    def __init__(self, name, command, stderr_path, env=None):
        self.name = name
        self.stderr_path = stderr_path
        with open(stderr_path, "wb") as stderr:
            # A session of its own: a Ctrl-C reaches the comparison alone, which then ends it.
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        running.append(self)
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.decode("utf-8", "replace"))
        self._lines.put(None)

    def line(self, within_s):
        """The next line of its stdout; nothing when there will be no more."""
        try:
            return self._lines.get(timeout=max(within_s, 0))
        except queue.Empty:
            raise Died(f"{self.name} has said nothing for {within_s:.0f} s{self.last_words()}") from None

    def json_lines(self, first_within_s, silence_s):
        """Its lines of JSON without end, each as it comes; raises if it ends."""
        within_s = first_within_s
        while True:
            line = self.line(within_s)
            if line is None:
                self.process.wait()
                self.check_alive()
            if line.startswith("{"):
                within_s = silence_s
                yield json.loads(line)

    def rest(self, within_s):
        """All that it still says on stdout until it ends by itself."""
        deadline = time.monotonic() + within_s
        lines = []
        while (line := self.line(deadline - time.monotonic())) is not None:
            lines.append(line)
        return "".join(lines)

    def last_words(self):
        """The last lines of its stderr, to be put behind a sentence."""
        with open(self.stderr_path, encoding="utf-8", errors="replace") as stderr:
            lines = [line.rstrip() for line in stderr if line.strip()]
        return "".join(f"\n    {line[:200]}" for line in lines[-LAST_LINES:])

    def stderr_lines(self):
        """What it has said on stderr so far."""
        with open(self.stderr_path, encoding="utf-8", errors="replace") as stderr:
            return stderr.readlines()

    def check_alive(self):
        """Raises if it has ended."""
        code = self.process.poll()
        if code is not None:
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            raise Died(f"{self.name} ended early {how}{self.last_words()}")

    def end(self):
        """Asks it to end, and kills it if it does not."""
        if self in running:
            running.remove(self)
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # It has ended already.
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(TO_END_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def end_all():
    """Ends whatever still runs, the youngest first."""
    for child in reversed(list(running)):
        child.end()
