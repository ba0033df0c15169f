//! Who has to leave, in a time that is told.

use super::*;

fn crowd(seats: usize, readers: usize) -> (Arc<Crowd>, Clock) {
    let clock = Clock::simulated("2026-03-18T16:00:00Z".parse().unwrap(), 1);
    (Arc::new(Crowd { readers, ..Crowd::new(clock.clone(), seats) }), clock)
}

fn pass(clock: &Clock, milliseconds: u64) {
    clock.sleep_through(Duration::from_millis(milliseconds));
}

type Guest = (Arc<Place>, AbortRegistration);

fn is_leaving(guest: &Guest) -> bool {
    guest.1.handle().is_aborted()
}

#[tokio::test(start_paused = true)]
async fn when_all_seats_are_taken_those_that_waited_longest_leave() {
    let (crowd, clock) = crowd(32, 32);
    let guests: Vec<Guest> = (0..32)
        .map(|_| {
            pass(&clock, 1);
            crowd.admit().unwrap()
        })
        .collect();
    // The first has asked since, and the second is being answered.
    guests[0].0.opened();
    drop(guests[0].0.asked());
    let turn = guests[1].0.asked();
    let late = crowd.admit().unwrap();
    let leaving: Vec<usize> = (0..32).filter(|at| is_leaving(&guests[*at])).collect();
    assert_eq!(leaving, [2, 3]);
    assert!(!is_leaving(&late));
    drop((turn, guests, late));
    assert!(!crowd.round());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_being_answered_stays_and_another_is_turned_away() {
    let (crowd, _) = crowd(2, 2);
    let guests = [crowd.admit().unwrap(), crowd.admit().unwrap()];
    let turns = [guests[0].0.asked(), guests[1].0.asked()];
    assert!(crowd.admit().is_none());
    turns[1].answered();
    assert!(crowd.admit().is_none());
    drop(turns);
    assert!(crowd.admit().is_some());
    assert_eq!(guests.iter().filter(|guest| is_leaving(guest)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn fewer_may_have_begun_to_speak_than_may_be_there() {
    let (crowd, clock) = crowd(100, 2);
    let guests: Vec<Guest> = (0..50).map(|_| crowd.admit().unwrap()).collect();
    for guest in &guests[..3] {
        pass(&clock, 1);
        guest.0.read();
    }
    assert!(is_leaving(&guests[0]) && !guests[1..].iter().any(is_leaving));
    let turns = [guests[1].0.asked(), guests[2].0.asked()];
    guests[3].0.read();
    assert!(is_leaving(&guests[3]) && !is_leaving(&guests[1]));
    drop((turns, guests));
    assert_eq!(crowd.present().readers, 0);
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_slowness_has_its_end() {
    let (crowd, clock) = crowd(9, 9);
    let guests: Vec<Guest> = (0..5).map(|_| crowd.admit().unwrap()).collect();
    let [silent, slow, idle, deaf, trickling] = &guests[..] else { panic!() };
    for guest in &guests[1..] {
        guest.0.read();
        guest.0.opened();
    }
    drop(idle.0.asked());
    let (one, two) = (deaf.0.asked(), trickling.0.asked());
    one.answered();
    two.answered();
    for _ in 0..6 {
        pass(&clock, 9_999);
        // A byte of a head changes nothing; a byte taken does.
        slow.0.arrived();
        trickling.0.stalled();
        trickling.0.resumed();
        crowd.round();
    }
    assert!(is_leaving(silent) && is_leaving(slow) && is_leaving(deaf));
    assert!(!is_leaving(idle) && !is_leaving(trickling));
    pass(&clock, 10);
    crowd.round();
    assert!(is_leaving(trickling) && !is_leaving(idle));
    pass(&clock, 240_000);
    crowd.round();
    assert!(is_leaving(idle));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_and_does_not_read_is_found_though_nothing_is_owed_to_it() {
    let (crowd, clock) = crowd(9, 9);
    let guest = crowd.admit().unwrap();
    guest.0.read();
    // Heads alone fill its pipe.
    drop(guest.0.asked());
    guest.0.stalled();
    pass(&clock, 10_000);
    crowd.round();
    assert!(is_leaving(&guest));
}

#[tokio::test(start_paused = true)]
async fn the_end_dismisses_only_those_who_cannot_have_asked() {
    let (crowd, _) = crowd(9, 9);
    let guests: Vec<Guest> = (0..3).map(|_| crowd.admit().unwrap()).collect();
    guests[1].0.read();
    guests[2].0.read();
    guests[2].0.opened();
    crowd.close();
    assert_eq!(guests.iter().map(is_leaving).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn the_limit_of_files_leaves_some_to_the_rest() {
    for (files, seats) in
        [(None, 16_384), (Some(1024), 768), (Some(64), 48), (Some(1_048_576), 16_384), (Some(0), 1)]
    {
        assert_eq!(capacity(files), seats, "{files:?}");
    }
}
