"""Random statements, asked of a Henge and of an Apache Cassandra, and the differences of their answers."""
