// A file sent through a session as messages, no faster than the server takes
// them.

import { maxMessage } from "./socket.js";

const chunk = 64 * 1024; // bytes of a message
const ahead = 256 * 1024; // bytes that may wait in the browser
const rest = 15; // milliseconds to wait when more do

// It changes no byte: invalid UTF-8 is an error, and a BOM stays.
const newDecoder = () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {{ stream(): any }} file */
async function isUTF8(file) {
  const reader = file.stream().getReader();
  const decoder = newDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    try {
      decoder.decode(value, { stream: !done });
    } catch {
      reader.cancel().catch(() => {});
      return false;
    }
    if (done) return true;
  }
}

/**
 * Sends a file through a session: as lines, each a message without its end, or
 * as bytes. Returns why it stopped, in words, or "" when all was sent.
 * @param {{ size: number, stream(): any }} file a File
 * @param {{ send(message: string | Uint8Array): string, readonly waiting: number }} session
 * @param {{ asLines: boolean, signal: AbortSignal, progress(done: number): void }} how progress: bytes so far
 */
export async function sendFile(file, session, { asLines, signal, progress }) {
  if (asLines && !(await isUTF8(file))) return "It is not UTF-8, and this line mode takes text: nothing was sent. The mode Raw bytes sends a file as it is.";
  const reader = file.stream().getReader();
  const decoder = newDecoder();
  let left = ""; // the beginning of a line whose end has not come
  let sent = 0;
  const give = async (/** @type {string | Uint8Array} */ message) => {
    while (session.waiting > ahead && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, rest));
    return signal.aborted ? "Cancelled." : session.send(message);
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      let problem = "";
      if (asLines) {
        left += done ? decoder.decode() : decoder.decode(value, { stream: true });
        const lines = left.split("\n");
        left = done ? "" : /** @type {string} */ (lines.pop());
        if (done && lines.at(-1) === "") lines.pop();
        if (left.length > maxMessage) return "A line of it is longer than 1 MiB.";
        for (const line of lines) if ((problem = await give(line.replace(/\r$/, "")))) return problem;
      } else {
        for (let i = 0; i < (value?.length ?? 0); i += chunk) if ((problem = await give(value.subarray(i, i + chunk)))) return problem;
      }
      sent += value?.length ?? 0;
      progress(sent);
      if (done) return "";
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
