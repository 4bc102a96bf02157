//! Paper trading: the second family of operations.

pub(super) mod keys;
