//! What the fuzz targets share: small worlds, a service in the process, and what must hold.

pub mod books;
pub mod mutate;
pub mod plays;
pub mod script;
pub mod service;
pub mod worlds;
