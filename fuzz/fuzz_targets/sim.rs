//! Any small market, any commands: the simulator by itself, without a text in between.

#![no_main]

use bottrade_fuzz::{
    books::Audit,
    plays::{Play, Turn},
};
use libfuzzer_sys::fuzz_target;
use sim::{Command, Run};

fuzz_target!(|play: Play| {
    let Some(scenario) = play.scenario() else { return };
    let mut audit = Audit::new(scenario.clone());
    let mut single = Run::new(scenario);
    for turn in &play.turns {
        let command = turn.command(audit.run());
        if !audit.apply(command.clone()) {
            continue;
        }
        step_by_step(&mut single, command);
        assert!(single == *audit.run(), "many steps at once differ from one at a time: {turn:?}");
        if matches!(turn, Turn::Abandon) {
            break;
        }
    }
    audit.finish();
});

/// The same command, a bar at a time.
fn step_by_step(run: &mut Run, command: Command) {
    let Command::Turn { cancel, orders, steps } = command else {
        run.apply(&command).expect("it was accepted before");
        return;
    };
    run.apply(&Command::Turn { cancel, orders, steps: 0 }).expect("it was accepted before");
    for _ in 0..steps {
        if run.apply(&Command::step(1)).is_err() {
            break;
        }
    }
}
