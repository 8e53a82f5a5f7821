//! Names that have no effect: a file may keep them, and a node names them with the reason in a warning.

/// Reasons with their names.
#[rustfmt::skip]
pub(crate) const IGNORED: &[(&str, &[&str])] = &[
    ("RocksDB keeps its own log in data_directory", &[
        "commitlog_compression", "commitlog_directory", "commitlog_disk_access_mode",
        "commitlog_max_compression_buffers_in_pool", "commitlog_segment_size", "commitlog_sync_group_window",
        "commitlog_total_space", "periodic_commitlog_sync_lag_block",
    ]),
    ("RocksDB lays out, compacts and flushes its files by itself", &[
        "autocompaction_on_startup_enabled", "automatic_sstable_upgrade", "column_index_cache_size", "column_index_size",
        "compaction_throughput", "compressed_read_ahead_buffer_size", "concurrent_compactors", "default_compaction",
        "disk_access_mode", "disk_optimization_estimate_percentile", "disk_optimization_page_cross_chance",
        "disk_optimization_strategy", "flush_compression", "index_summary_capacity", "index_summary_resize_interval",
        "initial_range_tombstone_list_allocation_size", "max_concurrent_automatic_sstable_upgrades",
        "max_space_usable_for_compactions_in_percentage", "range_tombstone_list_growth_factor", "sstable",
        "sstable_preemptive_open_interval", "sstable_read_rate_persistence_enabled", "trickle_fsync", "trickle_fsync_interval",
        "uuid_sstable_identifiers_enabled",
    ]),
    ("cache and write buffers are one part of memory: see memory", &[
        "buffer_pool_use_heap_if_exhausted", "cache_load_timeout", "counter_cache_keys_to_save", "counter_cache_save_period",
        "counter_cache_size", "file_cache_enabled", "file_cache_round_up", "file_cache_size",
        "key_cache_invalidate_after_sstable_deletion", "key_cache_keys_to_save", "key_cache_migrate_during_compaction",
        "key_cache_save_period", "key_cache_size", "memtable", "memtable_allocation_type", "memtable_cleanup_threshold",
        "memtable_flush_writers", "memtable_heap_space", "memtable_offheap_space", "networking_cache_size", "paxos_cache_size",
        "row_cache_class_name", "row_cache_keys_to_save", "row_cache_save_period",
        "row_cache_size", "saved_caches_directory",
    ]),
    ("threads are not counted by their work: see cores", &[
        "available_processors", "concurrent_counter_writes", "concurrent_index_builders",
        "concurrent_materialized_view_builders", "concurrent_materialized_view_writes", "concurrent_reads", "concurrent_writes",
        "native_transport_max_auth_threads", "native_transport_max_threads",
    ]),
    ("a disk failure ends the node, and a full disk refuses writes: see disk_reserve", &[
        "commit_failure_policy", "corrupted_tombstone_strategy", "data_disk_usage_max_disk_size",
        "data_disk_usage_percentage_fail_threshold", "data_disk_usage_percentage_warn_threshold", "disk_failure_policy",
        "min_free_space_per_drive",
    ]),
    ("all data lies in data_directory", &[
        "cdc_raw_directory", "hints_directory", "local_system_data_file_directory",
    ]),
    ("hints are kept beside the data, a window of them outlives restarts, and each node has a delivery of its own", &[
        "auto_hints_cleanup_enabled", "enforce_native_deadline_for_hints", "hint_window_persistent_enabled",
        "hints_compression", "hints_flush_period", "max_hints_delivery_threads", "max_hints_file_size",
        "transfer_hints_on_decommission", "use_creation_time_for_hint_ttl",
    ]),
    ("the batch log is replayed without a limit, and kept in other racks where there are any", &[
        "batchlog_endpoint_strategy", "batchlog_replay_throttle",
    ]),
    ("a node's place is given by datacenter and rack", &[
        "dynamic_snitch", "dynamic_snitch_badness_threshold", "dynamic_snitch_reset_interval", "dynamic_snitch_update_interval",
        "endpoint_snitch", "severity_during_decommission",
    ]),
    ("the failure detector watches heartbeats and answers, and has nothing to tune", &[
        "failure_detector", "phi_convict_threshold",
    ]),
    ("roles and permissions are in the metadata of the cluster: nothing is cached", &[
        "auth_cache_warming_enabled", "auth_read_consistency_level", "auth_write_consistency_level",
        "credentials_cache_active_update", "credentials_cache_max_entries", "credentials_update_interval",
        "credentials_validity", "permissions_cache_active_update", "permissions_cache_max_entries",
        "permissions_update_interval", "permissions_validity", "roles_cache_active_update", "roles_cache_max_entries",
        "roles_update_interval", "roles_validity", "traverse_auth_from_root",
    ]),
    ("classes of authentication have no parameters", &[
        "authenticator.parameters", "authorizer.parameters",
    ]),
    ("nodes always encrypt and show each other certificates: see certificates", &[
        "internode_authenticator", "server_encryption_options", "ssl_storage_port",
    ]),
    ("certificates of TLS for clients are PEM files: see certificate, key and truststore of client_encryption_options", &[
        "client_encryption_options.keystore", "client_encryption_options.keystore_password",
        "client_encryption_options.ssl_context_factory", "client_encryption_options.store_type",
        "client_encryption_options.truststore_password",
    ]),
    ("TLS 1.3 and 1.2 with their good ciphers are served", &[
        "client_encryption_options.accepted_protocols", "client_encryption_options.algorithm",
        "client_encryption_options.cipher_suites", "client_encryption_options.protocol",
        "client_encryption_options.require_endpoint_verification",
    ]),
    ("nodes speak QUIC, which has nothing to tune", &[
        "block_for_peers_in_remote_dcs", "block_for_peers_timeout_in_secs", "inter_dc_tcp_nodelay",
        "internode_application_receive_queue_capacity", "internode_application_receive_queue_reserve_global_capacity",
        "internode_application_send_queue_capacity", "internode_application_send_queue_reserve_endpoint_capacity",
        "internode_application_send_queue_reserve_global_capacity", "internode_compression",
        "internode_error_reporting_exclusions", "internode_max_message_size", "internode_socket_receive_buffer_size",
        "internode_socket_send_buffer_size", "internode_streaming_tcp_user_timeout", "internode_tcp_connect_timeout",
        "internode_tcp_user_timeout", "internode_timeout", "invalid_legacy_protocol_magic_no_spam_enabled",
        "listen_interface_prefer_ipv6", "listen_on_broadcast_address", "otc_backlog_expiration_interval_ms",
        "otc_coalescing_enough_coalesced_messages", "otc_coalescing_strategy", "otc_coalescing_window_us",
    ]),
    ("connections of clients have nothing else to tune", &[
        "client_error_reporting_exclusions", "client_request_size_metrics_enabled", "consecutive_message_errors_threshold",
        "force_new_prepared_statement_behaviour", "native_transport_allow_older_protocols",
        "native_transport_flush_in_batches_legacy", "native_transport_idle_timeout",
        "native_transport_max_requests_per_second", "native_transport_receive_queue_capacity", "rpc_interface_prefer_ipv6", "rpc_keepalive",
    ]),
    ("requests beyond native_transport_max_concurrent_requests and native_transport_max_request_data_in_flight are refused at once", &[
        "native_transport_max_backoff_on_queue_overload",
        "native_transport_min_backoff_on_queue_overload", "native_transport_queue_max_item_age_threshold",
        "native_transport_throw_on_overload",
    ]),
    ("the largest request is native_transport_max_frame_size", &[
        "max_mutation_size", "max_value_size", "native_transport_max_message_size",
    ]),
    ("reads, scans and writes have timeouts of their own, which count from a request's arrival", &[
        "cas_contention_timeout", "counter_write_request_timeout", "cql_start_time", "native_transport_timeout",
        "repair_request_timeout", "request_timeout", "slow_query_log_timeout", "truncate_request_timeout",
    ]),
    ("Paxos has one variant, and its state is removed with its table", &[
        "paxos_contention_max_wait", "paxos_contention_min_delta", "paxos_contention_min_wait",
        "paxos_contention_wait_randomizer", "paxos_on_linearizability_violations", "paxos_purge_grace_period",
        "paxos_repair_enabled", "paxos_repair_parallelism", "paxos_repair_race_wait", "paxos_state_purging",
        "paxos_topology_repair_no_dc_checks", "paxos_topology_repair_strict_each_quorum", "paxos_variant",
        "skip_paxos_repair_on_topology_change", "skip_paxos_repair_on_topology_change_keyspaces",
    ]),
    ("there is no repair of that kind, and nothing is streamed", &[
        "auto_optimise_full_repair_streams", "auto_optimise_inc_repair_streams", "auto_optimise_preview_repair_streams",
        "concurrent_merkle_tree_requests", "concurrent_validations", "entire_sstable_inter_dc_stream_throughput_outbound",
        "entire_sstable_stream_throughput_outbound", "inter_dc_stream_throughput_outbound", "max_streaming_retries",
        "reject_repair_compaction_threshold", "repair", "repair_command_pool_full_strategy", "repair_command_pool_size",
        "repair_session_max_tree_depth", "repair_session_space", "repair_state_expires", "repair_state_size",
        "repaired_data_tracking_for_partition_reads_enabled", "repaired_data_tracking_for_range_reads_enabled",
        "report_unconfirmed_repaired_data_mismatches", "skip_stream_disk_space_check", "snapshot_on_repaired_data_mismatch",
        "stream_entire_sstables", "stream_transfer_task_timeout",
        "streaming_connections_per_host", "streaming_keep_alive_period", "streaming_slow_events_log_timeout",
        "streaming_state_expires", "streaming_state_size", "streaming_stats_enabled", "trace_type_repair_ttl",
        "use_offheap_merkle_trees", "validation_preview_purge_head_start",
    ]),
    ("snapshots are taken by henge admin snapshot, and by nothing else", &[
        "auto_snapshot", "auto_snapshot_ttl", "incremental_backups", "snapshot_before_compaction", "snapshot_links_per_second",
        "snapshot_on_duplicate_row_detection",
    ]),
    ("nodes join by the metadata of the cluster, which spreads tokens itself", &[
        "allocate_tokens_for_local_replication_factor", "auto_bootstrap", "log_out_of_token_range_requests",
        "reject_out_of_token_range_requests", "storage_compatibility_mode", "use_deterministic_table_id",
    ]),
    ("there is no Java virtual machine", &[
        "crypto_provider", "dump_heap_on_uncaught_exception", "gc_log_threshold", "gc_warn_threshold", "heap_dump_path",
        "startup_checks", "windows_timer_interval",
    ]),
    ("there are no user-defined functions, materialized views, change data capture and denied partitions to tune", &[
        "allow_extra_insecure_udfs", "allow_insecure_udfs", "cdc_block_writes", "cdc_free_space_check_interval",
        "cdc_on_repair_enabled", "cdc_total_space", "denylist_consistency_level", "denylist_initial_load_retry",
        "denylist_max_keys_per_table", "denylist_max_keys_total", "denylist_range_reads_enabled", "denylist_reads_enabled",
        "denylist_refresh", "denylist_writes_enabled", "materialized_views_per_table_fail_threshold",
        "materialized_views_per_table_warn_threshold", "user_defined_functions_fail_timeout",
        "user_defined_functions_threads_enabled", "user_defined_functions_warn_timeout", "user_function_timeout_policy",
    ]),
    ("all indexes are of one kind, which asks replicas again where they differ", &[
        "default_secondary_index", "default_secondary_index_enabled", "intersect_filtering_query_enabled",
        "intersect_filtering_query_warned", "non_partition_restricted_index_query_enabled", "replica_filtering_protection",
        "sai_frozen_term_size_fail_threshold", "sai_frozen_term_size_warn_threshold", "sai_options",
        "sai_sstable_indexes_per_query_fail_threshold", "sai_sstable_indexes_per_query_warn_threshold",
        "sai_string_term_size_fail_threshold", "sai_string_term_size_warn_threshold", "sai_vector_term_size_fail_threshold",
        "sai_vector_term_size_warn_threshold", "sasi_indexes_enabled",
    ]),
    ("partitions and the bytes of a read are not measured", &[
        "check_for_duplicate_rows_during_compaction", "check_for_duplicate_rows_during_reads",
        "coordinator_read_size_fail_threshold", "coordinator_read_size_warn_threshold", "local_read_size_fail_threshold",
        "local_read_size_warn_threshold", "max_top_size_partition_count", "max_top_tombstone_partition_count",
        "min_tracked_partition_size", "min_tracked_partition_tombstone_count", "partition_size_fail_threshold",
        "partition_size_warn_threshold", "partition_tombstones_fail_threshold", "partition_tombstones_warn_threshold",
        "read_thresholds_enabled", "row_index_read_size_fail_threshold", "row_index_read_size_warn_threshold",
        "top_partitions_enabled",
    ]),
    ("requests are counted in /metrics and traced as clients ask for", &[
        "diagnostic_events_enabled", "ideal_consistency_level", "trace_type_query_ttl",
    ]),
    ("Cassandra has no use for it either", &[
        "back_pressure_enabled", "back_pressure_strategy",
    ]),
];
