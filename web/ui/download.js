// Files that the page gives to the browser's folder for downloads.

/**
 * Saves a file.
 * @param {string} name @param {BlobPart} content @param {string} [type]
 */
export function save(name, content, type = "text/plain;charset=utf-8") {
  const url = URL.createObjectURL(new Blob([content], { type }));
  saveURL(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Saves what an address answers. @param {string} url @param {string} [name] */
export function saveURL(url, name = "") {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
