//! The properties that `WITH` of a table accepts, by name.

use henge_model::TableOptions;

/// True if a table has a property of that name.
pub(crate) fn is_table_property(name: &str) -> bool {
    name == "id" || reset_property(name, &mut TableOptions::default(), &TableOptions::default())
}

/// Sets a property back to its value in `was`; false if there is none of that name. `id` is not among them.
pub(crate) fn reset_property(name: &str, options: &mut TableOptions, was: &TableOptions) -> bool {
    match name {
        "comment" => options.comment.clone_from(&was.comment),
        "default_time_to_live" => options.default_time_to_live = was.default_time_to_live,
        "gc_grace_seconds" => options.gc_grace_seconds = was.gc_grace_seconds,
        "bloom_filter_fp_chance" => options.bloom_filter_fp_chance = was.bloom_filter_fp_chance,
        "crc_check_chance" => options.crc_check_chance = was.crc_check_chance,
        "min_index_interval" => options.min_index_interval = was.min_index_interval,
        "max_index_interval" => options.max_index_interval = was.max_index_interval,
        "memtable_flush_period_in_ms" => options.memtable_flush_period_in_ms = was.memtable_flush_period_in_ms,
        "speculative_retry" => options.speculative_retry.clone_from(&was.speculative_retry),
        "additional_write_policy" => options.additional_write_policy.clone_from(&was.additional_write_policy),
        "read_repair" => options.read_repair.clone_from(&was.read_repair),
        "cdc" => options.cdc = was.cdc,
        "memtable" => options.memtable.clone_from(&was.memtable),
        "allow_auto_snapshot" => options.allow_auto_snapshot = was.allow_auto_snapshot,
        "incremental_backups" => options.incremental_backups = was.incremental_backups,
        "caching" => options.caching.clone_from(&was.caching),
        "compaction" => options.compaction.clone_from(&was.compaction),
        "compression" => options.compression.clone_from(&was.compression),
        "serial_consistency" => options.serial_consistency = was.serial_consistency,
        "extensions" => options.extensions.clone_from(&was.extensions),
        _ => return false,
    }
    true
}
