//! What every table must do, asked of each: the table in memory, and DynamoDB through the real SDK, which is the embedded one or,
//! where `AWS_ENDPOINT_URL` is set, the service or emulator behind it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a story that cannot go on fails, and says where"
)]

mod conditions;
mod last_release;
mod own_writes;
mod queries;
mod transactions;
mod world;

/// One test per story and table.
macro_rules! contract {
    ($($group:ident { $($story:ident),+ $(,)? })+) => {
        mod memory {
            $($(#[tokio::test] async fn $story() { crate::$group::$story(crate::world::memory().table()).await; })+)+
        }
        mod dynamodb {
            $($(#[tokio::test] async fn $story() { crate::$group::$story(crate::world::dynamodb().await.table()).await; })+)+
        }
    };
}

contract! {
    conditions {
        absent_puts_once,
        an_expired_claim_is_taken_over,
        a_claim_without_expiry_is_never_taken_over,
        a_version_is_replaced_by_the_next_alone,
        a_state_must_be_among_those_named,
        always_overwrites,
        a_delete_obeys_its_condition,
        a_put_replaces_the_whole_item,
        every_kind_of_value_reads_back,
        a_write_is_read_at_once,
        of_many_claims_at_once_one_wins,
        of_many_steps_on_one_version_one_wins,
        a_state_condition_without_states_is_a_defect,
        an_expiry_of_its_own_is_a_defect,
        a_fraction_is_a_defect,
        an_empty_key_is_a_defect,
        a_key_longer_than_any_names_nothing,
        an_item_over_400_kilobytes_is_a_defect,
    }
    transactions {
        all_changes_happen_together,
        nothing_happens_when_one_condition_fails,
        a_check_holds_the_write_back_and_changes_nothing,
        a_check_alone_is_a_write,
        the_failed_change_is_named_with_its_item,
        a_hundred_changes_fit,
        a_hundred_and_one_are_a_defect,
        one_key_twice_is_a_defect,
        no_changes_do_nothing,
        transactions_in_each_others_way_lose_nothing,
    }
    queries {
        a_partition_reads_in_both_orders,
        every_range_reads_its_part,
        a_prefix_ends_where_the_next_begins,
        pages_by_count_cover_everything_once,
        pages_by_size_cover_everything_once,
        an_index_holds_only_what_is_indexed,
        an_index_forgets_what_was_unindexed,
        an_index_follows_a_moved_item,
        an_item_is_in_each_index_that_it_names,
        an_index_pages_through_equal_times,
        an_empty_partition_is_an_empty_page,
        a_cursor_stays_in_its_partition,
        a_made_up_cursor_is_refused,
        a_cursor_outside_the_range_is_refused,
        a_range_that_ends_before_it_begins_is_a_defect,
    }
}
