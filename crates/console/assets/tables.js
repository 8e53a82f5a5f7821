// Tables: their sizes on the node that answers.
import { useState } from "./vendor/hooks.js";
import { bytesText, countText } from "./figures.js";
import { usePoll } from "./node.js";
import { Bar, Panel, Table, Waiting, html } from "./parts.js";

export function Tables({ answering }) {
  const tables = usePoll("reports/tables", 5000);
  const [wanted, setWanted] = useState("");
  const rows = (tables.data ?? []).filter((row) => `${row.keyspace}.${row.table}`.includes(wanted.trim()));
  const most = Math.max(1, ...rows.map((row) => row.disk_bytes));
  const columns = [
    { name: "table", title: "Table", value: (row) => `${row.keyspace}.${row.table}` },
    { name: "bytes", title: "In files", numeric: true, value: (row) => row.disk_bytes, show: (row) => bytesText(row.disk_bytes) },
    { name: "bar", title: "of the largest", value: (row) => row.disk_bytes, show: (row) => html`<${Bar} part=${row.disk_bytes / most}/>` },
    { name: "partitions", title: "Partitions (estimate)", numeric: true, value: (row) => row.partitions, show: (row) => countText(row.partitions) },
  ];
  return html`<${Panel} title="Tables" wide=${true} note=${`on ${answering}: bytes in files, compressed; what is still in memory is not counted`}>
    <label class="filter">Filter <input type="search" name="filter" data-filter value=${wanted} onInput=${(event) => setWanted(event.currentTarget.value)}/></label>
    <${Waiting} of=${tables}>
      <${Table} columns=${columns} rows=${rows} keyOf=${(row) => `${row.keyspace}.${row.table}`} first="bytes" empty="No table has that name."/>
    <//>
  <//>`;
}
