//! The behaviour of the store, the same on every backend.
//!
//! One list names every test; each becomes a `#[test]` of its own on SQLite and on PostgreSQL. A further server, named
//! by the variable `BANK_TEST_URL`, runs all of them in one. A test that is missing from the list is dead code, and
//! clippy says so.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

use bank_tests::TestBackend;

mod accounts;
mod audit;
mod batches;
mod concurrency;
mod diagnosis;
mod embedding;
mod exactly_once;
mod expected_version;
mod harness;
mod history;
mod migrations;
mod past;
mod pipeline;
mod plans;
mod posting;
mod privileges;
mod queue;
mod reversals;
mod schema;
mod snapshots;
mod transactions;

macro_rules! conformance {
    ($($noun:ident: $($test:ident)*;)*) => {
        /// Every test, for the further server.
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
    accounts:
        an_opened_account_is_found_with_every_field
        an_unknown_name_finds_nothing
        names_differ_in_case_and_accents
        a_second_account_of_the_same_name_is_refused
        a_refused_account_leaves_nothing_behind
        sql_in_a_name_stays_a_name
        names_of_64_characters_in_any_script_are_kept
        accounts_are_found_by_many_names_at_once
        the_list_is_ordered_and_complete_over_several_pages
        the_list_stops_at_its_limit
        the_list_stops_at_the_first_error_of_its_reader
        the_list_is_one_snapshot
        counts_and_totals_exceed_64_bits
        similar_names_contain_the_nearest;
    pipeline:
        a_pipeline_has_the_outcomes_of_one_batch_after_the_other
        a_pipeline_tries_again_what_has_failed
        no_transaction_of_a_pipeline_is_larger_than_a_batch
        dropping_a_pipeline_waits_for_what_is_on_its_way;
    posting:
        a_transfer_moves_the_amount_and_is_recorded
        each_transfer_raises_the_version_of_both_accounts
        a_memo_is_recorded
        the_last_unit_can_be_transferred_and_no_more
        an_overdraft_limit_is_respected_to_the_unit
        a_transfer_to_the_same_account_is_rejected
        an_unknown_account_is_rejected_and_named
        a_receiving_balance_that_would_overflow_is_rejected
        the_largest_amount_can_be_transferred
        a_rejected_transfer_leaves_no_trace_and_its_id_free;
    expected_version:
        a_transfer_is_posted_only_at_the_version_it_expects
        a_replay_does_not_look_at_the_expected_version
        of_many_that_expect_the_same_version_one_is_posted;
    reversals:
        a_reversal_moves_the_money_back_and_is_linked
        a_second_reversal_is_a_replay_whatever_its_note
        of_many_racing_reversals_one_is_posted
        an_unknown_transfer_cannot_be_reversed
        a_reversal_respects_the_limit_of_the_receiver
        a_reversal_is_reversed_only_by_force
        another_transfer_under_the_id_of_a_reversal_is_none;
    past:
        a_past_balance_is_that_after_the_last_transfer_before
        a_past_balance_before_the_account_was_opened_is_none
        versions_and_not_times_say_which_transfer_was_the_last
        a_past_balance_of_just_now_counts_everything
        a_history_of_a_period_has_both_its_ends;
    snapshots:
        the_journal_is_ordered_by_id_and_complete_over_several_pages
        the_journal_of_an_account_is_in_the_order_of_its_versions
        the_journal_of_a_period_has_both_its_ends
        a_snapshot_does_not_see_what_is_posted_meanwhile
        a_snapshot_ends_with_the_first_error_of_its_reader
        a_snapshot_finds_accounts
        a_transfer_of_a_missing_account_is_not_left_out_of_the_journal;
    batches:
        an_empty_batch_does_nothing
        each_transfer_sees_the_effects_of_those_before_it
        a_rejected_transfer_leaves_its_neighbours_alone
        a_batch_is_judged_step_by_step_even_if_its_end_is_sound
        a_receiving_balance_may_not_overflow_even_for_a_moment
        an_id_twice_in_a_batch_is_posted_once
        an_id_twice_in_a_batch_with_other_content_is_a_conflict
        a_batch_posted_again_is_replayed_as_a_whole
        a_large_batch_does_what_a_naive_model_does
        many_small_batches_do_what_a_naive_model_does
        single_transfers_do_what_a_naive_model_does;
    exactly_once:
        the_same_transfer_again_is_replayed_with_its_original_outcome
        the_same_id_with_any_other_field_is_a_conflict
        a_replay_needs_no_money
        the_same_transfer_from_16_threads_at_once_is_posted_once
        one_content_wins_when_16_threads_send_one_id
        the_whole_input_again_changes_nothing
        ids_of_every_form_are_kept;
    history:
        a_history_is_newest_first_with_running_balances
        pages_of_a_history_fit_together
        an_account_without_transfers_has_no_history
        a_transfer_is_found_by_its_id
        no_moment_lies_within_a_batch
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
        a_gap_in_the_versions_is_found
        only_the_first_offenders_are_listed_and_all_are_counted
        totals_beyond_64_bits_are_audited;
    concurrency:
        two_racing_transfers_never_overdraw
        opposite_transfers_do_not_deadlock
        who_writes_without_a_pause_leaves_the_others_their_turn
        eight_threads_on_ten_accounts_keep_every_invariant
        concurrent_batches_keep_every_invariant
        readers_never_see_a_wrong_total
        racing_openings_of_one_name_make_one_account;
    migrations:
        both_backends_have_the_same_migrations
        every_migration_has_a_way_back
        down_and_up_again_works
        migrating_twice_is_harmless
        two_migrations_at_once_both_succeed
        a_reset_destroys_everything
        a_database_without_tables_is_not_set_up
        a_database_with_a_part_of_the_migrations_is_older
        a_migration_from_the_future_is_newer;
    diagnosis:
        a_diagnosis_knows_the_database_and_the_way_to_it
        a_diagnosis_changes_nothing_and_gives_its_connection_back
        a_diagnosis_of_tables_that_are_missing_says_so;
    queue:
        many_callers_of_a_queue_get_their_own_outcomes
        a_refused_transfer_in_a_queue_does_not_spoil_its_neighbours
        a_closed_queue_has_posted_everything_and_takes_no_more
        dropping_the_last_handle_of_a_queue_loses_nothing
        a_full_queue_refuses_or_waits
        a_queue_whose_database_fails_leaves_nobody_waiting
        transfers_that_depend_on_each_other_take_effect_in_the_order_of_submission
        a_ticket_can_be_awaited
        a_closed_queue_has_posted_the_transfer_of_a_lone_caller_too
        a_queue_can_be_dropped_by_a_waker;
    schema:
        the_tables_are_those_of_schema_rs
        the_database_refuses_what_the_domain_refuses;
    transactions:
        a_write_is_committed_as_a_whole
        a_failed_write_changes_nothing
        a_swallowed_error_does_not_commit_half
        a_read_cannot_write
        posting_takes_part_in_the_callers_transaction
        an_observer_is_told_of_each_attempt_to_post_that_is_repeated
        limits_of_zero_are_none
        posting_is_correct_at_every_isolation_level;
}

fn run(backend: TestBackend, test: fn(TestBackend)) {
    backend.announce();
    test(backend);
}

/// Runs everything on the server that `BANK_TEST_URL` names, or says that there is none.
#[test]
fn extra_server() {
    if bank_tests::backend::extra_server_url().is_none() {
        bank_tests::backend::say("conformance: no further server (BANK_TEST_URL is not set)");
        return;
    }
    TestBackend::Extra.announce();
    let mut failed = Vec::new();
    for (name, test) in ALL {
        let passed = std::panic::catch_unwind(|| test(TestBackend::Extra)).is_ok();
        bank_tests::backend::say(&format!("extra_server::{name} ... {}", if passed { "ok" } else { "FAILED" }));
        if !passed {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed on the further server: {failed:?}");
}
