//! Decimal strings: with the decimals of the contract for a program, in few characters for a model.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sim::{Money, Price, Quantity};

use crate::ops::{
    Reader,
    views::{rough, tick},
};

/// Decimals of quantities and prices.
const UNIT_DECIMALS: u32 = 8;
/// Decimals of money and of percents.
const CENT_DECIMALS: u32 = 2;

/// How numbers are written for this reader.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits(pub(super) Reader);

impl Digits {
    pub(super) fn is_program(self) -> bool {
        self.0 == Reader::Program
    }

    pub(super) fn quantity(self, quantity: Quantity) -> String {
        match self.0 {
            Reader::Program => fixed(quantity.units().into(), UNIT_DECIMALS),
            // Positions are closed with it: it stays exact.
            Reader::Model => quantity.to_string(),
        }
    }

    /// A price that somebody set, which is exact for everybody.
    pub(super) fn set_price(self, price: Price) -> String {
        match self.0 {
            Reader::Program => self.price(price),
            Reader::Model => price.to_string(),
        }
    }

    pub(super) fn price(self, price: Price) -> String {
        match self.0 {
            Reader::Program => fixed(price.units().into(), UNIT_DECIMALS),
            Reader::Model => tick(price.to_f64()).to_string(),
        }
    }

    /// A figure that is no amount.
    pub(super) fn figure(self, figure: f64) -> f64 {
        match self.0 {
            Reader::Program => figure,
            Reader::Model => rough(figure),
        }
    }
}

/// An amount in US dollars.
pub(super) fn money(money: Money) -> String {
    fixed(money.units(), CENT_DECIMALS)
}

/// `part` in percent of `whole`; nothing of nothing is nothing.
pub(super) fn percent(part: Money, whole: Money) -> String {
    if whole == Money::ZERO {
        return fixed(0, CENT_DECIMALS);
    }
    let percent = part.to_f64() / whole.to_f64() * 100.0;
    // No minus before what is shown as zero.
    format!("{:.2}", (percent * 100.0).round() / 100.0 + 0.0)
}

/// Units of 1e-8 with so many decimals, at most eight; half goes away from zero.
fn fixed(units: i128, decimals: u32) -> String {
    let step = 10_u128.pow(UNIT_DECIMALS - decimals);
    let steps = (units.unsigned_abs() + step / 2) / step;
    let scale = 10_u128.pow(decimals);
    let sign = if units < 0 && steps > 0 { "-" } else { "" };
    let width = decimals as usize;
    format!("{sign}{}.{:0width$}", steps / scale, steps % scale)
}

/// The schema of a decimal string.
pub(super) struct DecimalText;

impl JsonSchema for DecimalText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DecimalText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^-?[0-9]+\.[0-9]+$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_all_decimals_and_a_model_those_that_matter() {
        let (program, model) = (Digits(Reader::Program), Digits(Reader::Model));
        let quantity: Quantity = "10.5".parse().unwrap();
        assert_eq!(
            (program.quantity(quantity), model.quantity(quantity)),
            ("10.50000000".into(), "10.5".into())
        );
        let price: Price = "189.30378601".parse().unwrap();
        assert_eq!(
            (program.price(price), model.price(price)),
            ("189.30378601".into(), "189.3".into())
        );
        assert_eq!(model.set_price(price), "189.30378601");
    }

    #[test]
    fn money_has_two_decimals_and_zero_no_sign() {
        let money = |text: &str| super::money(text.parse().unwrap());
        assert_eq!(money("100000"), "100000.00");
        assert_eq!(money("-0.005"), "-0.01");
        assert_eq!(money("-0.004"), "0.00");
        assert_eq!(money("0.995"), "1.00");
        assert_eq!(money("-1234567.891"), "-1234567.89");
        let percent =
            |part: &str, whole: &str| super::percent(part.parse().unwrap(), whole.parse().unwrap());
        assert_eq!(percent("1", "3"), "33.33");
        assert_eq!(percent("-0.00001", "3"), "0.00");
        assert_eq!(percent("5", "0"), "0.00");
    }
}
