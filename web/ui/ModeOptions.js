// The line modes in a picker, in their groups.

import { html } from "./html.js";
import { grouped } from "../model/propose.js";

/** @typedef {{ manifest: import("../types").Manifest, state?: string }} Mode */

/**
 * label: what stands for a mode, if it is not its title.
 * @param {{ modes: Mode[], picked: string, label?: (mode: Mode) => string }} props
 */
export function ModeOptions({ modes, picked, label = ({ manifest }) => manifest.title }) {
  return grouped(modes).map((group) => html`
    <optgroup key=${group.title} label=${group.title}>
      ${group.modes.map((mode) => html`<option key=${mode.manifest.name} value=${mode.manifest.name} selected=${mode.manifest.name === picked}>${label(mode)}</option>`)}
    </optgroup>
  `);
}
