//! An asynchronous standby may lack transfers that the dead primary acknowledged. Bank does not promise otherwise, and the
//! checker must find it.

use bank_tests::backend::say;
use bank_tests::postgres::StopMode;

use super::pair::{Pair, Replication};
use super::{PATIENCE, patient};

#[test]
fn the_checker_sees_what_an_asynchronous_standby_loses() {
    let mut pair = Pair::start(Replication::Asynchronous);
    let load = pair.load(patient(), 8);
    // As if the network between the two were slow: the standby misses the next commits.
    pair.standby.stop(StopMode::Fast);
    load.wait_for_more(200, PATIENCE);
    pair.primary.crash();
    pair.standby.start();
    pair.standby.promote();
    std::mem::swap(&mut pair.primary, &mut pair.standby);
    load.wait_for_more(100, PATIENCE);
    let result = load.stop();

    let violations = result.violations(&mut pair.plain());
    let (lost, other): (Vec<_>, Vec<_>) =
        violations.iter().partition(|violation| violation.ends_with("was acknowledged and is not there"));
    say(&format!(
        "faults: 1 failover to an asynchronous standby: {} lost, as the checker must see; {result}",
        lost.len()
    ));
    assert!(lost.len() >= 200, "the checker sees {} of at least 200 lost transfers", lost.len());
    assert!(other.is_empty(), "the books balance nevertheless: {other:?}");
}
