//! What needs no table of resources: places of values, and the grammar of directives. Everything else is tested where
//! the tables are.

mod places;
mod settings;
mod syntax;
