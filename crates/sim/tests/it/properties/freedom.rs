//! What must not matter: other runs, how an order is split, names, the unit of money, nonsense.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use sim::{
    Command, Money, Quantity, Run, Status,
    num::{Leverage, PRICE_MAX},
    order::{NewOrder, Side},
    outcome::{Reason, Refusal},
};

use crate::world::{Cell, Plan, World, agents, chaos, flows, market_agents, play, worlds};

/// The commands with the columns of their orders in reverse.
fn mirrored(command: &Command, run: &Run) -> Command {
    let mut command = command.clone();
    if let Command::Turn { orders, .. } = &mut command {
        let symbols: Vec<_> = run.market().symbols().collect();
        for order in orders {
            order.symbol = symbols[symbols.len() - 1 - order.symbol.index()];
        }
    }
    command
}

/// The world with prices in whole units, in money of which `scale` make one.
fn whole(world: &World, scale: i64) -> World {
    let mut world = world.clone();
    world.rules.borrow_bps_annual = 0;
    world.rules.starting_cash = Money::from_units(10_000_000_000_000 * i128::from(scale));
    world.cent = 100_000_000 * scale;
    for cell in world.rows.iter_mut().flatten().flatten() {
        let whole = |cents: i64| (cents / 100).max(1);
        let Cell { open, high, low, close, volume } = *cell;
        let (open, high, low, close) = (whole(open), whole(high), whole(low), whole(close));
        *cell = Cell { open, high, low, close, volume };
    }
    world
}

/// Two agents on one scenario, turn and turn about.
fn interleaved(world: &World, agents: [&[Plan]; 2]) -> [Run; 2] {
    let scenario = world.scenario();
    let mut runs = [Run::new(scenario.clone()), Run::new(scenario)];
    for at in 0..agents[0].len().max(agents[1].len()) {
        for (run, agent) in runs.iter_mut().zip(agents) {
            for command in agent.get(at).map_or_else(Vec::new, |plan| plan.commands(run, false)) {
                let _ = run.apply(&command);
            }
        }
    }
    runs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn runs_do_not_touch_each_other(world in worlds(), one in agents(), two in agents()) {
        let together = interleaved(&world, [&one, &two]);
        let alone = [play(world.run(), &one, false).0, play(world.run(), &two, false).0];
        prop_assert!(together == alone);
    }

    #[test]
    fn names_do_not_matter(world in worlds(), agent in agents()) {
        let (run, log) = play(world.run(), &agent, false);
        let mut twin = world.mirrored().run();
        for (command, reply) in &log {
            let answer = twin.apply(&mirrored(command, &run));
            prop_assert_eq!(reply.is_ok(), answer.is_ok());
        }
        prop_assert_eq!(run.samples(), twin.samples());
        prop_assert_eq!(run.costs(), twin.costs());
        prop_assert_eq!(run.status(), twin.status());
    }

    /// The same orders in money of another unit: ten times all prices and the cash.
    #[test]
    fn the_unit_of_money_does_not_matter(world in worlds(), agent in market_agents()) {
        let (run, log) = play(whole(&world, 1).run(), &agent, true);
        let cut = |it: &sim::outcome::Rejection| it.reason == Reason::CutToBuyingPower;
        let cuts = log.iter().filter_map(|(_, reply)| reply.as_ref().ok());
        // A cut ends on a fraction of a unit, where rounding tells the scales apart.
        prop_assume!(!cuts.flat_map(|outcome| &outcome.rejections).any(cut));
        prop_assume!(run.rules().participation_pct.is_none());
        let mut twin = whole(&world, 10).run();
        for (command, _) in &log {
            let _ = twin.apply(command);
        }
        let scaled = |run: &Run, by: i128| {
            let samples = run.samples().iter();
            samples.map(|it| (it.cash.units() * by, it.gross.units() * by)).collect::<Vec<_>>()
        };
        prop_assert_eq!(scaled(&run, 10), scaled(&twin, 1));
    }

    #[test]
    fn a_split_order_is_the_whole_order(
        world in worlds(),
        parts in prop::collection::vec(1..100_000_000_i64, 1..8),
        short in any::<bool>(),
    ) {
        let mut world = world;
        world.rules.short_enabled = true;
        world.rules.participation_pct = None;
        world.rules.starting_cash = Money::whole(100_000_000);
        let count = i128::try_from(parts.len()).unwrap();
        let (enter, leave) =
            if short { (Side::Short, Side::Cover) } else { (Side::Buy, Side::Sell) };
        let (mut whole, mut split) = (world.run(), world.run());
        let symbol = whole.market().symbols().next().unwrap();
        let total: i64 = parts.iter().sum();
        let order = |side, units| NewOrder::market(symbol, side, Quantity::from_units(units));
        for (times, side) in [(1, enter), (2, leave)] {
            let one = whole.apply(&Command::order(vec![order(side, total)]));
            let orders: Vec<NewOrder> = parts.iter().map(|&part| order(side, part)).collect();
            let many = split.apply(&Command::order(orders));
            prop_assert_eq!(one.is_ok(), many.is_ok());
            let (_, _) = (whole.apply(&Command::step(3)), split.apply(&Command::step(3)));
            prop_assert_eq!(
                whole.position(symbol).quantity, split.position(symbol).quantity
            );
            // Value and commission of each part are rounded by half a unit at most.
            let apart = (whole.cash() - split.cash()).units().abs();
            prop_assert!(apart <= times * (count + 1) + 2, "{} units apart", apart);
        }
    }

    #[test]
    fn nothing_panics(
        world in worlds(),
        wild in any::<(bool, bool)>(),
        seed in any::<[u8; 32]>(),
        agent in agents(),
    ) {
        let mut world = world;
        if wild.0 {
            world.rules.leverage_cap = Leverage::from_f64(100.0).unwrap();
            world.rules.starting_cash = Money::whole(1_000_000_000);
        }
        if wild.1 {
            let cells = world.rows.iter_mut().flatten().flatten();
            for (at, cell) in cells.enumerate() {
                let (low, high) = if at % 3 == 0 { (1, 2) } else { (1, PRICE_MAX * 100) };
                *cell = Cell { open: high, high, low, close: low, volume: u32::MAX };
            }
        }
        let (mut run, _) = play(world.run(), &agent[..agent.len() / 2], false);
        let rng = proptest::test_runner::TestRng::from_seed(
            proptest::test_runner::RngAlgorithm::ChaCha, &seed,
        );
        let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
        let commands = chaos(&run);
        for _ in 0..24 {
            let before = run.clone();
            let command = commands.new_tree(&mut runner).unwrap().current();
            let reply = run.apply(&command);
            if let Err(refusal) = &reply {
                prop_assert!(run == before);
                prop_assert!(!refusal.to_string().is_empty());
            }
            if before.status() != Status::Active {
                prop_assert_eq!(reply, Err(Refusal::NotActive(before.status())));
            }
        }
        let kept = run.rules().starting_cash + flows(&run) - run.costs().borrow;
        prop_assert_eq!(kept, run.cash());
    }
}
