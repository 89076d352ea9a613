// The tabs: each has the fields of its connect bar, the session that it shows and
// how the user looks at it. It draws nothing.

import { batch, computed, effect, signal, untracked } from "../vendor/signals-core.js";
import { Session } from "../wire/session.js";
import { LaneView } from "../model/laneview.js";
import { defaultMode, modes, practice, practices, recording } from "../wire/workbench.js";
import { formOf, formatRoute, go } from "./route.js";
import { browserStorage } from "../model/kept.js";
import { isWhole } from "../model/local.js";
import { Targets, changedTLS, fieldsOf, isWebSocket, normalFields, targetOf, withTLS, withoutHeaders, withoutPassword, wrongTLS } from "../model/target.js";

/** Targets of earlier visits; targetsVersion is a signal that rises when they change. */
export const targets = new Targets(browserStorage());
export const targetsVersion = signal(0);

let ids = 0;

export class Tab {
  /** Tells tabs apart; from 1. */
  id = ++ids;
  laneView = new LaneView();
  /** The fields of the connect bar, each a signal. options: mode → option → value, only what the user changed. */
  form = {
    host: signal(""),
    port: signal(""),
    tls: signal(false),
    /** How TLS is spoken: target → choices, so that what one server needs is not done to another. */
    tlsChoices: signal(/** @type {Record<string, import("../model/target.js").TLSChoices>} */ ({})),
    mode: signal(""),
    options: signal(/** @type {Record<string, Record<string, string>>} */ ({})),
    record: signal(true),
    /** Whether a session goes on after the end of the server's stream, where the mode can. */
    stays: signal(false),
    /** Whether the line mode may connect to other hosts than the target's; not remembered with the target. */
    elsewhere: signal(false),
    /** The proxy to reach the target through, or "". */
    via: signal(""),
    /** What the handshake of a WebSocket has beside the address. */
    ws: signal(/** @type {import("../model/target.js").WebSocketChoices} */ ({})),
    /** How a practice server serves, and which. */
    serving: signal({ target: "", choices: /** @type {Record<string, string>} */ ({}) }),
  };
  /** Signal: what stood wrong in the connect bar at the last try. @type {import("../vendor/signals-core.js").Signal<{ problem: string, field: string } | null>} */
  problem = signal(null);
  /** Signal: what was made of the fields and did not stand in them so, or why nothing can be; "" for nothing. */
  notice = signal("");
  /** Signal: the field of the form for TLS that a person is to look at, as a selector, or "". */
  tlsField = signal("");
  /** Signal: the newest session, connected or not, or null before the first. @type {import("../vendor/signals-core.js").Signal<Session | null>} */
  session = signal(null);
  /** Signal: the session whose rows show: the newest that has connected, or null. @type {import("../vendor/signals-core.js").Signal<Session | null>} */
  shown = signal(null);
  /** Signal: what is being typed. */
  draft = signal("");
  /** Signal: the command of the line mode whose form is shown; "": the list of them, null: neither. @type {import("../vendor/signals-core.js").Signal<string | null>} */
  commanding = signal(null);
  /** Signal: the name that the user gave it, which the window keeps, or "". */
  name = signal("");

  /** The mode that is picked, or undefined while there is none. */
  picked = computed(() => modes.value.find((mode) => mode.manifest.name === this.form.mode.value));

  /** The target that the fields name, or "". */
  target = computed(() => targetOf(this.fields).target ?? "");

  /** How TLS is spoken to it: as was chosen here, else as it was the last time. */
  tlsChoices = computed(() => {
    targetsVersion.value;
    const target = this.target.value;
    return this.form.tlsChoices.value[target] ?? (target && targets.find(fieldsOf(target))?.tlsChoices) ?? {};
  });

  /** The state to show: what is wrong with the fields, else the session's, else that there has been none. */
  state = computed(() => {
    if (this.problem.value) return /** @type {import("../types").State} */ ({ name: "failed", words: this.problem.value.problem });
    return this.session.value?.state.value ?? /** @type {import("../types").State} */ ({ name: "disconnected", words: "", hint: "Pick a line mode and a host, then connect." });
  });

  /** Whether there is a session that lives or is being opened. */
  live = computed(() => this.session.value !== null && ["connected", "connecting"].includes(this.state.value.name));

  /** What its session can be come back to by, or "". */
  attach = computed(() => this.session.value?.hello.value?.attach ?? this.session.value?.attach ?? "");

  /** What stands on the tab. */
  title = computed(() => {
    if (this.name.value) return this.name.value;
    targetsVersion.value; // a name may have been given
    const { target } = this.shown.value ?? this.session.value ?? {};
    if (!target) return "New session";
    const at = fieldsOf(target);
    const practised = target === practice.value ? "echo" : practices.value.find((one) => one.target === target)?.name;
    return targets.find(at)?.name || (practised ? practised + " :" + at.port : target);
  });

  /** The fields as they stand. */
  get fields() {
    const { host, port, tls } = this.form;
    return { host: host.value, port: port.value, tls: tls.value };
  }

  /** Moves what Host holds beside a name, such as a port, to the fields it belongs to. */
  tidy() {
    const { host, port, tls, problem, notice } = normalFields(this.fields);
    batch(() => {
      if (problem ?? notice) this.notice.value = problem ?? notice ?? "";
      if (problem || !host) return; // no more than "https://" yet
      this.form.host.value = host;
      this.form.port.value = port;
      this.form.tls.value = tls;
    });
  }

  /** Takes what is typed in a field, or chosen there. @template T @param {import("../vendor/signals-core.js").Signal<T>} field @param {T} value */
  edit(field, value) {
    batch(() => {
      field.value = value;
      this.notice.value = "";
    });
  }

  /** Switches TLS on or off. @param {boolean} on */
  switchTLS(on) {
    batch(() => {
      this.edit(this.form.tls, on);
      this.form.host.value = withTLS(this.form.host.value, on);
    });
  }

  /** Puts the practice server into the fields, for the mode that is picked. */
  usePractice() {
    if (practice.value) this.use(fieldsOf(practice.value));
  }

  /** Puts a target into the fields, with the mode and options it was used with. @param {Partial<import("../types").Target> & { host: string, port: string, elsewhere?: boolean }} target */
  use({ host, port, tls, mode, options, stays, elsewhere, tlsChoices, via, ws }) {
    batch(() => {
      host = withTLS(host, !!tls);
      const { target } = targetOf({ host, port, tls: !!tls });
      if (target) this.#chooseTLS(target, tlsChoices ?? {});
      this.form.host.value = host;
      this.form.port.value = port;
      this.form.tls.value = !!tls;
      this.form.stays.value = !!stays;
      this.form.elsewhere.value = !!elsewhere;
      this.form.via.value = via ?? "";
      this.form.ws.value = ws ?? {};
      if (mode && modes.value.some((one) => one.manifest.name === mode)) {
        this.form.mode.value = mode;
        if (options) this.form.options.value = { ...this.form.options.value, [mode]: options };
      }
      this.problem.value = null;
      this.notice.value = "";
    });
  }

  /** The value of one of the picked mode's options. @param {import("../types").Option} option */
  option(option) {
    return this.form.options.value[this.form.mode.value]?.[option.name] ?? option.default;
  }

  /** @param {import("../types").Option} option @param {string} value */
  setOption(option, value) {
    const mode = this.form.mode.value;
    this.form.options.value = { ...this.form.options.value, [mode]: { ...this.form.options.value[mode], [option.name]: value } };
  }

  /** Changes how TLS is spoken to the target in the fields; "" is a choice's default. @param {import("../model/target.js").TLSChoices} changes */
  setTLS(changes) {
    this.#chooseTLS(this.target.value, changedTLS(this.tlsChoices.value, changes));
  }

  /** @param {string} target @param {import("../model/target.js").TLSChoices} choices */
  #chooseTLS(target, choices) {
    this.form.tlsChoices.value = { ...this.form.tlsChoices.value, [target]: choices };
  }

  /** Connects to what the fields say, or says what is wrong with them. */
  connect() {
    const mode = this.picked.value?.manifest;
    this.tidy();
    const { target = "", problem, field } = targetOf(this.fields);
    const tlsChoices = this.tlsChoices.value; // without TLS, those for an upgrade
    const wrong = wrongTLS(tlsChoices);
    if (problem) {
      this.problem.value = { problem, field: field ?? "" };
      this.notice.value = ""; // the status has it
    } else if (wrong) {
      this.problem.value = { problem: wrong.problem, field: "tls-" + wrong.field };
      this.tlsField.value = "#tls-" + wrong.field;
    } else this.problem.value = mode ? null : { problem: "There is no line mode to connect with yet.", field: "mode" };
    if (this.problem.value || !mode) return;

    // A number field that was emptied stands for the default.
    const chosen = this.form.options.value[mode.name] ?? {};
    const isEmptyInt = (/** @type {string} */ name) => mode.options.some((option) => option.name === name && option.type === "int");
    const options = Object.fromEntries(Object.entries(chosen).filter(([name, value]) => value !== "" || !isEmptyInt(name)));

    const { serving } = this.form;
    this.#open({ mode, options, target, serving: serving.value.target === target ? serving.value.choices : {}, record: this.form.record.value || !recording.value, stays: this.form.stays.value && !!mode.afterServerEOF, elsewhere: this.form.elsewhere.value && opensLinks(mode), tlsChoices, via: isWhole(this.form.host.value) ? "" : this.form.via.value.trim(),
      ws: isWebSocket(target) ? this.form.ws.value : {} });
  }

  /** A new session like the last one, whatever the fields say now. */
  reconnect() {
    const last = this.session.value;
    if (last) this.#open(last);
  }

  /** Tries the last target again with other choices for TLS; the form has them too. @param {import("../model/target.js").TLSChoices} changes */
  reconnectWith(changes) {
    const last = this.session.value;
    if (!last) return;
    const tlsChoices = changedTLS(last.tlsChoices, changes);
    this.#chooseTLS(last.target, tlsChoices);
    this.#open({ ...last, tlsChoices });
  }

  /** Tries the last target again in clear. */
  reconnectInClear() {
    this.#useLast({ tls: false });
    this.connect();
  }

  /** Shows the form for TLS to the last target, at one of its fields. @param {string} name of the choice */
  showTLS(name) {
    batch(() => {
      if (this.target.value !== this.session.value?.target) this.#useLast({});
      this.tlsField.value = "#tls-" + name;
    });
  }

  /** Puts what the last session was opened with into the fields. @param {Partial<import("../types").Target>} changes */
  #useLast(changes) {
    const last = this.session.value;
    if (!last) return;
    const { target, mode, options, stays, elsewhere, tlsChoices, via, ws } = last;
    this.use({ ...fieldsOf(target), mode: mode.name, options, stays, elsewhere, tlsChoices, via, ws, ...changes });
  }

  disconnect() {
    this.session.value?.close();
  }

  /** @param {ConstructorParameters<typeof Session>[0]} choice */
  #open(choice) {
    this.session.value?.close();
    this.take(new Session(choice));
  }

  /** Takes a session that was opened, or come back to. @param {Session} session */
  take(session) {
    this.session.value = session;
    session.state.subscribe(({ name }) => name === "connected" && this.#show(session));
  }

  /** Gives the lanes to a session that has connected, and remembers its target. @param {Session} session */
  #show(session) {
    const { target, mode, options, stays, tlsChoices, via, ws } = session;
    targets.remember({
      ...fieldsOf(target), mode: mode.name, options,
      ...(stays && { stays }), ...(Object.keys(tlsChoices).length && { tlsChoices }), ...(via && { via: withoutPassword(via) }),
      ...(isWebSocket(target) && { ws: withoutHeaders(ws) }),
    });
    batch(() => {
      targetsVersion.value++;
      this.laneView.selection.value = null;
      this.shown.value = session;
    });
  }
}

/** Whether a line mode may order further connections. @param {import("../types").Manifest} mode */
export function opensLinks({ events }) {
  return Boolean(events?.includes("link connected"));
}

/** Signal: all tabs; there is always one. */
export const tabs = signal([new Tab()]);
/** Signal: the tab that is shown. */
export const current = signal(tabs.value[0]);

/** Signal: the tab that a lesson shows beside its text, or null. @type {import("../vendor/signals-core.js").Signal<Tab | null>} */
export const inLesson = signal(/** @type {Tab | null} */ (null));

/** Whether the teacher of a class watches a tab's session. @param {Tab} tab */
export function isWatched(tab) {
  return tab.live.value && Boolean(tab.session.value?.watch.value?.observed);
}

/** Opens a new tab and shows it. */
export function openTab() {
  const tab = new Tab();
  batch(() => {
    tabs.value = [...tabs.value, tab];
    current.value = tab;
  });
  return tab;
}

/** Signal: the tab that was closed last, while that can be undone; its session lives until then. @type {import("../vendor/signals-core.js").Signal<Tab | null>} */
export const closed = signal(null);
/** Seconds in which that can be undone. */
export const undoTime = 10;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let closing;

/** Ends what was closed; later than that it cannot be undone. */
function endClosed() {
  clearTimeout(closing);
  closed.value?.disconnect();
  closed.value = null;
}

/** Opens the tab again that was closed last. */
export function undoClose() {
  clearTimeout(closing);
  const tab = closed.value;
  if (!tab) return;
  batch(() => {
    closed.value = null;
    tabs.value = [...tabs.value, tab];
    current.value = tab;
  });
}

/** Closes a tab. A session that lives ends after undoTime, unless that is undone. @param {Tab} tab */
export function closeTab(tab) {
  endClosed();
  if (tab.live.value) {
    closed.value = tab;
    closing = setTimeout(endClosed, undoTime * 1000);
  }
  const at = tabs.value.indexOf(tab);
  const rest = tabs.value.filter((one) => one !== tab);
  batch(() => {
    tabs.value = rest.length ? rest : [new Tab()];
    if (current.value === tab) current.value = tabs.value[Math.min(at, tabs.value.length - 1)];
  });
}

/** Shows the tab that is `step` further. @param {number} step */
export function turnTab(step) {
  const all = tabs.value;
  current.value = all[(all.indexOf(current.value) + step + all.length) % all.length];
}

/** Opens a tab that watches a session which lives in the workbench. @param {string} id */
export async function watchSession(id) {
  const answer = await fetch("/api/sessions").catch(() => null);
  const found = answer?.ok && (await answer.json()).find((/** @type {any} */ one) => one.id === id);
  if (found?.tap) return go(formatRoute("tap", id)); // it can only be watched
  const mode = modes.value.find(({ manifest }) => manifest.name === found?.mode)?.manifest;
  const tab = current.value.session.value ? openTab() : current.value;
  if (!found || !mode) {
    tab.problem.value = { problem: "There is no such session: it has ended, and nobody came back in time. If it was recorded, it is under Transcripts.", field: "" };
    return;
  }
  tab.use({ ...fieldsOf(found.target), mode: mode.name });
  tab.take(new Session({ mode, options: {}, target: found.target, record: true, stays: false, tlsChoices: {} }, { attach: id, was: "", transcript: found.transcript ?? "" }));
}

// What the page's address asks for, until the first tab has begun with it.
let search = globalThis.location?.search ?? "";

/** Begins the first tab as the address asks. It never connects by itself. @param {Tab} tab */
function beginAsAsked(tab) {
  const { mode, options, target, record, stays, tls, problems } = formOf(search, modes.value, defaultMode.value);
  if (!tab.form.mode.value) {
    tab.form.mode.value = mode;
    tab.form.record.value = record;
    tab.form.host.value = target;
    if (target) tab.tidy();
    else tab.usePractice();
    tab.form.stays.value = stays;
    if (tab.form.tls.value) tab.setTLS(tls);
    else if (Object.keys(tls).length) problems.push("What the address says of TLS is left out: its target is without TLS.");
  }
  if (modes.value.some(({ manifest, state }) => manifest.name === mode && state === "starting")) return; // it has not said yet what options it has
  search = "";
  tab.form.options.value = { [mode]: options, ...tab.form.options.value };
  tab.notice.value = [...problems, tab.notice.value].filter(Boolean).join(" ");
}

// A tab begins with the default mode and, while nothing is filled in, with the
// practice server.
effect(() => {
  if (modes.value.length === 0) return;
  const all = tabs.value;
  batch(() => {
    if (search) untracked(() => beginAsAsked(all[0]));
    for (const tab of all) {
      if (!tab.form.mode.peek()) tab.form.mode.value = defaultMode.value;
      if (!tab.form.host.peek() && !tab.session.peek()) tab.usePractice();
    }
  });
});
