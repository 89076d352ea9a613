// A recording, played to live peers: as the server to who connects, or as the client
// to a server.

import { Icon, html, lazy } from "./html.js";
import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { signal } from "../vendor/signals-core.js";
import { count, whenOf } from "../model/format.js";
import { clientState, differenceWords, outcomeWords, portProblem } from "../model/play.js";
import { lineOf } from "../model/aligned.js";
import { changedTLS, fieldsOf, isSecure, splitTarget, targetOf, wrongTLS } from "../model/target.js";
import { isLocal } from "../model/local.js";
import { Play as Playing, keyOf, plays } from "../wire/plays.js";
import { listTranscripts, transcriptInfo } from "../wire/transcripts.js";
import { Menu } from "./Menu.js";
import { formatRoute, go } from "./route.js";
import { openTab, targets } from "./tabs.js";
import { toClipboard } from "./clipboard.js";
import { shown } from "./LaneRow.js";

const TLSMenu = lazy(() => import("./TLSMenu.js"), "TLSMenu");
const ViaMenu = lazy(() => import("./ViaMenu.js"), "ViaMenu");

const mostOthers = 20; // recordings of the same target that are offered

/** @typedef {import("../types").Info} Info */
/** @typedef {import("../model/play.js").PlayLog} PlayLog */

/** @param {{ query: Record<string, string> }} props */
export function Play({ query: { transcript = "", as = "server" } }) {
  const [info, setInfo] = useState(/** @type {Info | null} */ (null));
  const [problem, setProblem] = useState(transcript ? "" : "Open a recording first, and pick Play as server there.");
  useEffect(() => {
    if (!transcript) return;
    transcriptInfo(transcript).then(
      (found) => (setInfo(found), setProblem(found ? "" : "There is no such recording.")),
      (error) => setProblem(error.message),
    );
  }, [transcript]);
  const part = as === "client" ? "client" : "server";
  const way = (/** @type {string} */ name, /** @type {string} */ words) => html`
    <a class=${"button small" + (name === part ? " primary" : "")} aria-current=${name === part ? "page" : null} href=${formatRoute("play", "", { transcript, as: name })}>${words}</a>
  `;
  return html`
    <section class="view" aria-labelledby="play-title">
      <header>
        <h2 id="play-title">Play to a live peer</h2>
        <span class="muted">${info && `${info.title || info.target || info.mode}, ${whenOf(info.began)}`}</span>
        ${transcript && html`<a class="button small" href=${formatRoute("transcripts", transcript)}>The recording</a>`}
      </header>
      ${transcript && html`<nav class="play-ways" aria-label="Played part">${way("server", "As the server")} ${way("client", "As the client")}</nav>`}
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      ${info && (part === "server" ? html`<${Server} key=${info.id} info=${info} />` : html`<${Client} key=${info.id} info=${info} />`)}
    </section>
  `;
}

/** @param {{ info: Info }} props */
function Server({ info }) {
  const [port, setPort] = useState("");
  const [pauses, setPauses] = useState(true);
  const [goOn, setGoOn] = useState(false);
  const [others, setOthers] = useState(/** @type {Info[]} */ ([]));
  const [more, setMore] = useState(/** @type {string[]} */ ([]));
  const play = plays.value.get(keyOf(info.id, "server"));
  const going = play?.going.value ?? false;
  useEffect(() => {
    if (!info.target) return;
    listTranscripts({ target: info.target, limit: mostOthers + 1 }).then((all) => setOthers(all.filter((one) => one.id !== info.id && one.target === info.target)), () => {});
  }, [info.id]);
  const wrong = portProblem(port);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!wrong) new Playing(info.id, "server", { port: Number(port), fast: !pauses, goOn, more });
  };
  const pick = (/** @type {string} */ id) => setMore((all) => (all.includes(id) ? all.filter((one) => one !== id) : [...all, id]));
  return html`
    <p class="muted">Answers as the recorded server did. Any number of clients may connect; each begins at the beginning.</p>
    <form class="card searching play-form" autocomplete="off" onSubmit=${submit}>
      <div class="field">
        <label for="play-port">Port</label>
        <input type="text" id="play-port" inputmode="numeric" placeholder="a free one" value=${port} disabled=${going} onInput=${(/** @type {any} */ event) => setPort(event.target.value)} />
      </div>
      <${Switch} id="play-pauses" label="With its pauses" title="Waits as long as the recorded server did" value=${pauses} disabled=${going} change=${setPauses} />
      <${Switch} id="play-go-on" label="Answer all the same" title="A client that says something else is reported, and answered all the same" value=${goOn} disabled=${going} change=${setGoOn} />
      ${going
        ? html`<button type="button" key="stop" class="small danger" id="stop-play" onClick=${() => play?.stop()}>Stop</button>`
        : html`<button type="submit" key="play" class="small primary" id="start-play" disabled=${wrong !== ""}><${Icon} name="play" /> Play</button>`}
      ${wrong && html`<p class="problem" role="alert">${wrong}</p>`}
      ${others.length > 0 && html`
        <details class="play-others">
          <summary>With further connections, in any order${more.length > 0 ? `: ${more.length}` : ""}</summary>
          <p class="muted">Each recording is one connection, and a client gets the one that fits what it says.</p>
          ${others.map((one) => html`
            <label key=${one.id}><input type="checkbox" checked=${more.includes(one.id)} disabled=${going} onChange=${() => pick(one.id)} /> ${one.title || one.mode}, ${whenOf(one.began)}</label>
          `)}
        </details>
      `}
    </form>
    ${play && html`<${Served} info=${info} play=${play} />`}
  `;
}

/** What a played server has to say: where it is, and what its clients do. @param {{ info: Info, play: Playing }} props */
function Served({ info, play }) {
  play.version.value;
  const { log } = play;
  const going = play.going.value;
  const [copied, setCopied] = useState("");
  const copy = () => toClipboard(log.address).then(() => setCopied("Copied."), () => setCopied("The browser did not allow it: mark the address and copy it."));
  const { host, port } = splitTarget(log.address);
  const connect = () => {
    openTab().use({ host, port, tls: false, mode: info.mode });
    go(formatRoute(""));
  };
  return html`
    ${play.problem.value && html`<p class="problem" role="alert">${play.problem.value}</p>`}
    ${log.warnings.map((words) => html`<p class="caution" key=${words}>A rule of the recording: ${words}</p>`)}
    ${log.address && html`
      <div class="card play-at">
        <p role="status">${going ? html`Plays on <code id="play-address">${log.address}</code>` : html`Stopped. It played on <code>${log.address}</code>.${log.stopped && ` ${log.stopped}.`}`}</p>
        ${going && html`
          <div class="play-tools">
            <button type="button" class="small" id="copy-address" onClick=${copy}>Copy the address</button>
            <button type="button" class="small" id="connect-to-play" onClick=${connect}>Connect to it in a tab</button>
            <span role="status">${copied}</span>
          </div>
          <p class="muted">Point a client on the workbench’s machine at it, as in <code>nc ${host} ${port}</code>. No other machine reaches it.</p>
          ${log.fingerprint && html`<p class="muted">Where the recording upgrades to TLS, its certificate is for localhost. No authority vouches for it; its SHA-256 is <code>${log.fingerprint}</code></p>`}
        `}
      </div>
      <div class="card table" tabindex="0" role="region" aria-label="Clients">
        ${log.clients.length === 0
          ? html`<p class="nothing">${going ? "Nobody has connected yet." : "Nobody connected."}</p>`
          : html`
            <table class="play-clients" id="play-clients">
              <thead><tr><th scope="col">Client</th><th scope="col">How it goes</th></tr></thead>
              <tbody>${log.clients.map((client) => html`<${ClientRow} key=${client.id} client=${client} info=${info} log=${log} />`)}</tbody>
            </table>
          `}
      </div>
      ${log.came > log.clients.length && html`<p class="muted">${count(log.came, "client")} in all; the newest are here.</p>`}
      ${log.turnedAway > 0 && html`<p class="caution">${count(log.turnedAway, "connection")} turned away: 64 at once are the most.</p>`}
    `}
  `;
}

/** @param {{ client: import("../model/play.js").PlayClient, info: Info, log: PlayLog }} props */
function ClientRow({ client, info, log }) {
  const { look, words } = clientState(client, log.steps);
  const { differs, ended } = client;
  const file = ended?.file && log.steps === 0 ? ended.file : "";
  return html`
    <tr>
      <td class="when">${client.name}</td>
      <td>
        <span class=${look === "bad" ? "problem" : look}>${words}</span>
        ${file && html` <a href=${formatRoute("transcripts", file)}>${file === info.id ? "this recording" : "its recording"}</a>`}
        ${differs && html`<div class="play-differs"><${PlaceLink} id=${differs.file ?? info.id} event=${differs} /> ${shown(differenceWords(differs))}</div>`}
      </td>
    </tr>
  `;
}

/** Leads to where in a recording something is. @param {{ id: string, event: import("../model/play.js").PlayEvent, short?: boolean }} props short: under a title that says the rest */
function PlaceLink({ id, event: { n = 0, at }, short = false }) {
  const words = n > 0 ? "Event " + n : "The opening";
  return html`<a href=${formatRoute("transcripts", id, { at })} aria-label=${short ? words : null}>${short ? n : words}</a>`;
}

/** @param {{ info: Info }} props */
function Client({ info }) {
  const [to, setTo] = useState(info.target);
  const [seconds, setSeconds] = useState("10");
  const [chosen, setChosen] = useState(/** @type {Record<string, Record<string, string>>} */ ({})); // how TLS is spoken, by target, where it was chosen here
  const via = useMemo(() => signal(""), []);
  const play = plays.value.get(keyOf(info.id, "client"));
  const going = play?.going.value ?? false;
  const { target = "", problem } = targetOf({ host: to, port: "", tls: false });
  const tls = isSecure(target) || (play?.log.upgrades ?? false);
  const choices = !tls ? {} : chosen[target] ?? (target && targets.find(fieldsOf(target))?.tlsChoices) ?? {};
  const choose = (/** @type {Record<string, string>} */ changes) => setChosen({ ...chosen, [target]: changedTLS(choices, changes) });
  const patience = Number(seconds);
  const wrong = to.trim() === "" ? "" : problem ?? (patience > 0 && patience <= 600 ? wrongTLS(choices)?.problem ?? "" : "An answer may take up to 600 seconds.");
  const begin = (/** @type {Record<string, string>} */ how) => new Playing(info.id, "client", { to: target, seconds: patience, tls: how, ...(!isLocal(to) && via.value.trim() && { via: via.value.trim() }) });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!wrong && target) begin(choices);
  };
  const trust = (/** @type {string} */ fingerprint) => {
    choose({ verify: "sha256:" + fingerprint });
    begin(changedTLS(choices, { verify: "sha256:" + fingerprint }));
  };
  const now = choices.verify ?? "system";
  return html`
    <p class="muted">Says what the recorded client said, each part once the server has said all that came before it, and compares the answers. Without pauses.</p>
    <form class="card searching play-form" autocomplete="off" onSubmit=${submit}>
      <div class="field wide">
        <div class="label-row">
          <label for="play-to">To the live server</label>
          ${!going && !isLocal(to) && html`<${Menu} id="play-via-menu" label=${via.value.trim() ? "Via proxy" : "Via"} plain title="Reach the server through a proxy"
            sheet=${() => html`<${ViaMenu} tab=${{ form: { via }, edit: (/** @type {any} */ _, /** @type {string} */ typed) => (via.value = typed) }} />`} />`}
        </div>
        <input type="text" id="play-to" value=${to} placeholder="127.0.0.1:80" spellcheck=${false} autocapitalize="off" disabled=${going} onInput=${(/** @type {any} */ event) => setTo(event.target.value)} />
      </div>
      <div class="field">
        <label for="play-seconds">Seconds to wait</label>
        <input type="number" id="play-seconds" title="How long the next expected bytes of an answer may take" min="0.1" max="600" step="any" value=${seconds} disabled=${going} onInput=${(/** @type {any} */ event) => setSeconds(event.target.value)} />
      </div>
      ${tls && html`
        <div class="field play-how">
          <span class="play-label">Verify the server by</span>
          <${Menu} id="play-verify" label=${verifyWords(now)} disabled=${going} title="How the server is verified, its name, ALPN, the least version, a client certificate"
            sheet=${() => html`<${TLSMenu} key=${target} go="Play to it" tab=${{ tlsChoices: { value: choices }, fields: fieldsOf(target), form: { host: { value: splitTarget(target).host } }, setTLS: choose }} />`} />
        </div>
      `}
      ${going
        ? html`<button type="button" key="stop" class="small danger" id="stop-play" onClick=${() => play?.stop()}>Stop</button>`
        : html`<button type="submit" key="play" class="small primary" id="start-play" disabled=${!target || wrong !== ""}><${Icon} name="play" /> Play to it</button>`}
      ${wrong && html`<p class="problem" role="alert">${wrong}</p>`}
    </form>
    ${play && html`<${Talk} info=${info} play=${play} trust=${trust} />`}
  `;
}

/** @param {string} verify */
function verifyWords(verify) {
  if (verify === "none") return "nothing";
  if (verify === "system") return "this system’s authorities";
  return verify.startsWith("ca:") ? "a CA file" : "its fingerprint";
}

/** What a played client and its server have said. @param {{ info: Info, play: Playing, trust: (fingerprint: string) => void }} props */
function Talk({ info, play, trust }) {
  play.version.value;
  const { log } = play;
  const going = play.going.value;
  const { differs, ended } = log;
  const now = !log.address ? "" : !log.connected ? `Dialling ${log.address} …` : `Connected to ${log.address}${log.tls && ` (${log.tls})`}: ${log.done.length.toLocaleString("en")} of ${count(log.steps, "step")}.`;
  const look = { same: "good", different: "problem", failed: "problem" }[ended?.result ?? "same"];
  return html`
    ${play.problem.value && html`<p class="problem" role="alert">${play.problem.value}</p>`}
    ${log.warnings.map((words) => html`<p class="caution" key=${words}>A rule of the recording: ${words}</p>`)}
    ${log.address && html`
      <div class="verdict" id="play-verdict">
        <span role="status" class=${ended ? look : ""}>${ended ? outcomeWords(log) : going ? now : log.stopped ? `Stopped: ${log.stopped}.` : "Stopped."}</span>
        ${ended?.certificate && html`<button type="button" class="small danger" id="trust-played" title=${"SHA-256 " + ended.certificate.fingerprint} onClick=${() => trust(/** @type {any} */ (ended.certificate).fingerprint)}>Trust this certificate, and play</button>`}
      </div>
      ${log.early > 0 && html`<p class="caution">${count(log.early, "byte")} of the server came in clear before TLS, and were dropped.</p>`}
      ${(log.done.length > 0 || differs) && html`
        <div class="card compared aligned play-talk" tabindex="0" role="region" aria-label="What was said">
          <table>
            <thead><tr><th scope="col">Event</th><th scope="col">What crosses the wire</th><th scope="col">How it goes</th></tr></thead>
            <tbody>
              ${log.done.map((step, i) => html`<${StepRow} key=${i} id=${info.id} step=${step} />`)}
              ${differs && html`
                <tr class="differs first" id="play-difference">
                  <td class="event"><${PlaceLink} id=${info.id} event=${differs} short=${true} /></td>
                  <td colspan="2"><div class="problem">Differs at ${shown(differenceWords(differs))}</div>${differs.diff ? html`<pre class="play-diff">${differs.diff.trimEnd().split("\n").map((line, i) => html`<span key=${i} class=${line.startsWith("-") ? "gone" : line.startsWith("+") ? "come" : ""}>${line + "\n"}</span>`)}</pre>` : ""}</td>
                </tr>
              `}
            </tbody>
          </table>
        </div>
      `}
      ${differs?.diff && html`<p class="muted">− was recorded, + came.</p>`}
      ${ended && (ended.steps ?? 0) > log.done.length && html`<p class="muted">${count((ended.steps ?? 0) - log.done.length, "more step")} went well.</p>`}
    `}
  `;
}

/** @param {{ id: string, step: import("../model/play.js").PlayEvent }} props */
function StepRow({ id, step }) {
  const { entry } = step;
  const sent = entry?.dir === "<<";
  return html`
    <tr>
      <td class="event"><${PlaceLink} id=${id} event=${step} short=${true} /></td>
      <td class=${sent ? "act server" : "act client"}>${entry ? shown(lineOf(entry)) : ""}</td>
      <td class=${sent ? "muted" : "good"}>${sent ? "sent" : "agrees"}</td>
    </tr>
  `;
}

/** @param {{ id: string, label: string, title: string, value: boolean, disabled: boolean, change: (value: boolean) => void }} props */
function Switch({ id, label, title, value, disabled, change }) {
  return html`
    <label class="switch small" title=${title}>
      <input type="checkbox" role="switch" id=${id} checked=${value} disabled=${disabled} onChange=${(/** @type {any} */ event) => change(event.target.checked)} />
      <span>${label}</span>
    </label>
  `;
}
