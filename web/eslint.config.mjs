// What eslint asks of the page's files: its own recommendations, that no string
// becomes code or markup, and nothing that browsers of 2024 lack: for scripts
// package.json names them in "browserslist". Of the language itself no more is
// used than tsconfig.json says, which Node 18 has, the one of Debian 12.

import css from "@eslint/css";
import js from "@eslint/js";
import compat from "eslint-plugin-compat";

const browser = [
  "AbortController", "AbortSignal", "Blob", "EventSource", "Event", "HTMLElement", "HTMLSelectElement", "Image", "MutationObserver", "ResizeObserver", "TextDecoder",
  "TextEncoder", "URL", "URLSearchParams", "Worker", "addEventListener", "alert", "atob", "btoa", "cancelAnimationFrame", "clearInterval", "clearTimeout", "confirm",
  "document", "fetch", "getComputedStyle", "getSelection", "history", "location", "matchMedia", "navigator", "performance", "postMessage",
  "removeEventListener", "requestAnimationFrame", "setInterval", "setTimeout",
];

export default [
  { ignores: ["vendor/", "node_modules/", "test/axe.min.js"] },
  { files: ["**/*.js", "**/*.mjs"], ...js.configs.recommended },
  {
    files: ["*.css"],
    plugins: { css },
    language: "css/css",
    rules: {
      "css/use-baseline": ["error", {
        available: 2024,
        allowProperties: ["accent-color", "overflow-anchor", "resize", "user-select"], // without which the page is less pretty, and works
      }],
    },
  },
  {
    files: ["*.js", "wire/*.js", "model/*.js", "ui/*.js"],
    plugins: { compat },
    languageOptions: { globals: Object.fromEntries(browser.map((name) => [name, "readonly"])) },
    rules: {
      "compat/compat": "error",
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
    languageOptions: { globals: Object.fromEntries(["Buffer", "Blob", "ReadableStream", "AbortController", "TextEncoder", "TextDecoder", "URL", "globalThis", "queueMicrotask", "setImmediate"].map((name) => [name, "readonly"])) },
    rules: { "no-control-regex": "off" },
  },
];
