//! Bugs that are put in on purpose, to show that the checks can fail.

use henge_node::Faults;

/// The bugs by name.
pub(crate) const MUTATIONS: [(&str, Faults); 26] = [
    ("ack-before-sync", Faults { ack_before_sync: true, ..NONE }),
    ("quorum-off-by-one", Faults { quorum_off_by_one: true, ..NONE }),
    ("digest-of-bytes", Faults { digest_of_bytes: true, ..NONE }),
    ("drop-hints", Faults { drop_hints: true, ..NONE }),
    ("clock-in-reconcile", Faults { clock_in_reconcile: true, ..NONE }),
    ("ignore-accepted", Faults { ignore_accepted: true, ..NONE }),
    ("unlogged-batches", Faults { unlogged_batches: true, ..NONE }),
    ("trust-indexes", Faults { trust_indexes: true, ..NONE }),
    ("forget-unsent", Faults { forget_unsent: true, ..NONE }),
    ("mend-at-zero", Faults { mend_at_zero: true, ..NONE }),
    ("purge-without-fence", Faults { purge_without_fence: true, ..NONE }),
    ("outlive-failed-syncs", Faults { outlive_failed_syncs: true, ..NONE }),
    ("stamp-beyond-the-bound", Faults { stamp_beyond_the_bound: true, ..NONE }),
    ("minority-votes", Faults { minority_votes: true, ..NONE }),
    ("admit-older-copies", Faults { admit_older_copies: true, ..NONE }),
    ("hold-untold-clocks", Faults { hold_untold_clocks: true, ..NONE }),
    ("majority-of-all", Faults { majority_of_all: true, ..NONE }),
    ("trust-forwarders", Faults { trust_forwarders: true, ..NONE }),
    ("mix-serial-levels", Faults { mix_serial_levels: true, ..NONE }),
    ("leave-undecided", Faults { leave_undecided: true, ..NONE }),
    ("settle-undecided", Faults { settle_undecided: true, ..NONE }),
    ("skip-pending", Faults { skip_pending: true, ..NONE }),
    ("mend-readers-only", Faults { mend_readers_only: true, ..NONE }),
    ("trust-unread-commits", Faults { trust_unread_commits: true, ..NONE }),
    ("unsynced-promises", Faults { unsynced_promises: true, ..NONE }),
    ("number-pages", Faults { number_pages: true, ..NONE }),
];
const NONE: Faults = Faults {
    ack_before_sync: false,
    quorum_off_by_one: false,
    digest_of_bytes: false,
    drop_hints: false,
    clock_in_reconcile: false,
    ignore_accepted: false,
    unlogged_batches: false,
    trust_indexes: false,
    mend_at_zero: false,
    purge_without_fence: false,
    outlive_failed_syncs: false,
    unsynced_commits: false,
    catch_up_by_entries: false,
    unknown_when_behind: false,
    replay_when_behind: false,
    forget_unsent: false,
    forget_batches_early: false,
    minority_votes: false,
    forget_votes: false,
    forget_own: false,
    silent_shutdown: false,
    stamp_beyond_the_bound: false,
    withhold_entries: false,
    prove_without_one: false,
    forget_unproven: false,
    settle_undecided: false,
    wait_for_silent: false,
    trust_logged_addresses: false,
    admit_older_copies: false,
    hold_untold_clocks: false,
    majority_of_all: false,
    mix_serial_levels: false,
    trust_unfixed_levels: false,
    serve_stale_plans: false,
    forget_moved: false,
    drop_behind: false,
    trust_forwarders: false,
    admit_all: false,
    ack_any_early: false,
    stream_no_acceptors: false,
    apply_stale_pages: false,
    skip_barriers: false,
    clean_owned: false,
    lower_without_merging: false,
    leave_undecided: false,
    skip_pending: false,
    mend_readers_only: false,
    trust_unread_commits: false,
    number_pages: false,
    unsynced_promises: false,
};

/// The bug of a name.
pub(crate) fn mutation_named(name: &str) -> anyhow::Result<Faults> {
    let known = MUTATIONS.iter().find(|(known, _)| *known == name);
    let names: Vec<&str> = MUTATIONS.iter().map(|(known, _)| *known).collect();
    known
        .map(|(_, faults)| *faults)
        .ok_or_else(|| anyhow::anyhow!("no bug is called {name}; there are: {}", names.join(", ")))
}
