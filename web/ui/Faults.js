// Faults in a session that is open: a form that makes a rule, and the rules that there are.

import { html } from "./html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { canDo, doings, extents, firstWanted, fitted, hasBytes, hasExtent, hasPlace, places, ruleOf, standingOf } from "../model/faults.js";
import { Dialog } from "./Dialog.js";

/** @param {{ session: import("../wire/session.js").Session, close: () => void }} props */
export function Faults({ session, close }) {
  const decodes = session.mode.messages === true;
  const [wanted, setWanted] = useState({ ...firstWanted, ...(decodes && { flow: /** @type {const} */ ("to-server"), where: "message" }) });
  const [text, setText] = useState(() => ruleOf(wanted));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    session.faultProblem.value = "";
    document.getElementById("fault-flow")?.focus();
  }, []);
  const set = (/** @type {Partial<typeof wanted>} */ changed) => {
    const now = fitted({ ...wanted, ...changed }, decodes);
    setWanted(now);
    setText(ruleOf(now));
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    setProblem(session.addFaults(text));
  };
  const wrong = problem || session.faultProblem.value;
  const { where, what } = wanted;
  const one = { set, wanted };
  return html`
    <${Dialog} id="faults" title="Faults" close=${close}>
      <p class="muted">Has a side misbehave at a place that you choose. It counts from now on.</p>
      <form class="fault-form" autocomplete="off" novalidate onSubmit=${submit}>
        <${Choice} ...${one} name="flow" label="What is said" all=${[["from-server", "by the server"], ["to-server", "to the server"]]} />
        <${Choice} ...${one} name="where" label="Where" all=${places.filter(([place]) => hasPlace(place, wanted, decodes))} />
        ${(where === "on" || where === "match") && html`<${Text} ...${one} name="regexp" label="Regexp" placeholder="^250 " />`}
        ${where !== "now" && html`<${Text} ...${one} name="times" label="Which time" numeric />`}
        <${Choice} ...${one} name="what" label="What happens" all=${doings.filter(([doing]) => canDo(doing, wanted))} />
        ${what === "delay" && html`<${Text} ...${one} name="time" label="For" placeholder="500ms" />`}
        ${what === "limit" && html`<${Text} ...${one} name="rate" label="Bytes a second" numeric />`}
        ${hasExtent(what) && html`<${Choice} ...${one} name="extent" label="What of it" all=${extents(wanted)} />`}
        ${hasExtent(what) && wanted.extent === "bytes" && html`<${Text} ...${one} name="bytes" label="How many" numeric />`}
        ${hasBytes(what) && html`<${Text} ...${one} name="forged" label=${what === "forge" ? "Bytes" : "Bytes in its place"} placeholder="451 try later\\r\\n" />`}
        <div class="field fault-rule">
          <label for="fault-text">The rule, as in a file</label>
          <textarea id="fault-text" rows="2" spellcheck=${false} autocapitalize="off" value=${text} aria-invalid=${wrong ? "true" : undefined} aria-describedby="fault-problem"
            onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea>
        </div>
        <p class=${wrong ? "problem fault-rule" : "unseen"} id="fault-problem" role="alert">${wrong}</p>
        <p class="fault-rule"><button type="submit" class="small primary" id="add-fault" disabled=${!session.connected || !session.hasKeyboard}>Add the rule</button>
          ${!session.connected && html` <span class="muted">The session is over.</span>`}</p>
      </form>
      <h3 id="faults-there">Rules of this session</h3>
      <div role="status">
        ${session.faults.value.length === 0
          ? html`<p class="muted">None yet.</p>`
          : html`<ul class="faults" aria-labelledby="faults-there">${session.faults.value.map((fault) => html`
              <li key=${fault.n}><code>${fault.n}</code> <code>${fault.text}</code> <span class=${fault.times ? "" : "muted"}>${standingOf(fault)}</span></li>
            `)}</ul>`}
      </div>
    <//>
  `;
}

/** @param {{ name: keyof import("../model/faults.js").Wanted, label: string, all: [string, string][], wanted: import("../model/faults.js").Wanted, set: (changed: object) => void }} props */
function Choice({ name, label, all, wanted, set }) {
  return html`
    <div class="field">
      <label for=${"fault-" + name}>${label}</label>
      <select id=${"fault-" + name} value=${wanted[name]} onChange=${(/** @type {any} */ event) => set({ [name]: event.target.value })}>
        ${all.map(([value, words]) => html`<option key=${value} value=${value} selected=${value === wanted[name]}>${words}</option>`)}
      </select>
    </div>
  `;
}

/** @param {{ name: keyof import("../model/faults.js").Wanted, label: string, placeholder?: string, numeric?: boolean, wanted: import("../model/faults.js").Wanted, set: (changed: object) => void }} props */
function Text({ name, label, placeholder, numeric, wanted, set }) {
  return html`
    <div class="field">
      <label for=${"fault-" + name}>${label}</label>
      <input type="text" id=${"fault-" + name} value=${wanted[name]} placeholder=${placeholder} inputmode=${numeric ? "numeric" : undefined} spellcheck=${false} autocapitalize="off"
        onInput=${(/** @type {any} */ event) => set({ [name]: event.target.value })} />
    </div>
  `;
}
