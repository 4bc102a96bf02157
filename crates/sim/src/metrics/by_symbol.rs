//! Where a run's profit came from: instrument by instrument.

use crate::{
    market::SymbolId,
    num::{Money, Quantity},
    run::Run,
};

/// What trading one instrument came to, in currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolProfit {
    /// The instrument.
    pub symbol: SymbolId,
    /// Fills.
    pub trade_count: usize,
    /// Of reductions against the average cost, before commissions.
    pub realized_pnl: Money,
    /// All of it: realised and not, after slippage and commissions, before borrow. Over all
    /// instruments it is the run's profit before borrow, but for the rounding of each value.
    pub profit: Money,
}

/// The instruments that were traded, in order of symbol; what is still held is valued at the
/// current bar's closes.
pub fn profits(run: &Run) -> Vec<SymbolProfit> {
    let market = run.market();
    let mut all: Vec<SymbolProfit> = market
        .symbols()
        .zip(market.marks(run.now()))
        .map(|(symbol, &mark)| {
            let quantity = run.position(symbol).quantity;
            let held = quantity.abs().value(mark);
            let profit = if quantity < Quantity::ZERO { -held } else { held };
            SymbolProfit { symbol, trade_count: 0, realized_pnl: Money::ZERO, profit }
        })
        .collect();
    for fill in run.fills() {
        let it = &mut all[fill.symbol.index()];
        it.trade_count += 1;
        it.realized_pnl += fill.realized_pnl;
        it.profit -= fill.commission;
        if fill.side.direction() > 0 {
            it.profit -= fill.value;
        } else {
            it.profit += fill.value;
        }
    }
    all.retain(|it| it.trade_count > 0);
    all
}
