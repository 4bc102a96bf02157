//! Tests of the simulator from outside: rules shown on a few bars, and properties of all runs.

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod paper;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod world;
