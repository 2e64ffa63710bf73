"""Runs the command blocks of README.md, in their order, as a reader would: `./dev run …` starts the executable that was
built, on ports of its own; what the reader types into linnet-chat is typed. Usage: readme_test.py ROOT BUILD_DIR"""
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

DEADLINE = 60


def blocks(text):
    return re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)


class Server:
    """`./dev run ARGUMENTS`, with ports that are free and a directory that goes away."""

    def __init__(self, command, build, scratch):
        arguments = command.split()[2:]
        if "--data-dir" in arguments:
            arguments[arguments.index("--data-dir") + 1] = os.path.join(scratch, "first")
        else:
            arguments += ["--data-dir", os.path.join(scratch, "plain")]
        arguments += ["--tcp-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--set", "grpc.listen=127.0.0.1:0"]
        self.process = subprocess.Popen([os.path.join(build, "linnet")] + arguments,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ports = {}
        while "chat" not in self.ports:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the server did not start: " + command)
            words = line.split()
            if words and words[0] in ("tcp", "http", "chat"):
                self.ports[words[0]] = words[1].rstrip("/").rsplit(":", 1)[1]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE) == 0, "the server did not end cleanly"


class Chat:
    """One linnet-chat at its terminal."""

    def __init__(self, command, build, server, scratch):
        words = command.replace("build/release", build).split()
        words += ["--tcp-port", server.ports["tcp"], "--http-port", server.ports["http"]]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=dict(os.environ, HOME=scratch))
        self.output = ""

    def type(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()

    def wait_for(self, pattern):
        end = time.monotonic() + DEADLINE
        while not re.search(pattern, self.output):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert data, f"no {pattern!r} in: {self.output}"
            self.output += data.decode()
        return re.search(pattern, self.output)

    def quit(self):
        self.type("/quit")
        assert self.process.wait(DEADLINE) == 0


def run_shell(block, server, expect):
    block = block.replace("127.0.0.1:8081", "127.0.0.1:" + server.ports["http"])
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], capture_output=True, text=True,
                          timeout=DEADLINE)
    assert done.returncode == 0, done.stderr
    for pattern in expect:
        assert re.search(pattern, done.stdout), f"no {pattern!r} in: {done.stdout}"


def chat(commands, build, server, scratch):
    first = Chat(commands[0], build, server, scratch)
    second = Chat(commands[1], build, server, scratch)
    first_id = first.wait_for(r"user (\d+)").group(1)
    second_id = second.wait_for(r"user (\d+)").group(1)
    first.type("/add " + second_id)
    second.wait_for(r"/agree " + first_id)
    second.type("/agree " + first_id)
    first.wait_for(r"(?i)friend")
    second.type("/to " + first_id)
    second.type("good morning")
    first.wait_for("good morning")
    first.quit()
    second.type("are you there")
    second.type("/friends")
    second.wait_for(first_id)
    second.quit()
    again = Chat(commands[0], build, server, scratch)
    again.wait_for("are you there")
    again.quit()
    assert again.output.count("are you there") == 1, again.output
    assert "good morning" not in again.output, again.output


def main(root, build):
    with open(os.path.join(root, "README.md"), encoding="utf-8") as file:
        found = blocks(file.read())
    run, test, run_first, sign_in, send, chat_a, chat_b = found
    assert run == "./dev run\n" and test == "./dev test\n", "the two commands"
    with tempfile.TemporaryDirectory() as scratch:
        Server(run, build, scratch).stop()
        server = Server(run_first, build, scratch)
        try:
            run_shell(sign_in + 'echo "$ANNA $BEN"\n' + send, server,
                      [r'"deviceId":"2"', r"l1\.1\.1\.\S+ l1\.2\.2\.\S+", r'"seq":"2"'])
            chat([chat_a, chat_b], build, server, scratch)
        finally:
            server.stop()
    print("7 command blocks of README.md passed")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
