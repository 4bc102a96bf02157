//! Time: it makes no difference who looks when, and nobody knows what is yet to be printed.

use proptest::{collection::vec, prelude::*, strategy::ValueTree as _};
use sim::paper::{Account, Moment, Tape};

use super::world::{World, at, empty_tape, end, replay, tape_of, trade, traders, worlds};

/// Moments of all kinds: any second, and between two prints of the same second.
fn cuts(tape: &Tape, picks: &[(i64, u8)]) -> Vec<Moment> {
    let cut = |&(pick, kind): &(i64, u8)| {
        let seconds = pick.rem_euclid(end().seconds() - at(0).seconds());
        let count = i64::try_from(tape.ticks().len()).unwrap();
        let ticks = usize::try_from(pick.rem_euclid(count.max(1))).unwrap();
        match (kind, ticks) {
            (0, 1..) => Moment { ticks, at: tape.ticks()[ticks - 1].at },
            // Just as a print comes: all before it, at its own second.
            (1, _) if count > 0 => Moment { ticks, at: tape.ticks()[ticks].at },
            _ => tape.moment(at(seconds)),
        }
    };
    let mut cuts: Vec<Moment> = picks.iter().map(cut).collect();
    cuts.sort_unstable();
    cuts
}

fn picks() -> impl Strategy<Value = Vec<(i64, u8)>> {
    vec((any::<i64>(), 0..3_u8), 0..60)
}

/// Names the first thing in which two accounts differ.
fn check_same(one: &Account, two: &Account) -> Result<(), TestCaseError> {
    for (one, two) in one.orders().iter().zip(two.orders()) {
        prop_assert_eq!(one, two);
    }
    for (one, two) in one.fills().iter().zip(two.fills()) {
        prop_assert_eq!(one, two);
    }
    prop_assert_eq!(one, two);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Advancing to *c* equals advancing to *b* and then to *c*, for every *b*.
    #[test]
    fn looking_changes_nothing(world in worlds(), trader in traders(), picks in picks()) {
        let tape = world.tape();
        let (account, journal) = trade(&tape, &trader, |_| {});
        let to = tape.moment(end());
        check_same(&account, &replay(&tape, &journal, to, &[]))?;
        let cuts = cuts(&tape, &picks);
        check_same(&account, &replay(&tape, &journal, to, &cuts))?;
    }

    /// Another future, or none yet, changes nothing that has happened.
    #[test]
    fn the_future_changes_nothing(
        world in worlds(), other in worlds(), trader in traders(), pick in any::<i64>(),
    ) {
        let now = at(pick.rem_euclid(10 * 86_400));
        let ticks = world.ticks();
        let past = ticks.partition_point(|it| it.at <= now);
        let (_, journal) = trade(&tape_of(&ticks), &trader, |_| {});
        let moment = Moment { ticks: past, at: now };
        let journal: Vec<_> = journal.into_iter().filter(|it| it.0 <= moment).collect();
        let played = |tape: &Tape| replay(tape, &journal, moment, &[]);
        let account = played(&tape_of(&ticks));
        check_same(&account, &played(&tape_of(&ticks[..past])))?;
        check_same(&account, &played(&tape_of(&with_other_future(&ticks, &other, moment))))?;
    }

    /// A tape that grows under the account is the same as one that was whole from the beginning.
    #[test]
    fn a_pushed_tape_is_a_replayed_one(world in worlds(), trader in traders()) {
        let whole = world.tape();
        let (account, journal) = trade(&whole, &trader, |_| {});
        let mut tape = empty_tape();
        let mut pushed = Account::open(&tape, tape.moment(at(0)));
        let push_to = |tape: &mut Tape, count: usize| {
            for tick in &whole.ticks()[tape.ticks().len()..count.max(tape.ticks().len())] {
                tape.push(*tick).unwrap();
            }
        };
        push_to(&mut tape, whole.moment(at(0)).ticks);
        for (moment, command) in &journal {
            push_to(&mut tape, moment.ticks);
            pushed.advance(&tape, *moment);
            command.apply(&mut pushed, &tape);
        }
        push_to(&mut tape, whole.ticks().len());
        pushed.advance(&tape, tape.moment(end()));
        check_same(&account, &pushed)?;
    }
}

/// The same ticks so far, and then those of another world that fit.
fn with_other_future(
    ticks: &[sim::paper::Tick],
    other: &World,
    now: Moment,
) -> Vec<sim::paper::Tick> {
    let mut tape = tape_of(&ticks[..now.ticks]);
    for tick in other.ticks().into_iter().filter(|it| it.at > now.at) {
        // Bars that began in the one world and end in the other may not fit together.
        let _ = tape.push(tick);
    }
    tape.ticks().to_vec()
}

/// A trader who is polled every second of a season's wall clock, and one whom nobody looks at.
#[test]
fn a_season_polled_every_second_is_a_season_left_alone() {
    let runner = &mut proptest::test_runner::TestRunner::deterministic();
    let world = worlds().new_tree(runner).unwrap().current();
    let trader = loop {
        let trader = traders().new_tree(runner).unwrap().current();
        if trade(&world.tape(), &trader, |_| {}).0.fills().len() > 5 {
            break trader;
        }
    };
    let tape = world.tape();
    let (_, journal) = trade(&tape, &trader, |_| {});
    let mut polled = Account::open(&tape, tape.moment(at(0)));
    let (mut next, mut ticks) = (journal.iter().peekable(), 0);
    let last = at(360 * 86_400);
    for seconds in 0..=360 * 86_400 / 12 {
        let now = at(seconds * 12);
        while let Some((moment, command)) = next.next_if(|it| it.0.at <= now) {
            polled.advance(&tape, *moment);
            command.apply(&mut polled, &tape);
        }
        while tape.ticks().get(ticks).is_some_and(|it| it.at <= now) {
            ticks += 1;
        }
        polled.advance(&tape, Moment { ticks, at: now });
    }
    assert!(polled == replay(&tape, &journal, tape.moment(last), &[]));
    assert!(polled.orders().iter().all(|it| it.status.is_final()), "90 days are long over");
}
