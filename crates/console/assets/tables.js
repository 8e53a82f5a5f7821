// Tables: their sizes and their heat on the node that answers.
import { useRef, useState } from "./vendor/hooks.js";
import { addTables, bytesText, countText, nameOf, rateText, tableRates } from "./figures.js";
import { usePoll } from "./node.js";
import { Bar, Panel, Table, Waiting, html } from "./parts.js";

const NOTE = "bytes in files, compressed, without what is still in memory; reads and writes that it served as a replica";

export function Tables({ answering }) {
  const samples = useRef([]);
  const tables = usePoll("reports/tables", 5000, (answer) => (samples.current = addTables(samples.current, answer, performance.now())));
  const [wanted, setWanted] = useState("");
  const shown = (tables.data ?? []).filter((row) => nameOf(row).includes(wanted.trim()));
  const rows = shown.map((row) => ({ ...row, rates: tableRates(samples.current, nameOf(row)) }));
  const most = Math.max(1, ...rows.map((row) => row.disk_bytes));
  const hottest = Math.max(1, ...rows.map(heatOf));
  const columns = [
    { name: "table", title: "Table", value: nameOf },
    { name: "bytes", title: "In files", numeric: true, value: (row) => row.disk_bytes, show: (row) => bytesText(row.disk_bytes) },
    { name: "bar", title: "of the largest", value: (row) => row.disk_bytes, show: (row) => html`<${Bar} part=${row.disk_bytes / most}/>` },
    { name: "partitions", title: "Partitions (estimate)", numeric: true, value: (row) => row.partitions, show: (row) => countText(row.partitions) },
    { name: "reads", title: "Reads/s", numeric: true, value: (row) => row.rates?.reads, show: (row) => rateText(row.rates?.reads) },
    { name: "writes", title: "Writes/s", numeric: true, value: (row) => row.rates?.writes, show: (row) => rateText(row.rates?.writes) },
    { name: "heat", title: "of the hottest", value: heatOf, show: (row) => html`<${Bar} part=${heatOf(row) / hottest}/>` },
  ];
  return html`<${Panel} title="Tables" wide=${true} note=${`on ${answering}: ${NOTE}`}>
    <label class="filter">Filter <input type="search" name="filter" data-filter value=${wanted} onInput=${(event) => setWanted(event.currentTarget.value)}/></label>
    <${Waiting} of=${tables}>
      <${Table} columns=${columns} rows=${rows} keyOf=${nameOf} first="bytes" empty="No table has that name."/>
    <//>
  <//>`;
}

const heatOf = (row) => (row.rates ? row.rates.reads + row.rates.writes : 0);
