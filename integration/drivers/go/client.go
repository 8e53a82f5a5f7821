// Gocql as an application uses it. Called with the address of a node whose keyspace `drivers` has the table `paged`, and its number of
// rows; ends with a panic at the first thing that is not as with Apache Cassandra.
package main

import (
	"fmt"
	"math"
	"math/big"
	"net"
	"os"
	"reflect"
	"strconv"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"gopkg.in/inf.v0"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// A value of each type, and where it is read into.
type sample struct {
	cql   string
	value any
	into  any
}

func samples() []sample {
	varint, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	return []sample{
		{"ascii", "a", new(string)},
		{"bigint", int64(math.MinInt64), new(int64)},
		{"blob", []byte{0, 255}, new([]byte)},
		{"boolean", true, new(bool)},
		{"date", time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), new(time.Time)},
		{"decimal", inf.NewDec(-12340, 3), new(*inf.Dec)},
		{"double", -1.5e300, new(float64)},
		{"duration", gocql.Duration{Months: 1, Days: 2, Nanoseconds: 3}, new(gocql.Duration)},
		{"float", float32(0.5), new(float32)},
		{"inet", net.ParseIP("::1"), new(net.IP)},
		{"int", math.MinInt32, new(int)},
		{"smallint", int16(math.MinInt16), new(int16)},
		{"text", "é𝄞", new(string)},
		{"time", 24*time.Hour - 1, new(time.Duration)},
		{"timestamp", time.UnixMilli(-1).UTC(), new(time.Time)},
		{"timeuuid", gocql.TimeUUID(), new(gocql.UUID)},
		{"tinyint", int8(-128), new(int8)},
		{"uuid", gocql.MustRandomUUID(), new(gocql.UUID)},
		{"varint", varint, new(*big.Int)},
		{"list<int>", []int{3, 1, 2}, new([]int)},
		{"set<text>", []string{"a", "b"}, new([]string)},
		{"map<text, int>", map[string]int{"x": 1, "y": 2}, new(map[string]int)},
		{"frozen<list<frozen<set<int>>>>", [][]int{{1, 2}, {}}, new([][]int)},
	}
}

func everyType(session *gocql.Session) {
	all := samples()
	columns := ""
	for i, s := range all {
		columns += fmt.Sprintf(", c%d %s", i, s.cql)
	}
	must(session.Query("CREATE TABLE go_types (k int PRIMARY KEY" + columns + ")").Exec())
	for i, s := range all {
		insert := fmt.Sprintf("INSERT INTO go_types (k, c%d) VALUES (?, ?)", i)
		query := fmt.Sprintf("SELECT c%d FROM go_types WHERE k = ?", i)
		must(session.Query(insert, i, s.value).Exec())
		must(session.Query(insert, i, gocql.UnsetValue).Exec())
		must(session.Query(query, i).Scan(s.into))
		found := reflect.ValueOf(s.into).Elem().Interface()
		if fmt.Sprint(found) != fmt.Sprint(s.value) {
			panic(fmt.Sprintf("%s: %v came back as %v", s.cql, s.value, found))
		}
		must(session.Query(insert, i, nil).Exec())
		row := map[string]any{}
		must(session.Query(query, i).MapScan(row))
	}
}

func pages(session *gocql.Session, expected int) {
	iterator := session.Query("SELECT k, v FROM paged").PageSize(1000).Iter()
	rows, key, value := 0, 0, ""
	for iterator.Scan(&key, &value) {
		if value != fmt.Sprintf("row %d", key) {
			panic(value)
		}
		rows++
	}
	must(iterator.Close())
	if rows != expected {
		panic(fmt.Sprintf("%d rows instead of %d", rows, expected))
	}
}

func altered(session *gocql.Session) {
	must(session.Query("CREATE TABLE go_altered (k int PRIMARY KEY, v text)").Exec())
	const insert = "INSERT INTO go_altered (k, v) VALUES (?, ?)"
	must(session.Query(insert, 1, "before").Exec())
	before := map[string]any{}
	must(session.Query("SELECT * FROM go_altered WHERE k = ?", 1).MapScan(before))
	must(session.Query("ALTER TABLE go_altered ADD w int").Exec())
	must(session.Query(insert, 2, "after").Exec())
	row := map[string]any{}
	must(session.Query("SELECT * FROM go_altered WHERE k = ?", 2).MapScan(row))
	if row["v"] != "after" || len(row) != 3 {
		panic(fmt.Sprint(row))
	}
}

func refused(session *gocql.Session) {
	wrong := map[string]int{
		"SELEC 1":                                                   gocql.ErrCodeSyntax,
		"SELECT * FROM nothing":                                     gocql.ErrCodeInvalid,
		"SELECT nothing FROM paged":                                 gocql.ErrCodeInvalid,
		"SELECT * FROM paged WHERE v = 1":                           gocql.ErrCodeInvalid,
		"INSERT INTO paged (v) VALUES ('y')":                        gocql.ErrCodeInvalid,
		"CREATE TABLE paged (k int PRIMARY KEY)":                    gocql.ErrCodeAlreadyExists,
		"CREATE TABLE bad (k nothing PRIMARY KEY)":                  gocql.ErrCodeInvalid,
		"CREATE TABLE bad (k int)":                                  gocql.ErrCodeInvalid,
		"CREATE KEYSPACE o WITH replication = {'class': 'Nothing'}": gocql.ErrCodeConfig,
		"DROP TABLE nothing":                                        gocql.ErrCodeInvalid,
		"DELETE FROM paged":                                         gocql.ErrCodeSyntax,
		"SELECT * FROM paged LIMIT 0":                               gocql.ErrCodeInvalid,
		"SELECT nothing(k) FROM paged":                              gocql.ErrCodeInvalid,
	}
	for text, code := range wrong {
		err := session.Query(text).Exec()
		failed, ok := err.(gocql.RequestError)
		if !ok || failed.Code() != code {
			panic(fmt.Sprintf("%s: %v", text, err))
		}
	}
}

func main() {
	rows, err := strconv.Atoi(os.Args[2])
	must(err)
	cluster := gocql.NewCluster(os.Args[1])
	cluster.Keyspace = "drivers"
	cluster.Consistency = gocql.One
	cluster.Timeout = 10 * time.Second
	session, err := cluster.CreateSession()
	must(err)
	defer session.Close()
	everyType(session)
	pages(session, rows)
	altered(session)
	refused(session)
}
