// What the page knows: the modes there are, what the user picked, the session
// that is shown. Components read the signals and call the functions.

import { signal, computed, batch } from "./vendor/signals-core.js";
import { Session } from "./session.js";
import { targetOf, splitTarget } from "./target.js";
import { browserStorage } from "./history.js";

/** Signal: line modes as /api/modes lists them: { manifest, state, error }. */
export const modes = signal([]);
/** Signal: the practice server's "host:port", or "" when there is none. */
export const practice = signal("");
/** Signal: why the modes could not be asked for, or "". */
export const modesProblem = signal("");

/** The fields of the connect bar, each a signal. */
export const form = {
  host: signal(""),
  port: signal(""),
  tls: signal(false),
  mode: signal(""),
  options: signal({}), // mode → option → value, only what the user changed
};
/** Signal: { problem, field } of what stood in the connect bar at the last try, or null. */
export const formProblem = signal(null);

/** Signal: the session that is shown, or null before the first. */
export const session = signal(null);

/** The mode that is picked, or undefined while there is none. */
export const picked = computed(() => modes.value.find((mode) => mode.manifest.name === form.mode.value));

/** The state to show: what is wrong with the fields, else the session's, else that there has been none. */
export const state = computed(() => {
  if (formProblem.value) return { name: "failed", words: formProblem.value.problem };
  return session.value?.state.value ?? { name: "disconnected", words: "", hint: "Pick a line mode and a host, then connect." };
});

/** How the lanes are shown; kept for the next visit. */
export const lanes = kept("lanes", "both"); // "both", "console" or "wire"
export const showHex = kept("hex", true);
/** Whether the picked mode's summary and options are unfolded; on a phone they begin folded. */
export const detailsOpen = kept("details", !globalThis.matchMedia?.("(max-width: 600px)").matches);

let polling = 0;

/** Asks the workbench for its modes, again until none is starting. */
export async function loadModes() {
  clearTimeout(polling);
  try {
    const answer = await fetch("/api/modes");
    if (!answer.ok) throw new Error(`the workbench answered ${answer.status}`);
    const list = await answer.json();
    batch(() => {
      modes.value = list.modes.map((mode) => ({ ...mode, manifest: { ...mode.manifest, options: mode.manifest.options ?? [] } }));
      practice.value = list.practice ?? "";
      modesProblem.value = "";
      if (!picked.value) form.mode.value = list.default || list.modes[0]?.manifest.name || "";
      if (!form.host.value && !session.value) usePractice();
    });
    if (list.modes.some((mode) => mode.state === "starting")) polling = setTimeout(loadModes, 1000);
  } catch (error) {
    modesProblem.value = "The list of line modes did not come. Is the workbench still running?";
    polling = setTimeout(loadModes, 3000);
  }
}

/** Puts the practice server into the fields. */
export function usePractice() {
  if (!practice.value) return;
  const { host, port } = splitTarget(practice.value);
  batch(() => {
    form.host.value = host;
    form.port.value = port;
    form.tls.value = false;
    formProblem.value = null;
  });
}

/** The value of one of the picked mode's options. */
export function optionValue(option) {
  return form.options.value[form.mode.value]?.[option.name] ?? option.default;
}

export function setOption(option, value) {
  const mode = form.mode.value;
  form.options.value = { ...form.options.value, [mode]: { ...form.options.value[mode], [option.name]: value } };
}

/** Connects to what the fields say, or says what is wrong with them. */
export function connect() {
  const mode = picked.value?.manifest;
  const { target, problem, field } = targetOf({
    host: form.host.value,
    port: form.port.value,
    tls: form.tls.value,
  });
  formProblem.value = mode
    ? problem ? { problem, field } : null
    : { problem: "There is no line mode to connect with yet.", field: "mode" };
  if (formProblem.value) return;

  // A number field that was emptied stands for the default.
  const chosen = Object.entries(form.options.value[mode.name] ?? {});
  const isEmptyInt = (name) => mode.options.some((option) => option.name === name && option.type === "int");
  const options = Object.fromEntries(chosen.filter(([name, value]) => value !== "" || !isEmptyInt(name)));

  session.value?.close();
  session.value = new Session({ mode, options, target });
}

export function disconnect() {
  session.value?.close();
}

// A signal whose value the browser remembers, where it may.
function kept(name, initial) {
  const key = "workbench." + name;
  const storage = browserStorage();
  let value = initial;
  try {
    value = JSON.parse(storage.getItem(key)) ?? initial;
  } catch {
    // nothing kept: the initial value it is
  }
  const kept = signal(value);
  kept.subscribe((now) => {
    try {
      storage.setItem(key, JSON.stringify(now));
    } catch {
      // forgotten at the next visit, no more
    }
  });
  return kept;
}
