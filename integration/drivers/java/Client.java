// The Java driver as an application uses it. Called with the address of a node whose keyspace `drivers` has the table `paged`, and its
// number of rows; ends with an exception at the first thing that is not as with Apache Cassandra.

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.ResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.data.CqlDuration;
import com.datastax.oss.driver.api.core.data.CqlVector;
import com.datastax.oss.driver.api.core.servererrors.AlreadyExistsException;
import com.datastax.oss.driver.api.core.servererrors.InvalidConfigurationInQueryException;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.SyntaxError;
import com.datastax.oss.driver.api.core.uuid.Uuids;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

public class Client {
  public static void main(String[] arguments) throws Exception {
    try (CqlSession session =
        CqlSession.builder()
            .addContactPoint(new InetSocketAddress(arguments[0], 9042))
            .withLocalDatacenter("datacenter1")
            .withKeyspace("drivers")
            .build()) {
      everyType(session);
      pages(session, Integer.parseInt(arguments[1]));
      altered(session);
      refused(session);
    }
  }

  static void same(Object found, Object expected, String what) {
    if (!Objects.equals(found, expected)) {
      throw new AssertionError(what + ": " + expected + " came back as " + found);
    }
  }

  static void everyType(CqlSession session) throws Exception {
    Object[][] samples = {
      {"ascii", "a", String.class},
      {"bigint", Long.MIN_VALUE, Long.class},
      {"blob", ByteBuffer.wrap(new byte[] {0, -1}), ByteBuffer.class},
      {"boolean", true, Boolean.class},
      {"date", LocalDate.of(1969, 12, 31), LocalDate.class},
      {"decimal", new BigDecimal("-12.340"), BigDecimal.class},
      {"double", Double.NaN, Double.class},
      {"duration", CqlDuration.newInstance(1, 2, 3), CqlDuration.class},
      {"float", 0.5f, Float.class},
      {"inet", InetAddress.getByName("::1"), InetAddress.class},
      {"int", Integer.MIN_VALUE, Integer.class},
      {"smallint", Short.MIN_VALUE, Short.class},
      {"text", "é𝄞", String.class},
      {"time", LocalTime.MAX, LocalTime.class},
      {"timestamp", Instant.ofEpochMilli(-1), Instant.class},
      {"timeuuid", Uuids.timeBased(), UUID.class},
      {"tinyint", Byte.MIN_VALUE, Byte.class},
      {"uuid", UUID.randomUUID(), UUID.class},
      {"varint", new BigInteger("-123456789012345678901234567890"), BigInteger.class},
      {"list<int>", List.of(3, 1, 2), null},
      {"set<text>", Set.of("a", "b"), null},
      {"map<text, int>", Map.of("x", 1, "y", 2), null},
      {"frozen<list<frozen<set<int>>>>", List.of(Set.of(1, 2), Set.of()), null},
      {"vector<float, 3>", CqlVector.newInstance(1f, 2f, 3f), null},
    };
    StringBuilder columns = new StringBuilder();
    for (int i = 0; i < samples.length; i++) {
      columns.append(", c").append(i).append(' ').append(samples[i][0]);
    }
    session.execute("CREATE TABLE java_types (k int PRIMARY KEY" + columns + ")");
    for (int i = 0; i < samples.length; i++) {
      PreparedStatement insert = session.prepare("INSERT INTO java_types (k, c" + i + ") VALUES (?, ?)");
      PreparedStatement select = session.prepare("SELECT c" + i + " FROM java_types WHERE k = ?");
      session.execute(insert.bind(i, samples[i][1]));
      same(session.execute(select.bind(i)).one().getObject(0), samples[i][1], (String) samples[i][0]);
      // Without a value the marker is unset, and leaves what is there.
      session.execute(insert.boundStatementBuilder().setInt(0, i).build());
      same(session.execute(select.bind(i)).one().getObject(0), samples[i][1], samples[i][0] + " after unset");
      session.execute(insert.boundStatementBuilder().setInt(0, i).setToNull(1).build());
      Row row = session.execute(select.bind(i)).one();
      if (!row.isNull(0)) {
        throw new AssertionError(samples[i][0] + " is not null");
      }
    }
  }

  static void pages(CqlSession session, int expected) {
    ResultSet rows = session.execute(SimpleStatement.newInstance("SELECT k, v FROM paged").setPageSize(1000));
    int count = 0;
    for (Row row : rows) {
      same(row.getString("v"), "row " + row.getInt("k"), "a row");
      count++;
    }
    same(count, expected, "rows");
    same(rows.getExecutionInfo().getWarnings(), List.of(), "warnings");
  }

  static void altered(CqlSession session) throws Exception {
    session.execute("CREATE TABLE java_altered (k int PRIMARY KEY, v text)");
    PreparedStatement insert = session.prepare("INSERT INTO java_altered (k, v) VALUES (?, ?)");
    PreparedStatement select = session.prepare("SELECT * FROM java_altered WHERE k = ?");
    session.execute(insert.bind(1, "before"));
    same(session.execute(select.bind(1)).one().getColumnDefinitions().size(), 2, "columns");
    session.execute("ALTER TABLE java_altered ADD a int");
    session.execute(insert.bind(2, "after"));
    Row row = session.execute(select.bind(2)).one();
    same(row.getColumnDefinitions().size(), 3, "columns");
    same(row.getString("v"), "after", "v");
    same(row.isNull("a"), true, "a");
    for (int i = 0; i < 100; i++) {
      if (session.getMetadata().getKeyspace("drivers").get().getTable("java_altered").get()
          .getColumn(CqlIdentifier.fromCql("a")).isPresent()) {
        return;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("the driver did not learn of the new column");
  }

  static void refused(CqlSession session) {
    Object[][] wrong = {
      {"SELEC 1", SyntaxError.class},
      {"SELECT * FROM nothing", InvalidQueryException.class},
      {"SELECT nothing FROM paged", InvalidQueryException.class},
      {"SELECT * FROM paged WHERE v = 1", InvalidQueryException.class},
      {"SELECT * FROM paged WHERE v = 'x'", InvalidQueryException.class},
      {"INSERT INTO paged (k, v) VALUES ('x', 'y')", InvalidQueryException.class},
      {"INSERT INTO paged (v) VALUES ('y')", InvalidQueryException.class},
      {"CREATE TABLE paged (k int PRIMARY KEY)", AlreadyExistsException.class},
      {"CREATE KEYSPACE o WITH replication = {'class': 'Nothing'}", InvalidConfigurationInQueryException.class},
      {"DROP TABLE nothing", InvalidQueryException.class},
      {"CREATE TABLE bad (k nothing PRIMARY KEY)", InvalidQueryException.class},
      {"CREATE TABLE bad (k int)", InvalidQueryException.class},
      {"UPDATE paged SET v = 1 WHERE k = 1", InvalidQueryException.class},
      {"DELETE FROM paged", SyntaxError.class},
      {"TRUNCATE nothing", InvalidQueryException.class},
      {"SELECT * FROM paged LIMIT 0", InvalidQueryException.class},
      {"INSERT INTO paged (k, v) VALUES (1)", InvalidQueryException.class},
      {"SELECT nothing(k) FROM paged", InvalidQueryException.class},
    };
    for (Object[] one : wrong) {
      try {
        session.execute((String) one[0]);
      } catch (RuntimeException error) {
        same(error.getClass(), one[1], one[0] + ": " + error.getMessage());
        continue;
      }
      throw new AssertionError(one[0] + " was accepted");
    }
  }
}
