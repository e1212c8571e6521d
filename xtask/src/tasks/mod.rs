//! The tasks beyond setup.

pub(crate) mod bench;
pub(crate) mod book;
pub(crate) mod contracts;
pub(crate) mod demo;
pub(crate) mod fuzz;
pub(crate) mod slither;
pub(crate) mod test;
