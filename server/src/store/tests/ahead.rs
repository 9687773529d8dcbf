//! Runs that become parts ahead of questions.

use super::*;

/// Events of a run, of the least that there are.
const RUN_EVENTS: usize = 1_024;

fn append_a_run(store: &Store) {
    let events = (0..RUN_EVENTS as i64).map(|minute| event("visit", "ann", minute)).collect();
    append(store, events).unwrap();
}

/// How many of the frozen runs are parts, and how many there are.
fn made(store: &Store) -> (usize, usize) {
    let published = store.shared.published();
    let visit = store.snapshot().unwrap().type_number("visit").unwrap().unwrap();
    let frozen = published.tail.frozen();
    (frozen.iter().filter(|run| run.is_made(visit)).count(), frozen.len())
}

#[test]
fn runs_become_parts_ahead_while_questions_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, sealing(1 << 14));
    append_a_run(&store);
    append_a_run(&store);
    assert_eq!(made(&store), (0, 2), "nobody asks");
    let snapshot = store.snapshot().unwrap();
    assert_eq!(seen(&snapshot).len(), 2 * RUN_EVENTS);
    assert_eq!(made(&store), (2, 2), "the question makes what it finds");
    append_a_run(&store);
    wait_for("the run to be made", || made(&store) == (3, 3));
}
