// What is wrong, what is owed and what is under way.
import { bytesText, countText, secondsText } from "./figures.js";
import { usePoll } from "./node.js";
import { Panel, State, Table, Waiting, html, shortAddress } from "./parts.js";

// Findings that several members share are said once.
function merged(findings) {
  const all = new Map();
  for (const finding of findings) {
    const key = `${finding.problem}\n${finding.next}`;
    const one = all.get(key) ?? { ...finding, members: [] };
    one.members.push(finding.member ? shortAddress(finding.member) : "the cluster");
    all.set(key, one);
  }
  for (const one of all.values()) one.members.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return [...all.values()].sort((a, b) => a.is_advice - b.is_advice);
}

function Doctor() {
  const doctor = usePoll("doctor", 10000);
  const { data } = doctor;
  const note = data && `${data.answered} of ${data.members} members answered; ${data.checked.length} checks, every 10 s`;
  return html`<${Panel} title="Doctor" note=${note ?? "asks every member"} wide=${true}><${Waiting} of=${doctor}>
    ${data && html`<p class=${data.is_well ? "verdict good" : "verdict bad"} role="status">
      ${data.is_well ? "The cluster is well." : "The cluster has problems."}</p>
    <ul class="findings">${merged(data.findings).map((one) => html`<li key=${one.check + one.problem} class=${one.is_advice ? "advice" : "problem"}>
      <p><strong>${one.is_advice ? "Advice" : "Problem"}</strong> <span class="kind">${one.check}</span> ${one.members.join(", ")}: ${one.problem}</p>
      <p class="next">Next: ${one.next}</p></li>`)}</ul>`}
  <//><//>`;
}

// A sentence of the node, with addresses in place of the ids of hosts that are known.
function withAddresses(text, addresses) {
  return text.replace(/\bhost ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g, (whole, id) => addresses.get(id) ?? whole);
}

function Plan({ addresses }) {
  const plan = usePoll("reports/plan", 2000);
  const now = plan.data?.plan;
  return html`<${Panel} title="Plan in progress" note="changes of members or replication that move rows"><${Waiting} of=${plan}>
    ${!now ? html`<p class="quiet">There is none.</p>` : html`<dl class="facts">
      <dt>Change</dt><dd>${withAddresses(now.change, addresses)}</dd><dt>Step</dt><dd>${now.step}</dd>
      <dt>Driver</dt><dd>${addresses.get(now.driver) ?? now.driver ?? "nobody: no voter is up"}</dd>
      <dt>Waits for</dt><dd>${withAddresses(now.progress, addresses) || "–"}</dd></dl>
      <ul class="findings">${now.gainers.map((gainer) => html`<li key=${gainer.host_id}>${shortAddress(gainer.address)} gains
        ${" "}${countText(gainer.ranges)} ranges: ${gainer.progress
          ? `${bytesText(gainer.progress.bytes_done)} of about ${bytesText(gainer.progress.bytes_total)}, ${countText(gainer.progress.ranges_left)} ranges left`
          : "it does not say how far it is"}</li>`)}</ul>`}
  <//><//>`;
}

function Hints({ answering }) {
  const handoff = usePoll("reports/handoff", 2000);
  const { data } = handoff;
  const note = data && `on ${answering}: ${data.is_enabled ? "kept" : "not kept"}, ${data.is_paused ? "and not delivered: delivery is paused" : "and delivered"}`;
  const columns = [
    { name: "for", title: "For", value: (row) => (row.address ? shortAddress(row.address) : row.host_id) },
    { name: "state", title: "State", value: (row) => String(row.is_up), show: (row) => html`<${State} state=${row.is_up ? "up" : "down"}/>` },
    { name: "count", title: "Hints", numeric: true, value: (row) => row.count, show: (row) => countText(row.count) },
    { name: "bytes", title: "Bytes", numeric: true, value: (row) => row.bytes, show: (row) => bytesText(row.bytes) },
    { name: "oldest", title: "Oldest", numeric: true, value: (row) => Date.now() / 1000 - row.oldest_seconds, show: (row) => secondsText(Date.now() / 1000 - row.oldest_seconds) },
  ];
  return html`<${Panel} title="Hints" note=${note ?? ""}><${Waiting} of=${handoff}>
    <${Table} columns=${columns} rows=${data?.pending ?? []} keyOf=${(row) => row.host_id} first="count" empty="No replica is owed anything by this node."/>
  <//><//>`;
}

function Repairs({ activity, addresses }) {
  const rows = (activity.data?.members ?? []).filter((word) => word.health).map((word) => ({ host: word.host_id, ...word.health }));
  const columns = [
    { name: "node", title: "Node", value: (row) => addresses.get(row.host) ?? row.host },
    { name: "age", title: "Oldest proof", numeric: true, value: (row) => row.repair.oldest?.age_seconds, show: (row) => secondsText(row.repair.oldest?.age_seconds) },
    { name: "table", title: "of table", value: (row) => (row.repair.oldest ? `${row.repair.oldest.keyspace}.${row.repair.oldest.table}` : "–") },
    { name: "error", title: "Last comparison", value: (row) => (row.repair.is_enabled ? row.repair.oldest?.last_error ?? "no error" : "comparing is switched off") },
    { name: "workers", title: "Workers that fail", value: (row) => row.failing_workers.map((one) => `${one.worker}: ${one.error}`).join("; ") || "none" },
  ];
  return html`<${Panel} title="Repair" wide=${true} note="the range that was proven equal on all its replicas longest ago, of each node">
    <${Waiting} of=${activity}><${Table} columns=${columns} rows=${rows} keyOf=${(row) => row.host} first="node" empty="No node answers."/><//>
  <//>`;
}

function Operations({ answering }) {
  const operations = usePoll("reports/operations", 5000);
  const state = ({ state, progress, failure }) => {
    if (state === "running" && progress.total > 0) return `running, ${progress.done} of ${progress.total} steps`;
    return state === "failed" ? `failed: ${failure.message}` : state;
  };
  const columns = [
    { name: "id", title: "Number", numeric: true, value: (row) => row.id },
    { name: "what", title: "Operation", value: (row) => row.request.operation.replaceAll("_", " ") },
    { name: "state", title: "State", value: (row) => state(row.state) },
    { name: "took", title: "Time", numeric: true, value: (row) => row.elapsed_millis, show: (row) => secondsText(row.elapsed_millis / 1000) },
  ];
  return html`<${Panel} title="Operations" wide=${true} note=${`snapshots, backups, compactions and the like on ${answering}, since its start`}>
    <${Waiting} of=${operations}><${Table} columns=${columns} rows=${operations.data ?? []} keyOf=${(row) => row.id} first="id" empty="There were none."/><//>
  <//>`;
}

export function Health({ cluster, activity, answering }) {
  const addresses = new Map((cluster.data?.members ?? []).map((member) => [member.host_id, shortAddress(member.address)]));
  return html`<div class="grid">
    <${Doctor}/><${Plan} addresses=${addresses}/><${Hints} answering=${answering}/>
    <${Repairs} activity=${activity} addresses=${addresses}/><${Operations} answering=${answering}/>
  </div>`;
}
