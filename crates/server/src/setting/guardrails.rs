//! The settings of guardrails, by their names in cassandra.yaml.

use super::Setting;

settings! {
    GUARDRAILS:
    batch_size_warn_threshold = "5KiB", "Size of a batch over several partitions that its user is warned of.";
    batch_size_fail_threshold = "50KiB", "Size of a batch over several partitions that is refused.";
    unlogged_batch_across_partitions_warn_threshold = "10", "Partitions of an unlogged batch that its user is warned of.";
    tombstone_warn_threshold = "1000", "Deletions that one read goes over before its user is warned.";
    tombstone_failure_threshold = "100000", "Deletions that one read goes over before it fails.";
    keyspaces_warn_threshold = "-1", "Keyspaces of users. Here and below: -1, or nothing where the unit is bytes or time, switches it off.";
    keyspaces_fail_threshold = "-1", "The same, beyond which it is refused.";
    tables_warn_threshold = "-1", "Tables of users.";
    tables_fail_threshold = "-1", "The same, beyond which it is refused.";
    columns_per_table_warn_threshold = "-1", "Columns of a table, with those of its key.";
    columns_per_table_fail_threshold = "-1", "The same, beyond which it is refused.";
    fields_per_udt_warn_threshold = "-1", "Fields of a user-defined type.";
    fields_per_udt_fail_threshold = "-1", "The same, beyond which it is refused.";
    vector_dimensions_warn_threshold = "-1", "Dimensions of a vector.";
    vector_dimensions_fail_threshold = "-1", "The same, beyond which it is refused.";
    maximum_replication_factor_warn_threshold = "-1", "Copies of a keyspace, in each datacentre.";
    maximum_replication_factor_fail_threshold = "-1", "The same, beyond which it is refused.";
    minimum_replication_factor_warn_threshold = "-1", "Copies of a keyspace that are too few.";
    minimum_replication_factor_fail_threshold = "-1", "The same, beyond which it is refused.";
    table_properties_warned = "", "Properties of tables that users are warned of, comma-separated or a list.";
    table_properties_ignored = "", "Properties of tables that are left out, with a warning.";
    table_properties_disallowed = "", "Properties of tables that are refused.";
    vector_type_enabled = "true", "Whether users may make columns and fields of vectors.";
    alter_table_enabled = "true", "Whether users may add, drop and rename columns.";
    drop_truncate_table_enabled = "true", "Whether users may drop and truncate tables.";
    drop_keyspace_enabled = "true", "Whether users may drop keyspaces.";
    simplestrategy_enabled = "true", "Whether users may make keyspaces of SimpleStrategy.";
    uncompressed_tables_enabled = "true", "Whether users may make tables without compression.";
    zero_ttl_on_twcs_warned = "true", "Whether users are warned of tables of TimeWindowCompactionStrategy without default_time_to_live.";
    zero_ttl_on_twcs_enabled = "true", "Whether users may make such tables.";
    secondary_indexes_enabled = "true", "Whether users may make indexes.";
    secondary_indexes_per_table_warn_threshold = "-1", "Indexes of a table.";
    secondary_indexes_per_table_fail_threshold = "-1", "The same, beyond which it is refused.";
    compact_tables_enabled = "true", "Whether users may make tables WITH COMPACT STORAGE.";
    allow_filtering_enabled = "true", "Whether users may say ALLOW FILTERING.";
    group_by_enabled = "true", "Whether users may say GROUP BY.";
    page_size_warn_threshold = "-1", "Rows of a page.";
    page_size_fail_threshold = "-1", "The same, beyond which it is refused.";
    partition_keys_in_select_warn_threshold = "-1", "Partitions of a SELECT with IN.";
    partition_keys_in_select_fail_threshold = "-1", "The same, beyond which it is refused.";
    in_select_cartesian_product_warn_threshold = "-1", "Combinations of the values of several IN.";
    in_select_cartesian_product_fail_threshold = "-1", "The same, beyond which it is refused.";
    read_consistency_levels_warned = "", "Consistency levels of SELECT that users are warned of, comma-separated or a list.";
    read_consistency_levels_disallowed = "", "Such levels that are refused.";
    write_consistency_levels_warned = "", "Consistency levels of writes and of conditions that users are warned of.";
    write_consistency_levels_disallowed = "", "Such levels that are refused.";
    user_timestamps_enabled = "true", "Whether users may say USING TIMESTAMP.";
    maximum_timestamp_warn_threshold = "", "How far in the future USING TIMESTAMP may be, as 1d.";
    maximum_timestamp_fail_threshold = "", "The same, beyond which it is refused.";
    minimum_timestamp_warn_threshold = "", "How far in the past USING TIMESTAMP may be.";
    minimum_timestamp_fail_threshold = "", "The same, beyond which it is refused.";
    read_before_write_list_operations_enabled = "true", "Whether users may set and remove elements of lists by index and by value.";
    column_value_size_warn_threshold = "", "Size of a value, or of an element of a collection.";
    column_value_size_fail_threshold = "", "The same, beyond which it is refused.";
    collection_size_warn_threshold = "", "Size of what a statement writes to a collection.";
    collection_size_fail_threshold = "", "The same, beyond which it is refused.";
    items_per_collection_warn_threshold = "-1", "Elements that a statement writes to a collection.";
    items_per_collection_fail_threshold = "-1", "The same, beyond which it is refused.";
}
