// Requests of clients under way on the node that answers, the slowest first.
import { microsText } from "./figures.js";
import { usePoll } from "./node.js";
import { Panel, Table, Waiting, html } from "./parts.js";

export function Requests({ answering }) {
  const requests = usePoll("reports/requests", 1000);
  const columns = [
    { name: "running", title: "Running for", numeric: true, value: (row) => row.running_micros, show: (row) => microsText(row.running_micros) },
    { name: "queued", title: "Waited for", numeric: true, value: (row) => row.queued_micros, show: (row) => microsText(row.queued_micros) },
    { name: "id", title: "Core/connection/place", value: (row) => row.id },
    { name: "request", title: "Request", value: (row) => row.request, show: (row) => html`<code>${row.request}</code>` },
  ];
  return html`<${Panel} title="Requests under way" wide=${true}
      note=${`on ${answering}, asked each second; reads that memory answers at once are never among them, and no passwords are shown`}>
    <${Waiting} of=${requests}>
      <${Table} columns=${columns} rows=${requests.data ?? []} keyOf=${(row) => row.id} first="running" empty="Nothing is under way at this moment."/>
    <//>
  <//>`;
}
