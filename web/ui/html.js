// htm joined to Preact: html`<p>…</p>` makes what JSX would, with no build step.
//
// What stands in ${…} becomes a text node, never markup. Server bytes are shown
// only that way, so nothing a server sends can become part of the page.

import { h } from "../vendor/preact.js";
import htm from "../vendor/htm.js";
import { useEffect, useErrorBoundary, useState } from "../vendor/hooks.js";
import { lucide } from "../vendor/lucide.js";
import { resetSettings } from "../model/kept.js";
import "../vendor/signals.js"; // teaches components to render again when a signal they read changes

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(/** @type {any} */ (h));

/** One of vendor/lucide.js, as large as the text around it and in its colour. It says nothing: its button does. @param {{ name: string }} props */
export function Icon({ name }) {
  return html`
    <svg class="lucide" viewBox="0 0 24 24" aria-hidden="true">${lucide[name].map(([tag, shape]) => html`<${tag} ...${shape} />`)}</svg>
  `;
}

/**
 * A component that is fetched when it is shown for the first time, so that the
 * first visit stays light.
 * @param {() => Promise<any>} load as in () => import("./Ladder.js")
 * @param {string} name what the module exports it as
 * @returns {((props: any) => any) & { fetch: () => Promise<any> }} fetch has it there before it is shown: it is drawn at once then
 */
export function lazy(load, name) {
  /** @type {any} */
  let loaded = null;
  const fetch = async () => (loaded ??= (await load())[name]);
  /** @param {any} props */
  function Lazy(props) {
    const [Component, setComponent] = useState(() => loaded);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (Component) return;
      fetch().then(() => setComponent(() => loaded), () => setFailed(true));
    }, []);
    if (failed) return html`<p class="problem" role="alert">This part of the page could not be loaded. Is the workbench still running? Then reload the page.</p>`;
    return Component ? html`<${Component} ...${props} />` : null;
  }
  return Object.assign(Lazy, { fetch });
}

/** Gives the focus to what a selector names, and says whether it has it. @param {string} selector */
export function focus(selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  found?.focus();
  return found !== null && found === document.activeElement;
}

/**
 * Handlers for the box of some radio buttons: after one was pressed with the mouse,
 * what is typed goes to the field where one types again. By keys the focus stays, and a
 * finger would bring up the keyboard of the screen.
 */
export function backToField() {
  const pressed = { by: "" };
  return {
    onPointerDown: (/** @type {PointerEvent} */ event) => (pressed.by = event.pointerType),
    onKeyDown: () => (pressed.by = ""),
    onClick: (/** @type {Event} */ event) => {
      if (!(event.target instanceof HTMLElement && event.target.matches("input"))) return; // the label's, which comes first
      if (pressed.by === "mouse") focus("#command");
      pressed.by = "";
    },
  };
}

/**
 * Shows its children. Where one of them breaks, it says so in their place, and
 * the rest of the page goes on.
 * @param {{ what: string, children?: any }} props what: names them, as the subject of a sentence
 */
export function Guard({ what, children }) {
  const [error, retry] = useErrorBoundary((thrown) => globalThis.reportError(thrown));
  if (!error) return children;
  return html`
    <section class="card broken" role="alert">
      <p><b>${what} broke:</b> <span class="problem">${String(error)}</span></p>
      <p>
        <button type="button" class="small" onClick=${retry}>Try again</button>
        <button type="button" class="small" onClick=${() => (resetSettings(), retry())}>Reset settings</button>
        <span class="muted">Targets, snippets and earlier lines stay.</span>
      </p>
    </section>
  `;
}
