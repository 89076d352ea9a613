#!/usr/bin/env python3
"""A line mode for the Protocol Workbench, which starts it and speaks JSON lines
with it. Standard output is only for the protocol: print to standard error."""

import base64
import json
import sys

MANIFEST = {
    "name": "newmode",
    "title": "newmode",
    "version": "0.1",
    "summary": "Sends what you type as a line, and shows each line that the server sends.",
    "sends": "the line and CR LF, or LF alone with option end",
    "input": "line",
    "options": [{"name": "end", "type": "choice", "default": "crlf", "choices": ["crlf", "lf"],
                 "help": "What is sent after each line."}],
    "boundaries": True,  # one message per line
}

# Bound of the bytes held of a line: a server may never end one. A longer line is
# shown in parts.
MAX_LINE = 64 << 10


class Machine:
    """One session. Events go in, actions come out, and the same events always
    give the same actions: no clock, no random number, no I/O."""

    def __init__(self, options):
        self.end = {"crlf": b"\r\n", "lf": b"\n"}[options["end"]]
        self.some = False  # the server has sent a line
        self.held = b""  # the line that the server has not ended yet

    def handle(self, event):
        """Answers one event with a list of actions."""
        kind = event["event"]
        if kind in ("client text", "client binary"):
            return [{"action": "server", **payload(data(event) + self.end)}]
        if kind == "server":
            return self.receive(data(event))
        if kind in ("server eof", "server failed") and self.held:
            return self.show(self.held)  # the last line may have no end
        return []

    def receive(self, piece):
        """Takes a piece of the server's stream. It may be cut anywhere, so what
        comes out must not depend on where."""
        *ended, rest = (self.held + piece).split(b"\n")
        actions = []
        for line in ended:
            line = self.cut(line, actions)
            actions += self.show(line.removesuffix(b"\r"))
        self.held = self.cut(rest, actions)
        return actions

    def cut(self, line, actions):
        """Shows the parts of a line that is too long, and returns the rest."""
        while len(line) >= MAX_LINE:
            actions += self.show(line[:MAX_LINE])
            line = line[MAX_LINE:]
        return line

    def show(self, line):
        actions = [{"action": "client text", "text": line.decode("utf-8", "replace")}]
        if not self.some:
            self.some = True
            actions.insert(0, {"action": "note", "text": "the server's first line"})
        return actions

    # With a checkpoint a session recovers from a dead process, and moves to a new
    # build, without replaying its whole past. It is optional: without it, leave
    # "checkpoint" out of the hello.

    def checkpoint(self):
        """Returns the state in a form that JSON can hold, without the options:
        a machine is opened with them before it is restored."""
        return {"some": self.some, "held": base64.b64encode(self.held).decode()}

    def restore(self, state):
        """Reads what checkpoint returned, and refuses anything else."""
        try:
            some, held = state["some"], base64.b64decode(state["held"], validate=True)
        except (KeyError, TypeError, ValueError) as wrong:
            raise ValueError("the checkpoint does not parse") from wrong
        if type(some) is not bool or len(held) >= MAX_LINE or b"\n" in held:
            raise ValueError("the checkpoint does not parse")
        self.some, self.held = some, held


def data(event):
    """The bytes of an event, from its text or its base64."""
    return event["text"].encode() if "text" in event else base64.b64decode(event["b64"])


def payload(raw):
    """The same for an action."""
    try:
        return {"text": raw.decode()}
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(raw).decode()}


def say(**line):
    sys.stdout.write(json.dumps(line) + "\n")


def answer(session, n, actions):
    """Answers event n. A line of the protocol has a bound, so many actions go in
    several."""
    last = max(0, len(actions) - 1) // 16 * 16
    for at in range(0, last, 16):
        say(session=session, actions=actions[at:at + 16])
    say(session=session, actions=actions[last:], done=n)


def main():
    say(workbench=1, manifest=MANIFEST, checkpoint=True)
    sys.stdout.flush()
    sessions = {}
    for line in sys.stdin.buffer:
        request = json.loads(line)
        session = request["session"]
        if "open" in request:
            sessions[session] = Machine(request["open"]["options"])
            say(session=session, done=0)
        if "restore" in request:
            try:
                sessions[session].restore(request["restore"])
                say(session=session, done=0)
            except ValueError as wrong:
                say(session=session, failed=str(wrong))
        if "checkpoint" in request:
            say(session=session, state=sessions[session].checkpoint())
        for event in request.get("events", []):
            answer(session, event["n"], sessions[session].handle(event))
        if "bye" in request:
            sessions.pop(session, None)
        sys.stdout.flush()  # once for all events that came together


if __name__ == "__main__":
    main()
