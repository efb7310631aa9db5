//! A real container registry on loopback, and small images to put into it.

mod image;
mod server;

pub use image::{INDEX, MANIFEST, Pusher, TestImage, layer, layer_of};
pub use server::{Access, PASSWORD, Server, USER, free_address};
