// What to try next, by the codes of refusals and ends. Pure.

// What to try after a refusal, by its code (docs/websocket.md). tls.js says what can
// be done after TLS failed.
/** @type {Record<string, string>} */
const advices = {
  "refused": "Is the server running, and is that its port?",
  "no-such-host": "Check the spelling. Without Internet only local names work, such as localhost.",
  "look-up": "Without Internet only local names and addresses work, such as 127.0.0.1.",
  "no-answer": "Is the address right? A firewall may also swallow what is sent there.",
  "unreachable": "Is this machine on that network? 127.0.0.1 always is.",
  "proxy-unreachable": "Is the proxy running, and is that its port? Via says which it is.",
  "proxy-auth": "Write user and password into Via, as in socks5://me:secret@host:port.",
  "proxy-denied": "The proxy has rules of its own: try another port, or no proxy.",
  "proxy-failed": "Is that the proxy's kind? There are socks5:// and http://.",
  "busy": "End the other one, or choose another.",
  "off": "",
  "ws-refused": "Is the path right? WebSocket beside Host has what else to send, such as Origin.",
  "ws-failed": "Is that a WebSocket server, and with TLS or without?",
  "ws-subprotocol": "WebSocket beside Host says which to offer.",
  "ws-parameter": "Look at WebSocket beside Host.",
  "no-such-path": "Check the path: it is one of the workbench's machine.",
  "option": "Look at the options of the line mode.",
  "server-eof": "Look at the options of the line mode.",
  "mode-unknown": "Pick another line mode.",
  "mode-unavailable": "Pick another line mode; the workbench's log says more.",
  "mode-refused": "Look at the options of the line mode, or pick another one.",
  "stopping": "",
  "too-many-sessions": "End a session that you do not need, or connect again later.",
  "too-many-new-sessions": "Connect again later.",
  "too-many-dials": "Connect again later.",
  "class-paused": "Connect again when the class goes on.",
  "class-ended": "",
  "class-left": "Ask your teacher.",
};

/** What to try after a refusal with this code, or "". @param {string} code */
export function advice(code) {
  return advices[code] ?? "Check host and port, then connect again.";
}

/** @type {Record<string, string>} */
const endAdvices = {
  "mode-lost": "The workbench's log says more. Connect again for a new session.",
  "too-big": "Send it in parts, in a new session.",
};

/** What to try after a session broke off, by the code of its end. @param {string} code */
export function endAdvice(code) {
  return endAdvices[code] ?? "Connect again for a new session.";
}
