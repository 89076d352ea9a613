// A lane: rows that scroll, and follow the newest until the user scrolls up.

import { Component } from "../vendor/preact.js";
import { html } from "../html.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { count } from "../format.js";

const nearEnd = 24; // pixels from the end that still count as being there

/**
 * row(row, { mode, columns }) draws one row; it is asked once per row, and
 * again only when mode or columns change. The children show while there are
 * no rows.
 */
export function Lane({ id, title, log, row, live, tools, mode, children }) {
  const box = useRef(null);
  const [following, setFollowing] = useState(true);
  const columns = useColumns(box);
  const blocks = log?.blocks.value ?? [];
  const dropped = log?.dropped.value ?? 0;
  const length = blocks.at(-1)?.length.value; // re-run the effect below for each new row

  useLayoutEffect(() => {
    if (following) box.current.scrollTop = box.current.scrollHeight;
  }, [following, blocks, length, columns, mode]);

  // Only a person moves the box up; what the page does keeps it at the end.
  const lastTop = useRef(0);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    const atEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    if (atEnd) setFollowing(true);
    else if (scrollTop < lastTop.current) setFollowing(false);
    lastTop.current = scrollTop;
  };

  return html`
    <section class=${"card lane " + id} aria-labelledby=${id + "-title"}>
      <header>
        <h2 id=${id + "-title"}>${title}</h2>
        ${tools}
      </header>
      <div id=${id} class="rows" ref=${box} onScroll=${onScroll} tabindex="0"
        role="log" aria-live=${live} aria-labelledby=${id + "-title"}>
        ${dropped > 0 && html`<p class="dropped">${count(dropped, "earlier row")} left the page to keep it quick.</p>`}
        ${blocks.length === 0 && html`<div class="empty">${children}</div>`}
        ${blocks.map((block) => html`
          <${Block} key=${[block.id, mode, columns].join()} block=${block} row=${row} mode=${mode} columns=${columns} />
        `)}
      </div>
      ${!following && html`
        <button type="button" class="follow" onClick=${() => setFollowing(true)}>Jump to the newest ↓</button>
      `}
    </section>
  `;
}

// A block draws again only when its own length changes; the blocks before it
// are left alone.
function Block({ block, row, mode, columns }) {
  const rows = block.rows.slice(0, block.length.value);
  return html`
    <div class="block">
      ${rows.map((data, i) => html`<${Row} key=${i} draw=${row} data=${data} mode=${mode} columns=${columns} />`)}
    </div>
  `;
}

// A row never changes, so it is drawn once. (Keeping what html`` returned would
// do that too, but each kept piece holds on to the tree that it was once part
// of, and with it to every row that has left the page.)
class Row extends Component {
  shouldComponentUpdate() {
    return false;
  }
  render({ draw, data, mode, columns }) {
    return draw(data, { mode, columns });
  }
}

// How many bytes of a dump fit beside each other: a multiple of 4 from 4 to 16.
function useColumns(box) {
  const [columns, setColumns] = useState(16);
  useEffect(() => {
    const lane = box.current;
    const measure = () => {
      if (!lane.isConnected) return; // reported once more while it leaves the page
      const style = getComputedStyle(lane);
      const canvas = document.createElement("canvas").getContext("2d");
      canvas.font = style.font;
      const char = canvas.measureText("0").width;
      const room = lane.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const fits = Math.floor((room / char - 4) / 4 / 4) * 4; // a byte takes 3 characters as hex and 1 as text
      setColumns(Math.min(16, Math.max(4, fits)));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(lane);
    return () => observer.disconnect();
  }, []);
  return columns;
}
