// Targets that stand in Host as a whole: those of the workbench's machine, which are no
// host, what such an address says, and what is wrong with it; and those of UDP. The
// workbench reads the same, in core/target.

/** What is wrong with the fields of a target, and in which. */
export class Wrong extends Error {
  /** @param {string} problem @param {string} field */
  constructor(problem, field = "host") {
    super(problem);
    this.field = field;
  }
}

/** Without the white space around it. A byte order mark is none: it shows nowhere and must not vanish. @param {string} text */
export function trim(text) {
  return text.replace(/^[^\S\ufeff]+|[^\S\ufeff]+$/g, "");
}

/** Refuses a character that does not show. @param {string} text @param {string} what it is, as the beginning of a sentence */
export function checkShown(text, what) {
  const [unseen] = text.match(/(?! )[\p{C}\p{Z}]/u) ?? [];
  if (unseen) throw new Wrong(`${what} has the character ${codePoint(unseen)}, which does not show. Delete it.`);
}

/** @param {string} character */
function codePoint(character) {
  return "U+" + /** @type {number} */ (character.codePointAt(0)).toString(16).toUpperCase().padStart(4, "0");
}

const maxPath = 107; // bytes of a Unix socket's

/** Whether what stands in Host is no host, as readLocal and readEnd (ends.js) write it. @param {string} host */
export function isLocal(host) {
  return /^(unix:\/\/|listen:\/\/|serial:\/|exec:["'/])/i.test(host);
}

/** Whether what stands in Host is of UDP, udp://host:port. @param {string} host */
export function isDatagrams(host) {
  return /^udp:\/\//i.test(host);
}

/** Whether Host holds all of the target: no port stands beside it, and no proxy leads to it. @param {string} host */
export function isWhole(host) {
  return isLocal(host) || isDatagrams(host);
}

/**
 * What stands in Host, if that is no host, as it is written best: unix:///path. TLS is
 * the switch's beside it, unless the address says it, as tls+unix:///path does.
 * @param {string} text @param {boolean} tls
 * @returns {{ host: string, tls: boolean } | null}
 */
export function readLocal(text, tls) {
  const [, secure, rest] = text.match(/^(tls\+)?unix:(?=[^]*[/@])([^]*)$/i) ?? [];
  if (rest === undefined) {
    if (text.startsWith("/")) throw new Wrong("A path alone is not a target: write a Unix socket as in unix:///run/app.sock.");
    return null;
  }
  const path = trim(rest.startsWith("//") ? rest.slice(2) : rest);
  if (rest.startsWith("//") && !path.startsWith("/")) throw new Wrong("The path of a Unix socket is absolute, and no host stands before it: write unix:///run/app.sock, with three slashes.");
  if (!path.startsWith("/")) throw new Wrong("The path of a Unix socket is absolute, as in unix:///run/app.sock.");
  checkShown(path, "The path");
  const size = new TextEncoder().encode(path).length;
  if (size > maxPath) throw new Wrong(`The path of the Unix socket has ${size} bytes; at most ${maxPath} fit.`);
  return { host: "unix://" + path, tls: tls || !!secure };
}
