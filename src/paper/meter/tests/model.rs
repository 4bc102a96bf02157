//! The meter beside a list of all calls.

use proptest::prelude::*;

use super::*;

/// What may happen between two calls.
#[derive(Debug, Clone)]
enum Step {
    Call(Kind),
    Pass(i64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Call(Kind::Order)),
        24 => Just(Step::Call(Kind::Request)),
        2 => (0_i64..40).prop_map(Step::Pass),
        1 => (1_i64..5).prop_map(|days| Step::Pass(days * 86_400)),
        1 => Just(Step::Restart),
    ]
}

/// What was called in the same minute or month: when so much of the time's text is the same.
fn within(made: &[(Timestamp, Kind)], now: Timestamp, length: usize) -> Vec<Kind> {
    let begins = |at: Timestamp| at.to_string()[..length].to_owned();
    made.iter().filter(|it| begins(it.0) == begins(now)).map(|it| it.1).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// A list of the instants of all calls says the same as the meter.
    #[test]
    fn it_lets_through_what_a_list_of_all_calls_would(
        steps in prop::collection::vec(step(), 1..400),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new(Plan::Free);
            let mut made: Vec<(Timestamp, Kind)> = Vec::new();
            for step in steps {
                match step {
                    Step::Pass(seconds) => bench.clock.advance(seconds),
                    Step::Restart => bench = bench.restarted(),
                    Step::Call(kind) => {
                        let now = bench.clock.now();
                        let (minute, month) = (within(&made, now, 16), within(&made, now, 7));
                        let orders = minute.iter().filter(|it| **it == Kind::Order).count();
                        let room = minute.len() < 120
                            && month.len() < 1_000
                            && (kind == Kind::Request || orders < 20);
                        assert_eq!(bench.call(kind).await.is_ok(), room);
                        if room {
                            made.push((now, kind));
                        }
                    }
                }
            }
        });
    }
}
