//! The behaviour of the store, the same on every backend.
//!
//! One list names every test of the store. Each becomes a `#[test]` on SQLite and one on PostgreSQL; a server that
//! `BANK_TEST_URL` names runs all of them in a single `#[test]`. A test that is missing from the list is dead code, and
//! clippy reports it.
//!
//! Beside them stand tests of one backend: of a role's privileges, of query plans, of SQLite's files, of embedding bank, and
//! of the harness.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

use bank_tests::TestBackend;
use bank_tests::postgres::{PgBouncer, PoolMode};

mod account_changes;
mod accounts;
mod all_or_none;
mod audit;
mod batches;
mod concurrency;
mod currencies;
mod diagnosis;
mod embedding;
mod exactly_once;
mod expected_version;
mod files;
mod groups;
mod harness;
mod history;
mod keys;
mod locks;
mod migrations;
mod names;
mod past;
mod pipeline;
mod plans;
mod posting;
mod privileges;
mod queue;
mod recorded_batches;
mod reversals;
mod schema;
mod sequences;
mod session;
mod snapshots;
mod transactions;

macro_rules! conformance {
    ($($noun:ident: $($test:ident)*;)*) => {
        /// Every test, for the additional server.
        const ALL: &[(&str, fn(TestBackend))] = &[$($((stringify!($test), crate::$noun::$test)),*),*];

        mod sqlite {
            $($(
                #[test]
                fn $test() {
                    crate::run(bank_tests::TestBackend::Sqlite, crate::$noun::$test);
                }
            )*)*
        }

        mod postgres {
            $($(
                #[test]
                fn $test() {
                    crate::run(bank_tests::TestBackend::Postgres, crate::$noun::$test);
                }
            )*)*
        }
    };
}

conformance! {
    currencies:
        an_account_keeps_the_currency_that_it_was_opened_in
        money_never_crosses_currencies_on_any_path
        an_unknown_currency_opens_nothing
        the_scale_of_a_currency_never_changes
        accounts_are_opened_in_the_default_currency;
    account_changes:
        each_change_stands_in_the_trail
        a_refused_change_changes_nothing
        a_frozen_account_neither_pays_nor_receives_on_any_path
        a_closed_account_takes_no_money
        former_names_lead_to_the_same_account_for_ever
        no_transfer_is_posted_after_a_freeze_has_been_acknowledged;
    accounts:
        an_opened_account_is_found_with_every_field
        an_unknown_name_finds_nothing
        names_differ_in_case_and_accents
        a_second_account_with_the_same_name_is_rejected
        a_rejected_account_leaves_nothing_behind
        sql_in_a_name_stays_a_name
        names_of_64_characters_in_any_script_are_kept
        accounts_are_found_by_many_names_in_one_call
        the_list_is_ordered_and_complete_over_several_pages
        the_list_stops_at_its_limit
        the_list_stops_when_its_reader_fails
        the_list_is_one_snapshot
        counts_and_totals_exceed_64_bits
        similar_names_include_the_nearest;
    pipeline:
        a_pipeline_has_the_outcomes_of_batches_posted_one_by_one
        a_pipeline_retries_a_failed_batch
        a_failed_batch_is_retried_before_the_batches_that_waited_for_it
        no_transaction_of_a_pipeline_is_larger_than_a_batch
        a_pipeline_hands_back_what_it_has_not_posted
        only_refused_data_is_told_as_such
        dropping_a_pipeline_waits_for_batches_in_flight;
    recorded_batches:
        a_recorded_batch_is_found_with_every_field
        the_first_content_of_a_reference_stays
        one_of_many_contents_recorded_at_the_same_moment_stays
        a_batch_recorded_in_a_transaction_that_is_rolled_back_is_not_there
        a_batch_is_forgotten_unless_one_of_its_ids_was_posted
        a_batch_that_a_newer_program_has_recorded_is_not_guessed
        posted_transfers_are_found_by_many_ids;
    posting:
        a_transfer_moves_the_amount_and_is_recorded
        each_transfer_raises_the_version_of_both_accounts
        a_memo_is_recorded
        every_field_of_a_large_batch_is_recorded
        the_last_unit_can_be_transferred_and_no_more
        an_overdraft_limit_is_respected_to_the_unit
        a_transfer_to_the_same_account_is_rejected
        an_unknown_account_is_rejected_and_named
        a_receiving_balance_that_would_overflow_is_rejected
        the_largest_amount_can_be_transferred
        a_rejected_transfer_leaves_no_trace_and_its_id_free;
    expected_version:
        a_transfer_is_posted_only_at_the_version_it_expects
        a_replay_ignores_the_expected_version
        one_of_many_transfers_that_expect_the_same_version_is_posted;
    reversals:
        a_reversal_moves_the_money_back_and_is_linked
        a_second_reversal_is_a_replay_even_with_another_note
        one_of_many_racing_reversals_is_posted
        an_unknown_transfer_cannot_be_reversed
        a_reversal_respects_the_limit_of_the_receiver
        a_reversal_is_reversed_only_by_force
        a_transfer_that_took_the_id_of_a_reversal_is_not_the_reversal;
    past:
        a_past_balance_is_the_one_after_the_last_earlier_transfer
        there_is_no_past_balance_before_the_account_was_opened
        the_last_transfer_is_found_by_version_and_not_by_time
        a_past_balance_of_now_counts_everything
        a_history_of_a_period_includes_both_ends;
    snapshots:
        the_journal_is_ordered_by_id_and_complete_over_several_pages
        the_journal_of_an_account_is_in_the_order_of_its_versions
        the_journal_of_a_period_includes_both_ends
        a_snapshot_does_not_see_transfers_posted_after_it
        a_snapshot_stops_when_its_reader_fails
        a_snapshot_finds_accounts
        the_journal_includes_a_transfer_whose_account_is_missing;
    batches:
        an_empty_batch_does_nothing
        each_transfer_sees_the_effects_of_those_before_it
        a_rejected_transfer_in_a_batch_does_not_affect_its_neighbours
        a_batch_is_decided_transfer_by_transfer_even_if_its_net_change_is_possible
        a_receiving_balance_must_not_overflow_between_two_transfers_of_a_batch
        an_id_twice_in_a_batch_is_posted_once
        an_id_twice_in_a_batch_with_other_content_is_a_conflict
        a_batch_posted_again_is_replayed_as_a_whole
        a_large_batch_agrees_with_a_naive_model
        many_small_batches_agree_with_a_naive_model
        single_transfers_agree_with_a_naive_model;
    all_or_none:
        all_or_none_posts_all_with_replays_among_them
        all_or_none_records_nothing_if_one_is_rejected
        all_or_none_looks_at_expected_versions
        all_or_none_rolls_back_if_the_caller_cancels
        all_or_none_of_nothing_is_posted;
    exactly_once:
        the_same_transfer_again_is_replayed_with_its_original_outcome
        the_same_id_with_any_other_field_is_a_conflict
        the_nil_uuid_is_rejected_and_read_where_a_journal_has_it
        a_replay_needs_no_money
        one_transfer_from_16_threads_is_posted_once
        one_content_wins_when_16_threads_send_one_id
        sending_the_whole_input_again_changes_nothing
        ids_of_every_form_are_kept;
    history:
        a_history_is_newest_first_with_running_balances
        pages_of_a_history_fit_together
        an_account_without_transfers_has_no_history
        a_transfer_is_found_by_its_id
        all_transfers_of_a_batch_have_the_same_time
        an_unknown_id_finds_nothing
        ids_are_listed_in_their_order_page_by_page;
    audit:
        an_empty_database_is_sound
        a_used_database_is_sound
        a_changed_balance_is_found
        money_moved_behind_the_journal_is_found
        a_deleted_transfer_is_found
        a_changed_balance_after_is_found
        a_changed_amount_is_found
        an_orphan_is_found
        a_balance_below_its_limit_is_found
        money_that_crossed_currencies_is_found
        an_account_of_an_unknown_currency_is_found
        totals_are_of_each_currency_by_itself
        a_gap_in_the_versions_is_found
        only_the_first_offenders_are_listed_and_all_are_counted
        totals_beyond_64_bits_are_audited;
    concurrency:
        two_racing_transfers_never_overdraw
        opposite_transfers_do_not_deadlock
        threads_that_write_without_a_pause_take_turns
        eight_threads_on_ten_accounts_keep_every_invariant
        concurrent_batches_keep_every_invariant
        readers_never_see_a_wrong_total
        racing_openings_of_one_name_make_one_account;
    migrations:
        both_backends_have_the_same_migrations
        every_migration_has_a_way_back
        migrating_down_and_up_again_works
        migrating_twice_is_harmless
        two_concurrent_migrations_both_succeed
        a_reset_destroys_everything
        a_ledger_of_the_first_schema_keeps_its_data_and_its_reversals
        nobody_posts_or_opens_accounts_while_an_upgrade_is_unfinished
        a_database_without_tables_is_not_set_up
        a_database_with_a_part_of_the_migrations_is_older
        the_migrations_of_another_application_are_not_taken_for_those_of_a_newer_program
        a_migration_from_the_future_is_newer;
    diagnosis:
        a_diagnosis_describes_the_database_and_the_connection
        a_diagnosis_changes_nothing_and_gives_its_connection_back
        a_diagnosis_reports_missing_tables;
    queue:
        many_callers_of_a_queue_get_their_own_outcomes
        a_rejected_transfer_in_a_queue_does_not_affect_its_neighbours
        a_closed_queue_has_posted_everything_and_takes_no_more
        dropping_the_last_handle_of_a_queue_loses_nothing
        a_full_queue_rejects_a_transfer_or_waits
        a_queue_whose_database_fails_answers_every_caller
        transfers_that_depend_on_each_other_take_effect_in_the_order_of_submission
        a_ticket_can_be_awaited
        closing_a_queue_waits_for_the_transfer_of_a_lone_caller
        a_queue_can_be_dropped_by_a_waker;
    schema:
        the_tables_are_those_of_schema_rs
        the_database_rejects_what_the_domain_rejects;
    groups:
        a_group_is_posted_as_a_whole_and_then_replayed
        a_group_of_which_one_is_rejected_changes_nothing
        members_see_the_effects_of_those_before_them
        other_transfers_of_a_batch_are_posted_beside_a_rejected_group
        members_that_were_posted_otherwise_are_a_conflict
        a_part_of_a_group_is_never_posted
        an_expected_version_is_that_before_the_group
        an_exchange_is_a_group_of_two_currencies
        a_group_is_reversed_as_a_whole_at_most_once
        a_group_of_a_thousand_is_posted
        no_path_takes_a_group_apart
        a_group_in_part_is_found_by_the_audit;
    names:
        a_name_is_found_in_either_form
        names_of_an_old_ledger_that_look_the_same_are_two_accounts
        no_new_name_looks_like_that_of_another_account;
    sequences:
        any_sequence_agrees_with_a_naive_model
        eight_threads_that_do_anything_leave_a_sound_ledger;
    transactions:
        a_write_is_committed_as_a_whole
        a_failed_write_changes_nothing
        a_swallowed_error_does_not_commit_half
        a_read_cannot_write
        posting_takes_part_in_the_callers_transaction
        an_observer_hears_of_each_repeated_attempt_to_post
        limits_of_zero_mean_no_limit
        posting_is_correct_at_every_isolation_level;
}

fn run(backend: TestBackend, test: fn(TestBackend)) {
    backend.announce();
    test(backend);
}

/// Runs every test on the server that `BANK_TEST_URL` names, or says that the variable is not set.
#[test]
fn extra_server() {
    if bank_tests::backend::extra_server_url().is_none() {
        bank_tests::backend::say("conformance: no additional server (BANK_TEST_URL is not set)");
        return;
    }
    let failed = run_all(TestBackend::Extra, "extra_server", &[]);
    assert!(failed.is_empty(), "failed on the additional server: {failed:?}");
}

/// What looks at the server's own sessions or clock, or needs more of them than a pooler gives.
const NOT_THROUGH_A_POOLER: [&str; 0] = [];

/// Runs every test through PgBouncer in this mode, or says that it is not installed.
fn through_pgbouncer(mode: PoolMode, name: &str) {
    if PgBouncer::shared(mode).is_none() {
        bank_tests::backend::say(&format!("conformance: {name} is left out, because PgBouncer is not installed"));
        return;
    }
    let failed = run_all(TestBackend::Pooled(mode), name, &NOT_THROUGH_A_POOLER);
    assert!(failed.is_empty(), "failed through PgBouncer: {failed:?}");
}

#[test]
fn pgbouncer_in_session_mode() {
    through_pgbouncer(PoolMode::Session, "pgbouncer_in_session_mode");
}

#[test]
fn pgbouncer_in_transaction_mode() {
    through_pgbouncer(PoolMode::Transaction, "pgbouncer_in_transaction_mode");
}

/// Runs all tests but some on a backend, one after the other, and returns the names of those that failed.
fn run_all(backend: TestBackend, run: &str, without: &[&str]) -> Vec<&'static str> {
    backend.announce();
    let mut failed = Vec::new();
    for (name, test) in ALL.iter().filter(|(name, _)| !without.contains(name)) {
        let passed = std::panic::catch_unwind(|| test(backend)).is_ok();
        bank_tests::backend::say(&format!("{run}::{name} ... {}", if passed { "ok" } else { "FAILED" }));
        if !passed {
            failed.push(*name);
        }
    }
    failed
}
