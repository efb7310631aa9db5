//! The built binary from outside: exit code, stdout and stderr of every command, without root and without an engine.
//!
//! One module per command. `UPDATE_EXPECT=1 cargo test --package tapedeck --test cli` rewrites what is expected.

mod aws_permissions;
mod completions;
mod container_exec;
mod cost;
mod delete;
mod deploy;
mod dev;
mod diff;
mod engine;
mod environment;
mod explain;
mod help;
mod hooks;
mod info_scaling;
mod info_stack;
mod info_stacks;
mod init;
mod logs;
mod metrics;
mod output;
mod package;
mod reference;
mod schema;
mod script_run;
mod secret_delete;
mod secret_get;
mod secret_list;
mod secret_set;
mod surroundings;
mod surroundings_of_config;
mod synth;
mod terminal;
mod validate;
