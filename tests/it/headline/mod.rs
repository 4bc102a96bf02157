//! What the headline says, and that nobody who reads `get_results` is led to claim skill.

mod cases;
mod luck;
mod reader;
mod stage;
