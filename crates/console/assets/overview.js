// The overview: the ring, its nodes, and what clients get.
import { useState } from "./vendor/hooks.js";
import { READS, WRITES, bytesText, countText, latest, microsText, quantile, rateText, secondsText, shareText, sumRate, together } from "./figures.js";
import { Panel, Sparkline, State, Waiting, html, shortAddress, stateOf } from "./parts.js";
import { Ring, colorOf } from "./ring.js";

function mergeOf(operations, names) {
  const all = new Map();
  for (const name of names) {
    for (const [micros, count] of operations.get(name)?.latencies ?? []) all.set(micros, (all.get(micros) ?? 0) + count);
  }
  return all;
}

function Nodes({ cluster, words, live, states, datacenters, chosen, choose }) {
  const members = cluster.members;
  const row = (member) => {
    const health = words.get(member.host_id)?.health;
    const part = live.get(member.host_id);
    const operations = part && together([part]);
    const reads = operations && mergeOf(operations, READS);
    const writes = operations && mergeOf(operations, WRITES);
    const pair = (latencies) => {
      const [half, most] = [0.5, 0.99].map((part) => latencies && quantile(latencies, part));
      return half ? `${microsText(half)} / ${microsText(most)}` : "–";
    };
    const state = states.get(member.host_id);
    return html`<tr key=${member.host_id} class=${chosen === member.host_id ? "chosen" : ""} data-address=${member.address}
        onMouseEnter=${() => choose(member.host_id)} onMouseLeave=${() => choose(null)}>
      <th scope="row"><button type="button" class="node" title=${member.host_id}
        onFocus=${() => choose(member.host_id)} onBlur=${() => choose(null)}>
        <span class=${`swatch color-${colorOf(members, member.host_id)}`} aria-hidden="true"></span>${shortAddress(member.address)}</button></th>
      <td><${State} state=${state}/></td>
      <td>${member.rack}</td>
      <td class="number">${member.tokens.length}</td>
      <td class="number">${shareText(member.owns)}</td>
      <td class="number">${bytesText(member.load_bytes)}</td>
      <td class="number strong">${rateText(operations && sumRate(operations, READS))}</td>
      <td class="number">${pair(reads)}</td>
      <td class="number strong">${rateText(operations && sumRate(operations, WRITES))}</td>
      <td class="number">${pair(writes)}</td>
      <td class="number">${countText(health?.activity.clients)}</td>
      <td class="number">${countText(health?.hints.count)}</td>
      <td class="number">${bytesText(health?.disk_free_bytes)}</td>
      <td class="number">${secondsText(health?.uptime_seconds)}</td>
    </tr>`;
  };
  return html`<div class="scroll"><table class="nodes">
    <thead><tr><th scope="col">Node</th><th scope="col">State</th><th scope="col">Rack</th><th scope="col" class="number">Tokens</th>
      <th scope="col" class="number">${cluster.is_effective ? "Owns (effective)" : "Owns"}</th><th scope="col" class="number">Load</th>
      <th scope="col" class="number">Reads/s</th><th scope="col" class="number">p50 / p99</th>
      <th scope="col" class="number">Writes/s</th><th scope="col" class="number">p50 / p99</th>
      <th scope="col" class="number">Clients</th><th scope="col" class="number">Hints</th>
      <th scope="col" class="number">Disk free</th><th scope="col" class="number">Up for</th></tr></thead>
    ${datacenters.map((datacenter) => {
      const own = members.filter((member) => member.datacenter === datacenter);
      own.sort((a, b) => a.rack.localeCompare(b.rack) || a.address.localeCompare(b.address, "en", { numeric: true }));
      const up = own.filter((member) => member.is_up).length;
      return html`<tbody key=${datacenter}><tr class="group"><th colspan="14" scope="rowgroup">${datacenter}
        ${" "}<span class="quiet">${up} of ${own.length} up</span></th></tr>${own.map(row)}</tbody>`;
    })}
  </table></div>`;
}

function Operations({ operations }) {
  const all = [...operations.values()].sort((a, b) => b.perSecond - a.perSecond || a.operation.localeCompare(b.operation));
  if (all.length === 0) return html`<p class="quiet">No client has asked anything yet.</p>`;
  return html`<table><thead><tr><th scope="col">Operation</th><th scope="col" class="number">per second</th>
    <th scope="col" class="number">failed/s</th><th scope="col" class="number">p50</th><th scope="col" class="number">p99</th></tr></thead>
    <tbody>${all.map(({ operation, perSecond, failedPerSecond, latencies }) => html`<tr key=${operation} class=${perSecond === 0 ? "quiet" : ""}>
      <th scope="row">${operation}</th><td class="number strong">${rateText(perSecond)}</td>
      <td class=${failedPerSecond > 0 ? "number bad" : "number"}>${rateText(failedPerSecond)}</td>
      <td class="number">${microsText(quantile(latencies, 0.5))}</td><td class="number">${microsText(quantile(latencies, 0.99))}</td>
    </tr>`)}</tbody></table>`;
}

export function liveParts(samples) {
  const pairs = [...samples].map(([host, own]) => [host, latest(own)]);
  return new Map(pairs.filter(([, part]) => part));
}

export function Overview({ cluster, activity, samples, points }) {
  const [chosen, choose] = useState(null);
  if (!cluster.data) return html`<${Waiting} of=${cluster}/>`;
  const members = cluster.data.members;
  const words = new Map((activity.data?.members ?? []).map((word) => [word.host_id, word]));
  const states = new Map(members.map((member) => [member.host_id, stateOf(member, words.get(member.host_id))]));
  const datacenters = [...new Set(members.map((member) => member.datacenter))].sort();
  const live = liveParts(samples);
  const operations = together(live.values());
  const last = points.at(-1);
  return html`<div class="grid">
    <${Panel} title="Ring" note=${datacenters.length > 1 ? `from the outside: ${datacenters.join(", ")}` : `datacentre ${datacenters[0]}`}>
      <${Ring} members=${members} states=${states} datacenters=${datacenters} chosen=${chosen} choose=${choose} name=${cluster.data.name}/>
    <//>
    <${Panel} title="Clients' requests" note="of all nodes that answer, over the last 8 s">
      <dl class="figures">
        <div><dt><span class="key key-reads"></span>Reads/s</dt><dd>${rateText(last ? last.reads : null)}</dd></div>
        <div><dt><span class="key key-writes"></span>Writes/s</dt><dd>${rateText(last ? last.writes : null)}</dd></div>
      </dl>
      <${Sparkline} points=${points} names=${["reads", "writes"]}/>
      <${Operations} operations=${operations}/>
    <//>
    <${Panel} title="Nodes" wide=${true} note=${cluster.data.is_ambiguous
      ? "keyspaces differ in replication: shares are of tokens alone" : "latencies are of requests that the node coordinated"}>
      <${Nodes} cluster=${cluster.data} words=${words} live=${live} states=${states} datacenters=${datacenters}
        chosen=${chosen} choose=${choose}/>
    <//>
  </div>`;
}
