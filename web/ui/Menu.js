// A button that opens a small sheet under it. Escape closes it, and so does
// going elsewhere.

import { Icon, html } from "./html.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../vendor/hooks.js";

/**
 * sheet(close) returns the content of the sheet, once that is open. wanted, a
 * signal, opens it too: at what it names, as a selector in the sheet.
 * @param {{ id?: string, label: any, title?: string, side?: "left" | "right", up?: boolean, disabled?: boolean, plain?: boolean,
 *   wanted?: import("../vendor/signals-core.js").Signal<string>, sheet: (close: () => void) => any }} props
 */
export function Menu({ id, label, title, side = "right", up = false, disabled = false, plain = false, wanted, sheet }) {
  const [open, setOpen] = useState(false);
  const box = useRef(/** @type {any} */ (null));
  const button = useRef(/** @type {any} */ (null));

  const at = wanted?.value ?? "";
  useLayoutEffect(() => {
    if (at) setOpen(true);
  }, [at]);
  useLayoutEffect(() => () => {
    if (open && wanted) wanted.value = "";
  }, [open]);
  useEffect(() => {
    if (!open) return;
    // The sheet's content may still be loading when it opens.
    const sheet = box.current.querySelector(".sheet");
    const focus = () => {
      const first = sheet.querySelector(at || "button, input, select, a");
      if (first) coming.disconnect();
      first?.focus();
    };
    const coming = new MutationObserver(focus);
    coming.observe(sheet, { childList: true, subtree: true });
    focus();
    const onPointerDown = (/** @type {Event} */ event) => !box.current.contains(event.target) && setOpen(false);
    document.addEventListener("pointerdown", onPointerDown);
    return () => {
      coming.disconnect();
      document.removeEventListener("pointerdown", onPointerDown);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      close();
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp") && !(event.target instanceof HTMLSelectElement)) {
      event.preventDefault();
      const all = [...box.current.querySelectorAll("button, input, select, a")].filter((one) => !one.disabled);
      const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      all[(at + all.length) % all.length]?.focus();
    }
  };
  const onFocusOut = (/** @type {FocusEvent} */ event) => {
    if (open && event.relatedTarget && !box.current.contains(event.relatedTarget)) setOpen(false);
  };

  return html`
    <div class="menu" ref=${box} onKeyDown=${onKeyDown} onFocusOut=${onFocusOut}>
      <button type="button" id=${id} ref=${button} title=${title} disabled=${disabled} class=${plain ? "quiet" : "small"}
        aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>${label} <${Icon} name="chevron-down" /></button>
      ${open && html`<div class=${`sheet ${side} ${up ? "up" : ""}`}>${sheet(close)}</div>`}
    </div>
  `;
}
