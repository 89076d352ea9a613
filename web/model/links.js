// The further connections of a session, as the page shows them: each is a lane like the
// wire's, and has a state. Pure.

/** @typedef {import("../types").Entry} Entry */

/** Whether an entry is bytes of a further connection, which its own lane shows. @param {Entry} entry */
export function isCarried({ link, kind }) {
  return link !== undefined && kind === "bytes";
}

/** An entry of a further connection as its own lane takes it: what it carries flows as from and to a server. @param {Entry} entry @returns {Entry} */
export function alone(entry) {
  if (!isCarried(entry)) return entry;
  const { link, ...rest } = entry;
  return { ...rest, side: "server" };
}

/** How a further connection stands after an entry of it, in words; undefined: as before. @param {Entry} entry */
export function standing({ dir, kind, text = "" }) {
  switch (`${dir} ${kind}`) {
    case "<< connect": return "being opened to " + text;
    case "<< accept": return "waits for the server";
    case ">> listening": return "waits for the server at " + text;
    case ">> connected": return "open to " + text;
    case ">> failed": return "failed: " + text;
    case ">> closed": return "has ended";
  }
  return undefined;
}
