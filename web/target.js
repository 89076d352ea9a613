// From what stands in the Host and Port fields to the target that is dialled.

/**
 * The target of the fields: { target: "host:port" or "tls://host:port" }, or
 * { problem } in words with the name of the field. An empty port is 80, as it
 * was in 2012, and 443 with TLS. Host may hold more than a name, because that
 * is what people paste: host:port, tls://host, https://host/path.
 */
export function targetOf({ host, port, tls }) {
  let name = host.trim();
  let number = String(port).trim();

  const scheme = name.match(/^([a-z][a-z0-9+.-]*):\/\//i);
  if (scheme) {
    if (/^(tls|https)$/i.test(scheme[1])) tls = true;
    name = name.slice(scheme[0].length).replace(/[/?#].*$/, "");
  }
  const withPort = name.match(/^([^:[\]]+|\[[^\]]*\]):([^:]*)$/);
  if (withPort) {
    name = withPort[1];
    number ||= withPort[2];
  }
  if (name === "") return { problem: "Fill in a host, such as 127.0.0.1 or example.com.", field: "host" };
  if (/\s/.test(name)) return { problem: "A host has no spaces in it.", field: "host" };
  if (name.includes(":") && !name.startsWith("[")) name = `[${name}]`; // IPv6

  number ||= defaultPort(tls);
  if (/\s/.test(number)) return { problem: "A port has no spaces in it.", field: "port" };
  if (/^\d+$/.test(number) && (Number(number) < 1 || Number(number) > 65535)) {
    return { problem: "A port is a number from 1 to 65535.", field: "port" };
  }
  return { target: (tls ? "tls://" : "") + name + ":" + number };
}

/** What an empty Port field stands for. */
export function defaultPort(tls) {
  return tls ? "443" : "80";
}

/** Splits "host:port", as the workbench names its practice server. */
export function splitTarget(target) {
  const at = target.lastIndexOf(":");
  return { host: target.slice(0, at).replace(/^\[|\]$/g, ""), port: target.slice(at + 1) };
}

// Reasons come from the workbench in plain words; these add what to do on this
// page. The first that fits is taken.
const advices = [
  [/refused by/i, "Is the server running, and is that its port?"],
  [/no such host/i, "Check the spelling. Without Internet only local names work, such as localhost."],
  [/looked up/i, "Without Internet only local names and addresses work, such as 127.0.0.1."],
  [/no answer from/i, "Is the address right? A firewall may also swallow what is sent there."],
  [/can not be reached/i, "Is this machine on that network? 127.0.0.1 always is."],
  [/certificate/i, "Only a certificate that this machine trusts will do; nothing was sent."],
  [/\bTLS\b/i, "Switch TLS off, or use the port where the server speaks TLS."],
  [/\boption/i, "Look at the options of the line mode."],
  [/\bmode\b|plugin/i, "Pick another line mode; the workbench's log says more."],
  [/workbench/i, ""],
];

/** What to try after a failure, given its reason, or "". */
export function advice(reason) {
  const found = advices.find(([pattern]) => pattern.test(reason));
  return found ? found[1] : "Check host and port, then connect again.";
}
