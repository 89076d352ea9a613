// Requests that change what the workbench has.

/**
 * Fetches with the header by which the workbench tells the page from a form, which any
 * other page could send. init names the method.
 * @param {string} url @param {RequestInit & { headers?: Record<string, string> }} init
 */
export function change(url, init) {
  return fetch(url, { ...init, headers: { ...init.headers, "X-Workbench": "1" } });
}
