// The schema: keyspaces and what they hold, each with its statement.
import { useState } from "./vendor/hooks.js";
import { usePoll } from "./node.js";
import { Panel, Waiting, html } from "./parts.js";

const keyOf = (item) => `${item.keyspace}/${item.kind}/${item.name}`;

export function Schema({ cluster }) {
  const schema = usePoll("reports/schema", 10000);
  const [wanted, setWanted] = useState("");
  const [chosen, setChosen] = useState(null);
  const items = schema.data ?? [];
  const users = items.filter((item) => !item.keyspace.startsWith("system"));
  const shown = items.find((item) => keyOf(item) === chosen) ?? users[0] ?? items[0];
  const found = items.filter((item) => `${item.keyspace}.${item.name}`.includes(wanted.trim()));
  const keyspaces = [...new Set(found.map((item) => item.keyspace))];
  keyspaces.sort((a, b) => a.startsWith("system") - b.startsWith("system") || a.localeCompare(b));
  const replication = cluster.data?.keyspaces.find((one) => one.keyspace === shown?.keyspace);
  return html`<div class="grid schema">
    <${Panel} title="Schema" note="as DESCRIBE has it">
      <label class="filter">Filter <input type="search" name="filter" data-filter value=${wanted} onInput=${(event) => setWanted(event.currentTarget.value)}/></label>
      <${Waiting} of=${schema}><nav class="tree" aria-label="Keyspaces">${keyspaces.map((keyspace) => html`<section key=${keyspace}>
        <h3>${keyspace}</h3>
        <ul>${found.filter((item) => item.keyspace === keyspace).map((item) => html`<li key=${keyOf(item)}>
          <button type="button" aria-pressed=${shown && keyOf(shown) === keyOf(item)} onClick=${() => setChosen(keyOf(item))}>
            <span class="kind">${item.kind}</span> ${item.name}</button></li>`)}</ul>
      </section>`)}</nav><//>
    <//>
    <${Panel} title=${shown ? `${shown.kind} ${shown.kind === "keyspace" ? "" : `${shown.keyspace}.`}${shown.name}` : "Nothing is chosen"}
      note=${replication && `${replication.class} ${Object.entries(replication.options).map(([name, value]) => `${name}: ${value}`).join(", ")}`}>
      <pre class="statement" tabindex="0">${shown?.statement ?? ""}</pre>
    <//>
  </div>`;
}
