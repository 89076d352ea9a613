// The documentation's pages need no script. With this one they have the colours that were
// chosen on the workbench's page, and "/" goes to the search, as it does there.

(() => {
  try {
    const theme = JSON.parse(globalThis.localStorage.getItem("workbench.theme") ?? "null");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Nothing is kept, or may be read: the colours are the system's.
  }
  addEventListener("keydown", (event) => {
    const field = document.getElementById("q");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target === field) return;
    event.preventDefault();
    field?.focus();
  });
})();
