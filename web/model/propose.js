// Which line mode is for a server: by its port, and by how it begins. Pure. core/gallery.go
// has the same for captures, and core/testdata/propose.json holds them together.

/** @typedef {import("../types").Manifest} Manifest */
/**
 * A mode, the name of the protocol, and the greeting that was recognised; "" if the port
 * alone tells, and then with the options for it, if the mode needs others than the defaults.
 * @typedef {{ mode: string, name: string, begins: string, options?: Record<string, string> }} Proposal
 */

/** The groups in their order, and what they are called. @type {[string, string][]} */
const groups = [["web", "Web"], ["mail", "Mail"], ["files", "Files"], ["stores", "Stores"], ["devices", "Devices"], ["raw", "Raw"], ["", "Others"]];

/**
 * The modes by groups, without those groups that are empty. A group that is not known is
 * among the others.
 * @template {{ manifest: Manifest }} T @param {T[]} modes @returns {{ title: string, modes: T[] }[]}
 */
export function grouped(modes) {
  const known = new Set(groups.map(([group]) => group));
  return groups
    .map(([group, title]) => ({ title, modes: modes.filter(({ manifest: { group: own = "" } }) => (known.has(own) ? own : "") === group) }))
    .filter(({ modes }) => modes.length > 0);
}

/** The port of a target such as "tls://host:port", or 0. @param {string} target */
export function portOf(target) {
  return Number(/:(\d{1,5})$/.exec(target)?.[1] ?? 0);
}

/** @param {string} mode @param {{ name: string, options?: Record<string, string> }} usual @returns {Proposal} */
function proposal(mode, { name, options }) {
  return options ? { mode, name, begins: "", options } : { mode, name, begins: "" };
}

/** @param {Manifest[]} manifests @param {number} port @returns {Proposal | null} */
export function proposeByPort(manifests, port) {
  for (const { name: mode, ports = [] } of manifests) {
    const usual = ports.find((one) => one.port === port);
    if (usual) return proposal(mode, usual);
  }
  return null;
}

/**
 * first is what a server said first, as Latin-1. Of the greetings that fit, those of modes
 * for the port come first, then the longest, then the first.
 * @param {Manifest[]} manifests @param {number} port @param {string} first @returns {Proposal | null}
 */
export function propose(manifests, port, first) {
  /** @type {(Proposal & { usual: boolean }) | null} */
  let best = null;
  for (const { name: mode, ports = [], greetings = [] } of manifests) {
    const usual = ports.some((one) => one.port === port);
    for (const { begins, name } of greetings) {
      if (!first.startsWith(begins)) continue;
      if (!best || (usual && !best.usual) || (usual === best.usual && begins.length > best.begins.length)) best = { mode, name, begins, usual };
    }
  }
  return best ? { mode: best.mode, name: best.name, begins: best.begins } : proposeByPort(manifests, port);
}

/**
 * What the form proposes in the place of the picked mode, or of its options; null where that
 * is for the port, or has an option that was chosen there.
 * @param {Manifest[]} manifests @param {string} picked @param {string} target @param {Record<string, string>} [chosen] options of the picked mode
 */
export function proposedFor(manifests, picked, target, chosen = {}) {
  const port = portOf(target);
  const own = manifests.find(({ name }) => name === picked);
  const usual = own?.ports?.find((one) => one.port === port);
  if (!usual) {
    const found = proposeByPort(manifests, port);
    return found && { ...found, port };
  }
  const fits = Object.entries(usual.options ?? {}).every(([name, value]) => name in chosen || own?.options.some((one) => one.name === name && one.default === value));
  return fits ? null : { ...proposal(picked, usual), port };
}
