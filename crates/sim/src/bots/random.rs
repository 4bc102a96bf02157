//! Trades by dice: what luck alone is worth.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{Bot, Intent, Observation, desk};
use crate::{
    num::{Money, Quantity},
    order::Side,
};

/// With probability 1/4 per bar picks an instrument and closes its position, or opens one worth
/// 5 to 20 % of equity: long, or where the scenario allows it long or short with equal chances.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    desk: desk::Desk,
    dice: ChaCha8Rng,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self { desk: desk::Desk::default(), dice: ChaCha8Rng::from_seed(key) }
    }

    /// A number below `sides`, each as likely but for a bias below `sides ÷ 2^64`.
    fn roll(&mut self, sides: usize) -> usize {
        let sides = u128::try_from(sides).unwrap_or(u128::MAX);
        let rolled = (u128::from(self.dice.next_u64()) * sides) >> 64;
        usize::try_from(rolled).unwrap_or(0)
    }
}

impl Bot for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn decide(&mut self, seen: &Observation) -> Vec<Intent> {
        if self.roll(4) != 0 {
            return Vec::new();
        }
        let instrument = self.roll(seen.instruments.len());
        let percent = i128::try_from(5 + self.roll(16)).unwrap_or(5);
        let short = self.roll(2) == 1 && seen.short_enabled;
        let Some(mut batch) = self.desk.batch(seen) else { return Vec::new() };
        if seen.instruments.get(instrument).is_some_and(|it| it.position != Quantity::ZERO) {
            batch.close(instrument);
        } else if instrument < seen.instruments.len() {
            let side = if short { Side::Short } else { Side::Buy };
            batch.open(instrument, side, Money::from_units(seen.equity.units() * percent / 100));
        }
        batch.done()
    }
}
