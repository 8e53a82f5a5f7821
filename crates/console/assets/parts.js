// Parts that several views have.
import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";
import { useState } from "./vendor/hooks.js";
import { POINTS_MAX, rateText } from "./figures.js";

export const html = htm.bind(h);

// The address of a node without the port that all have.
export const shortAddress = (address) => address.replace(/:7000$/, "");

// The state of a member in a word: what the answering node takes it for, and "silent" while it seems up and says nothing.
export function stateOf(member, word) {
  if (!member.is_up) return "down";
  if (member.state !== "normal") return member.state;
  if (word?.error) return "silent";
  return word?.health?.not_ready ? "not ready" : "up";
}

export const State = ({ state }) => html`<span class=${`state state-${state.replace(" ", "-")}`}>${state}</span>`;

export function Panel({ title, note, wide, children }) {
  return html`<section class=${wide ? "panel wide" : "panel"} aria-label=${title}>
    <header><h2>${title}</h2>${note && html`<p>${note}</p>`}</header>
    ${children}
  </section>`;
}

// Until the first answer, or where there is none.
export function Waiting({ of, children }) {
  if (of.data) return children;
  return html`<p class="quiet">${of.error ? `No answer: ${of.error}` : "Asking the node…"}</p>`;
}

// A table whose columns sort: { name, title, value(row) to sort by, show(row), numeric }.
export function Table({ columns, rows, keyOf, empty, first, caption }) {
  const [order, setOrder] = useState({ by: first ?? columns[0].name, down: Boolean(columns.find((c) => c.name === first)?.numeric) });
  const column = columns.find((one) => one.name === order.by) ?? columns[0];
  const compare = (a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    const least = typeof x === "string" ? x.localeCompare(y) : (x ?? -1) - (y ?? -1);
    return order.down ? -least : least;
  };
  const sort = (one) => setOrder({ by: one.name, down: order.by === one.name ? !order.down : Boolean(one.numeric) });
  const sorted = [...rows].sort(compare);
  const mark = (one) => (one.name !== order.by ? "none" : order.down ? "descending" : "ascending");
  if (rows.length === 0) return html`<p class="quiet">${empty}</p>`;
  return html`<div class="scroll"><table>
    ${caption && html`<caption>${caption}</caption>`}
    <thead><tr>${columns.map((one) => html`<th scope="col" aria-sort=${mark(one)} class=${one.numeric ? "number" : ""}>
      <button type="button" onClick=${() => sort(one)}>${one.title}</button></th>`)}</tr></thead>
    <tbody>${sorted.map((row) => html`<tr key=${keyOf(row)}>${columns.map((one) => html`<td class=${one.numeric ? "number" : ""}>
      ${(one.show ?? one.value)(row)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

// A bar that is a part of the widest one.
export const Bar = ({ part }) => html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
  <rect class="bar-ground" width="100" height="6" rx="1"/><rect class="bar-value" width=${Math.max(0, Math.min(1, part)) * 100} height="6" rx="1"/>
</svg>`;

// The last minutes of two figures.
export function Sparkline({ points, names }) {
  const [width, height] = [300, 64];
  const most = Math.max(1, ...points.flatMap((point) => names.map((name) => point[name])));
  const x = (at) => width - (points.length - 1 - at) * (width / (POINTS_MAX - 1));
  const y = (value) => height - 2 - (value / most) * (height - 6);
  const line = (name) => points.map((point, at) => `${x(at).toFixed(1)},${y(point[name]).toFixed(1)}`).join(" ");
  return html`<figure class="last-minutes"><svg class="spark" viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
    <line class="spark-ground" x1="0" x2=${width} y1=${height - 2} y2=${height - 2}/>
    ${names.map((name) => html`<polyline class=${`spark-${name}`} points=${line(name)}/>`)}
  </svg><figcaption><span>3 min ago</span><span>most: ${rateText(most)}/s</span><span>now</span></figcaption></figure>`;
}
