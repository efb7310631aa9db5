//! What needs no table of resources: places of values, the grammar of directives, and what is made of any tables.
//! Everything else is tested where the tables are.

mod explain;
mod json_schema;
mod places;
mod reference;
mod settings;
mod syntax;
mod tables;
