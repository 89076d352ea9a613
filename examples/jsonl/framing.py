"""Cuts one direction of a connection into frames: lines, bytes up to a delimiter, frames
that begin with their length, and headers with a Content-Length and what they announce.

A line mode is one file, so copy what you need into yours: FrameError, Stream, and a cut.

    stream = Stream(prefixed(2))           # one for each direction, in the session's state
    for at, frame in stream.feed(data):    # at is where it begins in the stream
        ...

The frames are the same however the stream was cut into reads. It needs Python 3.9 or later.
"""
import re

class FrameError(Exception):
    """Why a stream cannot go on. What was yielded before it counts."""

class Stream:
    """One direction of a connection. A frame has at most so many bytes."""

    FRAMES, WINDOW = 3, 4096  # so many frames, or bytes of them, are a place; see resync

    def __init__(self, cut, most=1 << 20, plausible=None):
        self.cut, self.most, self.plausible = cut, most, plausible
        self.at, self.held, self.search = 0, b"", ""

    def feed(self, data):
        """Yield each frame that is whole now, with where it begins. Raise FrameError."""
        data, seen, done = self.held + data, len(self.held), 0
        while done < len(data):
            if self.search == "searching":
                done, seen = self.find(data, done), 0
                if self.search == "searching":
                    break
            if self.search and self.misplaced(data, done):
                self.search, done = "searching", done + 1
                continue
            size = self.sized(data, done, seen)
            if not size or size > len(data) - done:
                break
            yield self.at + done, data[done:done + size]
            done, seen = done + size, 0
        self.at, self.held = self.at + done, data[done:]

    def sized(self, data, at, seen):
        """Return what the cut says, within the bound."""
        size = self.cut(data, at, seen)
        if size > self.most or not size and len(data) - at >= self.most:
            raise FrameError(f"a frame is longer than is taken: {self.most} bytes")
        return size

    def skip(self, count):
        """So many bytes were missed: what follows them begins a frame."""
        self.at, self.held, self.search = self.at + len(self.held) + count, b"", ""

    def resync(self, count):
        """So many bytes were missed: what follows them may be anywhere in a frame.

        Bytes are passed over until FRAMES frames follow each other that are plausible, or
        WINDOW bytes are as far as they go. plausible(frame, whole) is given all of a frame,
        or its beginning, of which it says no only if it does of all that begin so. If a later
        frame is not plausible, or cannot be one, the search begins again after its first byte.
        """
        self.skip(count)
        self.search = "searching"

    def find(self, data, at):
        """Return where, from at on, frames are found or may still be."""
        for at in range(at, len(data)):
            found = self.begins(data[at:at + self.WINDOW])
            if found is not False:
                self.search = "found" if found else "searching"
                return at
        return len(data)

    def begins(self, window):
        """Return whether frames begin here; None if more has to come to know."""
        at, full = 0, len(window) == self.WINDOW or None
        for _ in range(self.FRAMES):
            if at == len(window):
                return full
            if self.misplaced(window, at):
                return False
            size = self.sized(window, at, 0)
            if not 0 < size <= len(window) - at:
                return full
            at += size
        return True

    def misplaced(self, data, at):
        """Return whether no frame begins at this place."""
        try:
            size = self.sized(data, at, 0)
        except FrameError:
            return True
        whole = 0 < size <= len(data) - at
        return not self.plausible(data[at:at + size] if whole else data[at:], whole)

    def state(self):
        """Return the stream for a checkpoint, as JSON has it."""
        return [self.at, self.held.decode("latin-1"), self.search]

    def restore(self, state):
        self.at, self.held, self.search = int(state[0]), state[1].encode("latin-1"), str(state[2])

# A cut returns how many bytes of data, from at on, are a frame whole, or 0 if more has to come
# to know that; seen is how many of them were there when it was asked last about this frame.

def after(delimiter):
    """Cut after each delimiter."""
    def cut(data, at, seen):
        found = data.find(delimiter, at + max(0, seen - len(delimiter) + 1))
        return found - at + len(delimiter) if found >= 0 else 0
    return cut

def lines():
    """Cut after each LF."""
    return after(b"\n")

def prefixed(size, order="big", counts="rest"):
    """Cut frames that begin with their length: of what follows it, or of the "whole"."""
    def cut(data, at, seen):
        if len(data) - at < size:
            return 0
        length = int.from_bytes(data[at:at + size], order)
        if counts == "whole" and length < size:
            raise FrameError(f"a frame says that it has {length} bytes, and its length alone has {size}")
        return length if counts == "whole" else length + size
    return cut

def content_length():
    """Cut headers, up to an empty line, with the bytes that a Content-Length announces."""
    def cut(data, at, seen):
        length, begin = None, at
        while (end := data.find(b"\n", begin)) >= 0:
            line, begin = data[begin:end].removesuffix(b"\r"), end + 1
            if not line:
                return begin - at + (length or 0)
            name, _, value = line.partition(b":")
            if name.strip().lower() != b"content-length":
                continue
            digits = value.strip(b" \t")
            if not re.fullmatch(rb"[0-9]+", digits):
                raise FrameError(f"Content-Length is {value[:40]!r} and no number of bytes (RFC 9110, section 8.6)")
            digits = digits.lstrip(b"0") or b"0"
            number = int(digits) if len(digits) < 20 else 1 << 63
            if length not in (None, number):
                raise FrameError("two Content-Lengths say different numbers (RFC 9110, section 8.6)")
            length = number
        return 0
    return cut
