// What the page comes back to after a reload: its tabs, each with its session, which
// lived on in the workbench, and with what was being typed. The browser keeps it for
// this window alone. And the page's address: it names the session that is shown.

import { batch, effect, untracked } from "../vendor/signals-core.js";
import { Session, pageWindow } from "../wire/session.js";
import { modes } from "../wire/workbench.js";
import { Tab, current, tabs, watchSession } from "./tabs.js";
import { formatRoute, replaceRoute, route } from "./route.js";
import { fieldsOf, withoutHeaders, withoutPassword } from "../model/target.js";
import { keep, readKept } from "../model/kept.js";

/** Whether the tabs of before are there again. */
let back = false;

/** Opens the tabs of before again. @param {import("../model/kept.js").KeptTabs | undefined} was */
function comeBack(was) {
  /** @type {Tab[]} */
  const all = [];
  let shown = 0;
  for (const one of was?.tabs ?? []) {
    const mode = modes.value.find(({ manifest }) => manifest.name === one.mode)?.manifest;
    if (!mode) continue;
    const tab = new Tab();
    if (one === was?.tabs[was.current]) shown = all.length;
    all.push(tab);
    tab.name.value = one.name;
    tab.draft.value = one.draft;
    tab.use({ ...fieldsOf(one.target), mode: mode.name, options: one.options, stays: one.stays, elsewhere: one.elsewhere, tlsChoices: one.tlsChoices, via: one.via, ws: one.ws });
    tab.form.record.value = one.record;
    tab.laneView.places = one.places;
    tab.laneView.filter.value = one.filter;
    tab.laneView.filtering.value = one.filter.direction !== "" || one.filter.text !== "";
    if (one.followed) tab.laneView.follow(one.followed);
    if (!one.attach) continue;
    tab.take(new Session({ ...one, mode }, { attach: one.attach, was: was?.window ?? "", transcript: one.transcript }));
    tab.shown.value = tab.session.value;
  }
  if (all.length === 0) return;
  tabs.value = all;
  current.value = all[shown];
}

/** What is to be kept of the tabs. */
function keptTabs() {
  return {
    window: pageWindow,
    current: tabs.value.indexOf(current.value),
    tabs: tabs.value.map((tab) => {
      const session = tab.session.value;
      const { mode, options, target, record, stays, elsewhere, tlsChoices } = session ?? {
        mode: tab.picked.value?.manifest, options: tab.form.options.value[tab.form.mode.value] ?? {}, target: tab.target.value,
        record: tab.form.record.value, stays: tab.form.stays.value, elsewhere: tab.form.elsewhere.value, tlsChoices: {},
      };
      const via = withoutPassword(session?.via ?? tab.form.via.value);
      const ws = withoutHeaders(session?.ws ?? tab.form.ws.value);
      const gone = tab.state.value.broke && !session?.transcript;
      return { mode: mode?.name ?? "", options, target, record, stays, ...(elsewhere && { elsewhere }), tlsChoices, via, ws, attach: gone ? "" : tab.attach.value, transcript: session?.transcript ?? "", name: tab.name.value, draft: tab.draft.value, places: tab.laneView.places,
        followed: tab.laneView.followed.value, filter: tab.laneView.filter.value };
    }),
  };
}

/** Begins to keep the tabs, once the line modes are known. @param {import("../model/kept.js").Storage} storage */
export function keepTabs(storage) {
  const asked = location.search !== ""; // such an address is about a new session
  effect(() => {
    if (back || modes.value.length === 0) return;
    back = true;
    if (!asked) untracked(() => batch(() => comeBack(readKept(storage, "tabs"))));
    effect(() => {
      keep(storage, "tabs", keptTabs());
    });
    followAddress();
  });
  addEventListener("pagehide", () => back && keep(storage, "tabs", keptTabs())); // with where the lanes are
}

/** Has the address name the session that is shown, and shows the one that it names. */
function followAddress() {
  let named = ""; // by the address, when it was last right
  let coming = ""; // the session that is being shown
  effect(() => {
    const [id, { view, id: asked }] = [current.value.attach.value, route.value];
    if (view !== "" || (coming && asked === coming)) return;
    if (asked !== id && asked !== "" && id === named) {
      coming = asked;
      untracked(() => show(asked)).finally(() => {
        coming = "";
        named = current.value.attach.value;
        if (route.value.view === "") replaceRoute(formatRoute("", named));
      });
      return;
    }
    named = id;
    if (asked !== id) untracked(() => replaceRoute(formatRoute("", id)));
  });
}

/** Shows a session, in the tab that has it or another. @param {string} id */
async function show(id) {
  const tab = tabs.peek().find((one) => one.attach.peek() === id);
  if (tab) current.value = tab;
  else await watchSession(id);
}
