//! `/api/v1/runs` and everything below it.

mod abandoned;
mod acceptance;
mod advance;
mod decision;
mod equity;
mod exports;
mod inspect;
mod journal;
mod list;
mod market;
mod order_types;
mod orders;
mod public;
mod publish;
mod results;
mod results_detail;
mod run;
mod scan;
mod start;
mod step;
mod trades;
mod turn;
mod vector7;
