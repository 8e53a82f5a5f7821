// The DataStax Node driver as an application uses it. Called with the address of a node whose keyspace `drivers` has the table
// `paged`; ends with an exception at the first thing that is not as with Apache Cassandra.
'use strict';
const assert = require('node:assert');
const cassandra = require('cassandra-driver');
const { types } = cassandra;

const address = process.argv[2];
const rowsToPage = Number(process.argv[3]);
const errors = types.responseErrorCodes;
const warnings = [];

const TYPES = {
  ascii: ['a', ''],
  bigint: [types.Long.MAX_VALUE, types.Long.MIN_VALUE],
  blob: [Buffer.from('00ff', 'hex'), Buffer.alloc(0)],
  boolean: [true, false],
  date: [new types.LocalDate(1969, 12, 31), new types.LocalDate(2400, 2, 29)],
  decimal: [types.BigDecimal.fromString('-12.340'), types.BigDecimal.fromString('0.000000000000000000000000000001')],
  double: [-1.5e300, Infinity],
  duration: [new types.Duration(1, 2, types.Long.fromNumber(3))],
  float: [0.5, -Infinity],
  inet: [types.InetAddress.fromString('::1'), types.InetAddress.fromString('127.0.0.1')],
  int: [2147483647, -2147483648],
  smallint: [32767, -32768],
  text: ['é𝄞', ''],
  time: [types.LocalTime.fromString('23:59:59.999999999')],
  timestamp: [new Date(-1), new Date(8640000000000000)],
  timeuuid: [types.TimeUuid.now()],
  tinyint: [127, -128],
  uuid: [types.Uuid.random()],
  varint: [types.Integer.fromString('-123456789012345678901234567890')],
  'list<int>': [[3, 1, 2]],
  'set<text>': [['a', 'b']],
  'map<text, int>': [{ x: 1, y: 2 }],
  'frozen<list<frozen<set<int>>>>': [[[1, 2], [3]]],
  'tuple<int, text>': [new types.Tuple(1, 'x')],
};

async function main() {
  const client = new cassandra.Client({
    contactPoints: [address],
    localDataCenter: 'datacenter1',
    keyspace: 'drivers',
    queryOptions: { prepare: true },
  });
  client.on('log', (level, _, message) => {
    if (level === 'warning' || level === 'error') {
      warnings.push(message);
    }
  });
  await client.connect();
  assert.strictEqual(client.hosts.length, 1);
  await everyType(client);
  await pages(client);
  await altered(client);
  await refused(client);
  await client.shutdown();
  assert.deepStrictEqual(warnings, []);
}

async function everyType(client) {
  const names = Object.keys(TYPES);
  const columns = names.map((type, i) => `c${i} ${type}`).join(', ');
  await client.execute(`CREATE TABLE node_types (k int PRIMARY KEY, ${columns})`);
  for (const [i, type] of names.entries()) {
    const insert = `INSERT INTO node_types (k, c${i}) VALUES (?, ?)`;
    const select = `SELECT c${i} AS v FROM node_types WHERE k = ?`;
    for (const value of [...TYPES[type], null]) {
      await client.execute(insert, [i, value]);
      const found = (await client.execute(select, [i])).first().v;
      assert.deepStrictEqual(String(found), String(value), `${type}: ${value} came back as ${found}`);
    }
    await client.execute(insert, [i, TYPES[type][0]]);
    await client.execute(insert, [i, types.unset]);
    const kept = (await client.execute(select, [i])).first().v;
    assert.deepStrictEqual(String(kept), String(TYPES[type][0]), `${type}: unset changed the value`);
  }
}

async function pages(client) {
  let rows = 0;
  for await (const row of client.stream('SELECT k, v FROM paged', [], { autoPage: true, fetchSize: 1000 })) {
    assert.strictEqual(row.v, `row ${row.k}`);
    rows++;
  }
  assert.strictEqual(rows, rowsToPage);
}

async function altered(client) {
  await client.execute('CREATE TABLE node_altered (k int PRIMARY KEY, v text)');
  const insert = 'INSERT INTO node_altered (k, v) VALUES (?, ?)';
  await client.execute(insert, [1, 'before']);
  await client.execute('ALTER TABLE node_altered ADD w int');
  await client.execute(insert, [2, 'after']);
  const row = (await client.execute('SELECT k, v, w FROM node_altered WHERE k = ?', [2])).first();
  assert.deepStrictEqual([row.k, row.v, row.w], [2, 'after', null]);
  const table = await client.metadata.getTable('drivers', 'node_altered');
  assert.ok(table.columnsByName.w, 'the driver did not learn of the new column');
}

async function refused(client) {
  const wrong = [
    ['SELEC 1', errors.syntaxError],
    ['SELECT * FROM nothing', errors.invalid],
    ['SELECT nothing FROM paged', errors.invalid],
    ['SELECT * FROM paged WHERE v = 1', errors.invalid],
    ["SELECT * FROM paged WHERE v = 'x'", errors.invalid],
    ["INSERT INTO paged (k, v) VALUES ('x', 'y')", errors.invalid],
    ["INSERT INTO paged (v) VALUES ('y')", errors.invalid],
    ['CREATE TABLE paged (k int PRIMARY KEY)', errors.alreadyExists],
    ["CREATE KEYSPACE drivers WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}", errors.alreadyExists],
    ["CREATE KEYSPACE other WITH replication = {'class': 'Nothing'}", errors.configError],
    ['USE nothing', errors.invalid],
    ['DROP TABLE nothing', errors.invalid],
    ['CREATE TABLE bad (k nothing PRIMARY KEY)', errors.invalid],
    ['CREATE TABLE bad (k int)', errors.invalid],
    ['UPDATE paged SET v = 1 WHERE k = 1', errors.invalid],
    ['DELETE FROM paged', errors.syntaxError],
    ['TRUNCATE nothing', errors.invalid],
    ['SELECT * FROM paged LIMIT 0', errors.invalid],
    ['INSERT INTO paged (k, v) VALUES (1)', errors.invalid],
    ['SELECT nothing(k) FROM paged', errors.invalid],
  ];
  for (const [text, code] of wrong) {
    const error = await client.execute(text, [], { prepare: false }).then(() => null, (e) => e);
    assert.ok(error, `${text} was accepted`);
    assert.strictEqual(error.code, code, `${text}: ${error.code} ${error.message}`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
