// The text of a lesson, which the workbench has made a tree of: drawn as elements, each
// text as a text node.

import { html } from "./html.js";

/** @typedef {import("../types").ProseNode} ProseNode */

/**
 * top: the level of the page's heading above the text; its own are below that.
 * @param {{ nodes?: ProseNode[], top: number }} props
 */
export function Prose({ nodes = [], top }) {
  return nodes.map((node) => draw(node, top));
}

/** @param {ProseNode} node @param {number} top @returns {any} */
function draw({ kind, text = "", href = "", level = 1, start = 1, nodes = [] }, top) {
  const inner = () => nodes.map((node) => draw(node, top));
  switch (kind) {
    case "text": return text;
    case "paragraph": return html`<p>${inner()}</p>`;
    case "heading": return html`<${"h" + Math.min(6, Math.max(level, top + 1))}>${inner()}<//>`;
    case "pre": return html`<pre tabindex="0">${text}</pre>`;
    case "list": return html`<ul>${inner()}</ul>`;
    case "ordered": return html`<ol start=${start}>${inner()}</ol>`;
    case "item": return html`<li>${nodes.length === 1 && nodes[0].kind === "paragraph" ? (nodes[0].nodes ?? []).map((node) => draw(node, top)) : inner()}</li>`;
    case "quote": return html`<blockquote>${inner()}</blockquote>`;
    case "rule": return html`<hr />`;
    case "table": return html`<div class="table" tabindex="0" role="region" aria-label="Table"><table><tbody>${inner()}</tbody></table></div>`;
    case "row": return html`<tr>${inner()}</tr>`;
    case "head": return html`<th scope="col">${inner()}</th>`;
    case "cell": return html`<td>${inner()}</td>`;
    case "code": return html`<code>${text}</code>`;
    case "em": return html`<em>${inner()}</em>`;
    case "strong": return html`<strong>${inner()}</strong>`;
    case "break": return html`<br />`;
    case "link": return /^https?:\/\//i.test(href) ? html`<a href=${href} target="_blank" rel="noopener noreferrer">${inner()}</a>` : inner();
  }
  return text || inner(); // a kind that is not known here
}
