// The ring: for each datacentre a circle of the ranges that its tokens end, the widest outside.
import { html, shortAddress } from "./parts.js";

const SIZE = 400;
const OUTER = 186;
const BAND = 34;
const GAP = 10;
// Degrees between two ranges, where there are few.
const SEAM = 0.5;
const COLORS = 8;

// The colour of each member, by its place among all.
export const colorOf = (members, host) => members.findIndex((member) => member.host_id === host) % COLORS;

// The angle of a token: the ring begins at the top and goes as a clock does.
function angle(token) {
  const part = Number((BigInt(token) + (1n << 63n)) >> 11n) / 2 ** 53;
  return part * 360;
}

function point(radius, degrees) {
  const radians = ((degrees - 90) * Math.PI) / 180;
  return [SIZE / 2 + radius * Math.cos(radians), SIZE / 2 + radius * Math.sin(radians)].map((value) => value.toFixed(2)).join(" ");
}

function arc(outer, inner, from, to) {
  const wide = to - from > 180 ? 1 : 0;
  if (to - from >= 359.99) return `${arc(outer, inner, from, from + 180)} ${arc(outer, inner, from + 180, from + 359.98)}`;
  return `M ${point(outer, from)} A ${outer} ${outer} 0 ${wide} 1 ${point(outer, to)} `
    + `L ${point(inner, to)} A ${inner} ${inner} 0 ${wide} 0 ${point(inner, from)} Z`;
}

// The ranges of a datacentre: each ends at a token and begins at the one before it.
function ranges(members) {
  const tokens = members.flatMap((member) => member.tokens.map((token) => ({ at: angle(token), member })));
  tokens.sort((a, b) => a.at - b.at);
  const seam = tokens.length > 90 ? 0 : SEAM;
  return tokens.map(({ at, member }, place) => {
    const before = tokens.at(place - 1).at;
    const from = tokens.length === 1 ? at - 360 : before < at ? before : before - 360;
    return { member, from: Math.min(from + seam, at), to: at };
  });
}

export function Ring({ members, states, datacenters, chosen, choose, name }) {
  const band = Math.min(BAND, (OUTER - 70) / datacenters.length - GAP);
  const rings = datacenters.map((datacenter, place) => {
    const outer = OUTER - place * (band + GAP);
    return { datacenter, outer, inner: outer - band, ranges: ranges(members.filter((member) => member.datacenter === datacenter)) };
  });
  const up = members.filter((member) => member.is_up).length;
  const look = (member) => [
    "range", `color-${colorOf(members, member.host_id)}`, `range-${states.get(member.host_id).replace(" ", "-")}`,
    chosen && chosen !== member.host_id ? "dim" : "",
  ].join(" ");
  const title = (member) => `${shortAddress(member.address)}, ${member.datacenter}/${member.rack}: ${states.get(member.host_id)}`;
  return html`<svg class="ring" viewBox=${`0 0 ${SIZE} ${SIZE}`} role="img"
      aria-label=${`Ring of cluster ${name}: ${up} of ${members.length} members up. The table of nodes says the same.`}>
    ${rings.map((ring) => html`<g key=${ring.datacenter}>
      ${ring.ranges.map(({ member, from, to }) => html`<path class=${look(member)} d=${arc(ring.outer, ring.inner, from, to)}
        onMouseEnter=${() => choose(member.host_id)} onMouseLeave=${() => choose(null)}><title>${title(member)}</title></path>`)}
    </g>`)}
    <text class="ring-count" x=${SIZE / 2} y=${SIZE / 2 - 2}>${up} / ${members.length}</text>
    <text class="ring-note" x=${SIZE / 2} y=${SIZE / 2 + 20}>nodes up</text>
  </svg>`;
}
