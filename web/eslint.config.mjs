// What eslint asks of the page's files: its own recommendations, and that no
// string becomes code or markup.

import js from "@eslint/js";

const browser = [
  "AbortController", "AbortSignal", "Blob", "EventSource", "Event", "HTMLElement", "HTMLSelectElement", "Image", "MutationObserver", "ResizeObserver", "TextDecoder",
  "TextEncoder", "URL", "URLSearchParams", "Worker", "addEventListener", "alert", "atob", "clearInterval", "clearTimeout", "confirm",
  "document", "fetch", "getComputedStyle", "getSelection", "history", "location", "matchMedia", "navigator", "performance", "postMessage",
  "removeEventListener", "requestAnimationFrame", "setInterval", "setTimeout",
];

export default [
  { ignores: ["vendor/", "node_modules/", "test/axe.min.js"] },
  js.configs.recommended,
  {
    files: ["*.js", "components/*.js"],
    languageOptions: { globals: Object.fromEntries(browser.map((name) => [name, "readonly"])) },
    rules: {
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-unused-expressions": "off", // reading a signal's value subscribes to it
      "no-control-regex": "off", // controls are what this page is about
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({ property, message: "What a server sends must stay text." })),
      ],
    },
  },
  {
    files: ["test/*.js"],
    languageOptions: { globals: Object.fromEntries(["Buffer", "Blob", "ReadableStream", "AbortController", "TextEncoder", "TextDecoder", "globalThis", "queueMicrotask", "setImmediate"].map((name) => [name, "readonly"])) },
    rules: { "no-control-regex": "off" },
  },
];
