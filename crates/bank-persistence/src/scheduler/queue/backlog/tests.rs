use super::*;
use crate::transfer_ids::new_transfer_id;
use bank_domain::{AccountId, Amount};

fn line() -> Arc<WaitingLine> {
    Arc::new(WaitingLine::new(QueueSettings { workers: 9, ..QueueSettings::default() }))
}

fn transfer(from: i64, to: i64) -> Transfer {
    Transfer::new(new_transfer_id(), AccountId::new(from), AccountId::new(to), Amount::MIN)
}

fn submit(line: &WaitingLine, pairs: &[(i64, i64)]) {
    for (from, to) in pairs {
        line.push(transfer(*from, *to).into()).unwrap();
    }
}

/// Takes a batch, which must be there, and returns who pays whom in it.
fn take(line: &Arc<WaitingLine>) -> (Vec<(i64, i64)>, OnItsWay) {
    let (batch, on_its_way) = line.take().unwrap();
    (batch.iter().map(|job| (job.request.transfer.from.get(), job.request.transfer.to.get())).collect(), on_its_way)
}

#[test]
fn one_batch_takes_all_that_waits_in_the_order_of_submission() {
    let line = line();
    submit(&line, &[(1, 2), (2, 3), (4, 5), (3, 1)]);
    assert_eq!(take(&line).0, [(1, 2), (2, 3), (4, 5), (3, 1)]);
}

#[test]
fn batches_on_their_way_share_no_account() {
    let line = line();
    submit(&line, &[(1, 2)]);
    let (_, first) = take(&line);
    submit(&line, &[(2, 3), (4, 5), (6, 1)]);
    let (batch, second) = take(&line);
    assert_eq!(batch, [(4, 5)]);
    drop(first);
    submit(&line, &[(5, 7)]);
    assert_eq!(take(&line).0, [(2, 3), (6, 1)]);
    drop(second);
    assert_eq!(take(&line).0, [(5, 7)]);
}

#[test]
fn batches_on_their_way_share_no_id() {
    let line = line();
    let order = transfer(1, 2);
    line.push((&order).into()).unwrap();
    let (_, first) = take(&line);
    line.push(Transfer { id: order.id, ..transfer(3, 4) }.into()).unwrap();
    submit(&line, &[(5, 6)]);
    assert_eq!(take(&line).0, [(5, 6)]);
    drop(first);
    submit(&line, &[(7, 8)]);
    assert_eq!(take(&line).0, [(3, 4), (7, 8)]);
}

#[test]
fn nothing_overtakes_a_transfer_that_is_left_behind() {
    let line = line();
    submit(&line, &[(1, 2)]);
    let (_, first) = take(&line);
    submit(&line, &[(2, 3), (3, 4), (4, 5), (8, 9)]);
    assert_eq!(take(&line).0, [(8, 9)]);
    drop(first);
    submit(&line, &[(5, 6)]);
    assert_eq!(take(&line).0, [(2, 3), (3, 4), (4, 5), (5, 6)]);
}

#[test]
fn a_batch_has_a_largest_size_and_the_rest_stays_in_order() {
    let line = Arc::new(WaitingLine::new(QueueSettings { batch_max: 2, ..QueueSettings::default() }));
    submit(&line, &[(1, 2), (3, 4), (2, 3), (5, 6)]);
    let (batch, first) = take(&line);
    assert_eq!(batch, [(1, 2), (3, 4)]);
    assert_eq!(take(&line).0, [(5, 6)]);
    drop(first);
    assert_eq!(take(&line).0, [(2, 3)]);
}

#[test]
fn half_a_share_is_enough_while_another_batch_is_on_its_way() {
    let line = Arc::new(WaitingLine::new(QueueSettings::default()));
    let enough = |line: &WaitingLine| line.locked().enough(false);
    submit(&line, &[(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]);
    assert_eq!(enough(&line), 0);
    let (_, first) = take(&line);
    // Two workers would have had two and a half.
    assert_eq!(enough(&line), 1);
    submit(&line, &[(1, 2), (11, 12), (13, 14), (15, 16), (17, 18), (19, 20)]);
    let (batch, second) = take(&line);
    assert_eq!(batch.len(), 5);
    assert_eq!(enough(&line), 2);
    drop(first);
    assert_eq!(enough(&line), 2);
    drop(second);
    assert_eq!(enough(&line), 0);
}

#[test]
fn where_accounts_are_shared_all_that_were_answered_are_needed() {
    let line = line();
    submit(&line, &[(1, 2), (2, 3), (3, 1)]);
    drop(take(&line));
    let state = line.locked();
    assert!(state.last.is_crowded);
    assert_eq!(state.enough(state.last.is_crowded), 3);
}

#[test]
fn a_caller_is_alone_only_when_nothing_waits_and_nothing_is_on_its_way() {
    let line = line();
    let alone = line.begin_alone(&transfer(1, 2)).unwrap();
    assert!(line.begin_alone(&transfer(3, 4)).is_none());
    submit(&line, &[(2, 3)]);
    drop(alone);
    assert!(line.begin_alone(&transfer(3, 4)).is_none());
    drop(take(&line));
    drop(line.begin_alone(&transfer(3, 4)).unwrap());
    line.close();
    assert!(line.begin_alone(&transfer(3, 4)).is_none());
}

#[test]
fn a_closed_line_hands_out_what_waits_for_another_batch_and_then_ends() {
    let line = line();
    submit(&line, &[(1, 2)]);
    let (_, first) = take(&line);
    submit(&line, &[(2, 3)]);
    line.close();
    let other = {
        let line = Arc::clone(&line);
        std::thread::spawn(move || {
            let (batch, on_its_way) = take(&line);
            drop(on_its_way);
            (batch, line.take().is_none())
        })
    };
    std::thread::sleep(Duration::from_millis(20));
    assert!(!other.is_finished());
    drop(first);
    assert_eq!(other.join().unwrap(), (vec![(2, 3)], true));
}

#[test]
fn a_closed_line_ends_when_a_caller_who_is_alone_is_done() {
    let line = line();
    let alone = line.begin_alone(&transfer(1, 2)).unwrap();
    line.close();
    let worker = {
        let line = Arc::clone(&line);
        std::thread::spawn(move || line.take().is_none())
    };
    std::thread::sleep(Duration::from_millis(20));
    assert!(!worker.is_finished());
    drop(alone);
    assert!(worker.join().unwrap());
}
