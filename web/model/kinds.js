// The kinds of event and action, a row each: how a payload of it flows, what the
// lanes say of it, what the ladder draws. What a kind means on the page is asked
// for here and nowhere else. Pure; it draws nothing.
//
// The rows bear the names of the constants of Go's package core. A kind that core
// has and that is missing here fails kinds_test.go, at the root of the project.

/** @typedef {import("../types").Entry} Entry */

/** @typedef {keyof typeof flows} Flow how a payload flows */
/** @typedef {string | ((entry: Entry) => string)} Words what an entry says: words, or words made of it */

/**
 * @typedef {object} Kind
 * @property {string} entry the mark, side and kind of its entries
 * @property {Flow} [flow] how its payload flows; the lanes and the ladder show that payload then
 * @property {boolean} [text] whether that payload is text rather than bytes
 * @property {Words} [console] what the console says where nothing flows
 * @property {Words} [wire] what the wire says then
 * @property {boolean} [hasLane] it stands in a lane of its own, and in the console with a warning, if its words are not ""
 * @property {boolean} [isNote] whether what the console says is the line mode's note rather than a remark
 * @property {boolean} [finishes] it ends the stream to the server, which the wire says once
 * @property {[number, number, string]} [arrow] what the ladder draws then: from one lifeline to another, and a label
 * @property {[number, Words, ("note" | "remark")?]} [at] or words at a lifeline
 * @property {string} [silent] why nothing shows
 */

// The lifelines of the ladder.
const [you, mode, server] = [0, 1, 2];

/**
 * How payloads flow: past which lifelines, and on to which when the side that they
 * come from passes through. What touches you stands in the console, what touches
 * the server on the wire.
 */
export const flows = {
  said: { path: [you, mode], passed: server },
  ordered: { path: [you, mode] }, // a command: what it comes to the line mode says
  raw: { path: [you, mode, server] },
  heard: { path: [server, mode], passed: you },
  shown: { path: [mode, you] },
  unfinished: { path: [mode, you] }, // the next one shown takes its place
  sent: { path: [mode, server] },
};

/** @satisfies {Record<string, Kind>} */
const table = {
  ClientText: { entry: ">> client text", flow: "said", text: true },
  ClientBinary: { entry: ">> client binary", flow: "said" },
  ClientPart: { entry: ">> client part", flow: "said", text: true },
  ClientRaw: { entry: ">> client raw", flow: "raw" },
  ClientBytes: { entry: ">> client bytes", flow: "said" },
  ClientEOF: {
    entry: ">> client eof", arrow: [you, mode, "end of input"],
    // Unless the line mode does it itself, the workbench ends the stream to the
    // server after this, which is not an entry of its own.
    console: "You ended your input.", finishes: true,
  },
  ClientClosed: { entry: ">> client closed", console: "You closed the session.", arrow: [you, mode, "closed"] },
  ServerBytes: { entry: ">> server bytes", flow: "heard" },
  ServerEOF: {
    entry: ">> server eof", arrow: [server, mode, "end of stream (FIN)"],
    console: "The server closed its side.", wire: "End of the server's stream (FIN)",
  },
  ServerFailed: {
    entry: ">> server failed", at: [server, ({ text }) => text ?? "broken"],
    console: ({ text }) => "The connection to the server broke: " + text, wire: ({ text }) => "Broken: " + text,
  },
  ServerTLS: {
    entry: ">> server tls", at: [server, ({ text }) => text ?? "tls"],
    console: ({ text }) => "The connection is TLS from here on: " + text, wire: ({ text }) => "TLS from here on: " + text,
  },
  ClientTLS: {
    entry: ">> client tls", at: [you, ({ text }) => text ?? "tls"],
    console: ({ text }) => "The client's connection is TLS from here on: " + text,
  },
  ClientTLSFailed: {
    entry: ">> client tls-failed", at: [you, ({ text }) => text ?? "no tls"],
    console: ({ text }) => "The client's connection did not become TLS: " + text,
  },
  ClientStartTLS: { entry: ">> client start-tls", arrow: [you, mode, "upgrade to TLS"], console: "You asked for TLS." },
  ClientCommand: { entry: ">> client command", flow: "ordered", text: true },
  ServerQuiet: { entry: ">> server quiet", silent: "what the line mode makes of it says more" },
  ClientUnseen: { entry: ">> client unseen", console: unseen, at: [mode, unseen] },
  ServerUnseen: { entry: ">> server unseen", wire: unseen, at: [mode, unseen] },
  WorldSaid: { entry: ">> world", console: ({ text }) => "The world answers: " + text, at: [mode, ({ text }) => "world: " + text] },
  LinkListening: { entry: ">> link listening", wire: linked("waits for the server at"), at: [server, linked("waits at")] },
  LinkConnected: { entry: ">> link connected", wire: linked("is there:"), at: [server, linked("connected")] },
  LinkFailed: { entry: ">> link failed", wire: linked("failed:"), at: [server, linked("failed:")] },
  LinkBytes: { entry: ">> link bytes", wire: carried("from"), at: [server, carried("from")] },
  LinkEOF: { entry: ">> link eof", wire: linked("gets no more (FIN)"), at: [server, linked("FIN")] },
  LinkClosed: { entry: ">> link closed", wire: linked("has ended"), at: [server, linked("has ended")] },
  TimerFired: { entry: ">> timer", console: ({ name }) => `Timer ${name} fired.`, at: [mode, ({ name }) => `timer ${name} fired`] },

  SendServer: { entry: "<< server bytes", flow: "sent" },
  SendText: { entry: "<< client text", flow: "shown", text: true },
  SendBinary: { entry: "<< client binary", flow: "shown" },
  ShowPart: { entry: "<< client part", flow: "unfinished", text: true },
  FinishServer: { entry: "<< server eof", finishes: true, arrow: [mode, server, "end of stream (FIN)"] },
  Close: {
    entry: "<< close", at: [mode, ({ text }) => "close: " + (text ?? ""), "note"],
    console: ({ text }) => "The line mode ends the session: " + text,
  },
  Note: { entry: "<< note", console: said, isNote: true, at: [mode, said, "note"] },
  Failed: {
    entry: "<< failed", at: [mode, ({ text }) => "failed: " + (text ?? ""), "note"],
    console: ({ text }) => "The line mode failed: " + text,
  },
  SetTimer: {
    entry: "<< timer", at: [mode, ({ name, after }) => `timer ${name} in ${after}`],
    console: ({ name, after }) => `Timer ${name} is set: ${after}.`,
  },
  StopTimer: { entry: "<< timer off", console: ({ name }) => `Timer ${name} is off.`, at: [mode, ({ name }) => `timer ${name} off`] },
  PassThrough: {
    entry: "<< pass-through", at: [mode, ({ side }) => `the ${side}'s bytes pass through`],
    console: ({ side }) => `The ${side}'s bytes pass through unchanged from here on.`,
  },
  StartTLS: {
    entry: "<< start-tls", at: [mode, ({ text, side }) => "starts TLS" + (side === "client" ? " with the client" : "") + (text ? " for " + text : "")],
    console: ({ text }) => "The line mode starts TLS" + (text ? ` for ${text}.` : "."),
  },
  AskWorld: { entry: "<< world", console: ({ text }) => "The world is asked: " + text, at: [mode, ({ text }) => "asks the world: " + text] },
  Connect: { entry: "<< link connect", wire: linked("is opened to"), at: [server, linked("is opened to")] },
  Accept: { entry: "<< link accept", wire: linked("waits for the server"), at: [server, linked("waits")] },
  SendLink: { entry: "<< link bytes", wire: carried("to"), at: [server, carried("to")] },
  FinishLink: { entry: "<< link eof", wire: linked("is sent no more (FIN)"), at: [server, linked("FIN to it")] },
  CloseLink: { entry: "<< link close", wire: linked("is closed"), at: [server, linked("is closed")] },
  Decoded: { entry: "<< message", console: wrongs, hasLane: true, at: [mode, recognised, "note"] },
  Secret: { entry: "<< secret", silent: "it is for recordings" },
  SecretBytes: { entry: "<< secret-value", silent: "it is for recordings" },
};

/** All kinds, by their names. @type {Record<keyof typeof table, Kind>} */
export const kinds = table;

const byEntry = new Map(Object.values(kinds).map((kind) => [kind.entry, kind]));

/** The kind of an event or action; undefined of a remark, and of what a later version says. @param {Entry} entry @returns {Kind | undefined} */
export function kindOf({ dir, side, link, kind, after }) {
  if (link !== undefined) return byEntry.get(`${dir} link ${kind}`);
  if (after === "off") kind += " off";
  return (side && byEntry.get(`${dir} ${side} ${kind}`)) || byEntry.get(`${dir} ${kind}`);
}

/** What words say of an entry. @param {Words} words @param {Entry} entry */
export function wordsFor(words, entry) {
  return typeof words === "string" ? words : words(entry);
}

/** What is said of a further connection, with its name. @param {string} words @returns {(entry: Entry) => string} */
function linked(words) {
  return ({ link, text }) => `${link}: ${words}${text ? " " + text : ""}`;
}

/** What a further connection carries is said in a line, not shown. @param {"from" | "to"} way @returns {(entry: Entry) => string} */
function carried(way) {
  return (entry) => {
    const size = payload(entry).length;
    const begins = entry.text !== undefined ? `: ${JSON.stringify(entry.text.slice(0, 60))}${entry.text.length > 60 ? "…" : ""}` : "";
    return `${entry.link}: ${size} ${size === 1 ? "byte" : "bytes"} ${way} it${begins}`;
  };
}

/** @param {Entry} entry */
function unseen({ side, length }) {
  return `The line mode has missed ${length} bytes of the ${side}'s.`;
}

/** @param {Entry} entry */
function recognised({ message }) {
  return message ? `${message.flow} ${message.from}–${message.to}: ${message.summary ?? "(not text)"}` : "";
}

// What is wrong with a message; "": nothing.
/** @param {Entry} entry */
function wrongs({ message }) {
  const why = message && firstWrong(message.fields);
  return why === undefined ? "" : `Wrong, ${message?.flow} ${message?.from}–${message?.to}, ${message?.summary ?? "(not text)"}: ${why}`;
}

/** @param {import("../types").Field[]} [fields] @returns {string | undefined} */
function firstWrong(fields = []) {
  for (const { wrong, wrongB64, fields: inside } of fields) {
    const why = wrong ?? (wrongB64 === undefined ? firstWrong(inside) : "(not text)");
    if (why !== undefined) return why;
  }
  return undefined;
}

/** @param {Entry} entry */
function said({ text, level }) {
  return (level ? { warning: "Warning: ", error: "Error: " }[level] : "") + (text ?? "");
}

const encoder = new TextEncoder();

/** An entry's payload as bytes. @param {Entry} entry */
export function payload({ text, b64 }) {
  if (b64 === undefined) return encoder.encode(text ?? "");
  return Uint8Array.from(atob(b64), (char) => char.charCodeAt(0));
}
