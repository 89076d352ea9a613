// Of what a compiler or a plugin that is developed says: the line that its author
// should look at first. Pure.

/** The first line of a compiler's words that names a place in a file, or the first of all. @param {string} words */
export function firstError(words) {
  const lines = words.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => /\.\w+:\d+(:\d+)?:/.test(line)) ?? lines[0] ?? "").trim();
}

/**
 * The last crash in what a plugin printed: what it was, and the first place of it that
 * is in the author's own folder, as in "discipline.go:33"; "" where none is. null: it did
 * not crash. Go's panics name the innermost call first, Python's tracebacks last.
 * @param {string[]} log @param {string} source the folder, or the file, that is developed
 * @returns {{ what: string, where: string } | null}
 */
export function faultOf(log, source) {
  const text = log.join("\n").replaceAll("\\n", "\n").replaceAll("\\t", "\t");
  const begin = Math.max(text.lastIndexOf("panic: "), text.lastIndexOf("panic="), text.lastIndexOf("Traceback (most recent call last)"), text.lastIndexOf("fatal error: "));
  if (begin < 0) return null;
  const rest = text.slice(begin);
  const folder = /\.\w+$/.test(source) ? source.replace(/[/\\][^/\\]*$/, "") : source;
  const own = folder.replace(/[/\\]$/, "").replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&") + "[/\\\\]";
  if (rest.startsWith("Traceback")) {
    const [, file, line] = [...rest.matchAll(new RegExp(`File "${own}([^"]+)", line (\\d+)`, "g"))].at(-1) ?? [];
    const what = rest.split("\n").slice(1).find((words) => /^\S/.test(words)) ?? "";
    return { what, where: file ? `${file}:${line}` : "" };
  }
  const [, file, line] = new RegExp(`${own}(\\S+?):(\\d+)`).exec(rest) ?? [];
  const what = rest.split("\n")[0].replace(/^(panic|fatal error)[:=] ?/, "").replace(/ stack=.*$/, "");
  return { what: what.replace(/^"(.*)"$/, "$1"), where: file ? `${file}:${line}` : "" };
}
