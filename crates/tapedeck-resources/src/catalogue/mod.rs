//! Tables of facts about AWS that change without us, each beside its lookup. `dev/data` makes them anew.

pub mod attributes;
pub mod instances;
pub mod prices;
pub mod updates;

#[cfg(test)]
mod tests;
